// How fast does a list that is uploaded over REST become durable contacts?
//
// Workload: the list of `ingest` as the body of one POST /v1/campaigns/{campaign_id}/contacts over loopback, to the
// whole REST service in this process: received into a file, then imported as `ingest` does. The clock runs from the
// request's first byte to the answer. `peak_rss_mb` is the service's and its client's. Reference and verification: see
// import_rounds.hpp.

#include <boost/json/parse.hpp>
#include <fstream>
#include <vector>

#include "api/api_key.hpp"
#include "api/http_server.hpp"
#include "api/key_watch.hpp"
#include "api/rest_resources.hpp"
#include "api/rest_service.hpp"
#include "bench/load/import_rounds.hpp"
#include "cli/new_id.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "sql/api_keys.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::bench {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::chrono::seconds answer_within{120};

void complain(const std::string& line) {
  require(false, line);
}

/// The REST service over the benchmark's database, and a key for it.
class rest_house {
 public:
  explicit rest_house(bench_database& database)
      : key_{make_key(database)},
        keys_{pepper, time_},
        key_follower_{database.connection(), keys_, time_, complain},
        rest_{options(database), api::rest_resources(), keys_, time_, cli::new_id, complain},
        server_{rest_.routes()},
        port_{server_.start("127.0.0.1:0")} {}
  ~rest_house() { server_.stop(std::chrono::seconds{1}); }
  rest_house(const rest_house&) = delete;
  rest_house& operator=(const rest_house&) = delete;

  const std::string& key() const { return key_; }
  std::uint16_t port() const { return port_; }

 private:
  static constexpr api::key_pepper pepper{7};

  static std::string make_key(bench_database& database) {
    sql::api_key_record record;
    record.id = api_key_id{cli::new_id()};
    record.name = "Bench";
    record.scopes = static_cast<sql::scope_bits>(sql::scope::operate);
    const std::string text = api::api_key_text(record.id, {cli::random_128(), cli::random_128()});
    record.hash = api::api_key_hash(text, pepper);
    record.pepper = api::mark_of(pepper);
    sql::transaction tx{database.on()};
    sql::create_api_key(tx, database.organisation(), record);
    tx.commit();
    return text;
  }
  static api::rest_options options(const bench_database& database) {
    api::rest_options made;
    made.database = database.connection();
    made.uploads = database.directory() / "uploads";
    made.place = cli::make_place_finder(compliance::load_system_zone_rules());
    made.views = [] { return std::vector<engine::organisation_view>{}; };
    return made;
  }

  const cli::system_clock time_;
  const std::string key_;
  api::key_ring keys_;
  api::key_watch key_follower_;
  api::rest_service rest_;
  api::http_server server_;
  std::uint16_t port_;
};

double upload(bench_database& database, const std::filesystem::path& list, campaign_id campaign) {
  const rest_house service{database};
  api::loopback_client client{service.port(), 0, answer_within};
  std::ifstream file{list, std::ios::binary};
  std::vector<char> piece(piece_bytes);
  const double start = wall_seconds();
  client.send("POST /v1/campaigns/" + campaign.text() + "/contacts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " +
              service.key() + "\r\nContent-Length: " + std::to_string(std::filesystem::file_size(list)) + "\r\n\r\n");
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0) {
    require(client.send({piece.data(), static_cast<std::size_t>(file.gcount())}), "the upload was cut off");
  }
  const api::client_response answer = client.receive();
  const double took = wall_seconds() - start;
  require(answer.status == 200, "answered " + std::to_string(answer.status) + " " + answer.body);
  const auto accepted = boost::json::parse(answer.body).at("accepted").to_number<std::uint64_t>();
  require(accepted == list_rows, "accepted " + std::to_string(accepted) + " rows");
  return took;
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, [](const std::filesystem::path& file) {
    dialer::bench::measure_import("upload", file, dialer::bench::upload);
  });
}
