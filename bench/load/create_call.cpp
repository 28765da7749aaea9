// How fast does the whole engine place calls?
//
// cli::engine_runtime on a PostgreSQL of its own with fsync on: contacts loaded from the database, selection, the 250
// M-number list, 100,000 opt-outs, caps, caller IDs, an intent durable before each request leaves, TLS, an outcome
// durable after each answer. A round is one campaign of 150,000 contacts, from its start to its last durable outcome.
// Reference: wrk with as many connections and requests of the same size, on the same server.
// Both share the machine's cores with the server; the engine shares them with PostgreSQL too.
// Verified: the ledger has as many accepted calls as the server counted requests, no contact was called twice, nobody
// on the list or opted out was called.

#include <fmt/core.h>

#include <thread>

#include "bench/load/bench_database.hpp"
#include "bench/load/carrier_stand_in.hpp"
#include "bench/load/decide_world.hpp"
#include "bench/load/harness.hpp"
#include "bench/load/national_list.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "compliance/numbering_plan.hpp"
#include "sql/configuration.hpp"
#include "sql/contact_store.hpp"

namespace dialer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 5;
constexpr int wrk_seconds = 4;
constexpr std::uint64_t contacts_per_round = 150'000;
constexpr std::uint64_t contacts_warming = 20'000;

/// The list's area codes on the American continent: at the hour of the run their windows are open.
const std::vector<unsigned>& area_codes() {
  static const std::vector<unsigned> codes = [] {
    std::vector<unsigned> made = listed_area_codes();
    std::erase_if(made, [](unsigned npa) { return !compliance::find_area_code(npa)->zones.starts_with("America/"); });
    return made;
  }();
  return codes;
}

/// Distinct for each n below 3 billion.
e164 number_at(std::uint64_t n) {
  const auto& codes = area_codes();
  return number_in(codes[n % codes.size()], 2'000'000 + n / codes.size());
}

class whole_engine {
 public:
  whole_engine() : server_{database_.directory()} {
    carriers::account account;
    account.name = "carrier";
    account.base_url = server_.url();
    account.ca_file = server_.ca_file();
    account.account_sid = carrier_stand_in::account_sid;
    account.calls_per_second = 1e6;
    database_.add_organisation(account, 200);
    const auto list = open_national_list();
    sql::transaction tx{database_.on()};
    sql::configuration config{tx, [] { return id128{}; }};
    config.do_not_call(database_.organisation(),
                       {{"registry", national_list_file().string(), list->version(), list->as_of(), list->size()}});
    // Every tenth number of the first million.
    tx.run("INSERT INTO opt_out (org_id, number, generation, source) SELECT $1, n, 1, 'bench' FROM unnest($2) n",
           sql::params{}.uuid(database_.organisation()).int8_array(opted_out()));
    tx.commit();
    add_contacts(contacts_warming);
    for (int round = 0; round < rounds; ++round) add_contacts(contacts_per_round);
    database_.on().run_script("ANALYZE; CHECKPOINT", 1min);

    cli::runtime_options options;
    options.database = database_.connection().target;
    options.resolve_secret = [](const std::string&) { return std::string(32, '0'); };
    options.public_url = "https://dialer.example.com";
    options.uploads = database_.directory() / "uploads";
    options.shards = 1;
    engine_.emplace(options, time_);
    engine_->start();
  }

  /// Starts the next campaign; calls per second until all of its contacts are dealt with.
  double dial() {
    const campaign next = campaigns_.at(next_++);
    const std::uint64_t requests_before = server_.requests();
    const std::uint64_t accepted_before = counted().accepted;
    dealt_with_ += next.contacts;
    const double start = wall_seconds();
    sql::change_campaign_state(database_.on(), database_.organisation(), next.id, sql::campaign_action::start);
    while (counted().all < dealt_with_) {
      std::this_thread::sleep_for(2ms);
      require(wall_seconds() - start < 60,
              fmt::format("after a minute {} of {} contacts were dealt with", counted().all, dealt_with_));
    }
    const double took = wall_seconds() - start;
    const std::uint64_t accepted = counted().accepted - accepted_before;
    const std::uint64_t requests = server_.requests() - requests_before;
    require(accepted == requests, fmt::format("{} calls accepted, {} requests served", accepted, requests));
    accepted_ += accepted;
    return static_cast<double>(accepted) / took;
  }

  std::size_t mean_body_bytes() const { return static_cast<std::size_t>(server_.mean_body_bytes()); }
  double run_wrk(std::size_t body_bytes) const { return server_.run_wrk(body_bytes, wrk_seconds); }
  std::uint64_t not_sent() const { return counted().not_sent; }

  /// Stops the engine and asks the ledger.
  void check_ledger() {
    engine_->stop();
    sql::session& on = database_.on();
    const sql::result calls = on.run("SELECT count(*), count(DISTINCT attempt_id) FROM outcome WHERE kind = 1");
    require(calls.number(0, 0) == accepted_ && calls.number(0, 1) == accepted_,
            fmt::format("the ledger has {} accepted calls, {} were counted", calls.number(0, 0), accepted_));
    const sql::result twice = on.run(
        "SELECT count(*) FROM (SELECT i.contact_id FROM intent i JOIN outcome o USING (org_id, attempt_id) "
        "WHERE o.kind = 1 GROUP BY i.contact_id HAVING count(*) > 1) t");
    require(twice.number(0, 0) == 0, "a contact was called twice");
    const sql::result wrong =
        on.run("SELECT count(*) FROM intent i JOIN opt_out o ON o.org_id = i.org_id AND o.number = i.to_number");
    require(wrong.number(0, 0) == 0, "somebody who had opted out was called");
    on.for_each_row("SELECT to_number FROM intent", {}, [](const sql::result& row) {
      if (is_listed(row.phone(0, 0))) throw wrong_result{row.phone(0, 0).text() + " is on the list and was called"};
    });
  }

 private:
  struct campaign {
    campaign_id id;
    std::uint64_t contacts;
  };
  struct counts {
    std::uint64_t accepted = 0;
    std::uint64_t not_sent = 0;
    std::uint64_t all = 0;
  };

  /// Durable only: the engine's counters move after the commits. Calls not sent are not dealt with: they come again.
  counts counted() const {
    counts sum;
    for (const engine::organisation_view& view : engine_->views()) {
      sum.accepted += view.counters.accepted;
      sum.not_sent += view.counters.not_sent;
      sum.all += view.counters.accepted;
      for (const std::uint64_t ended : view.counters.ended_undialed) sum.all += ended;
    }
    return sum;
  }

  static std::vector<std::int64_t> opted_out() {
    std::vector<std::int64_t> numbers;
    for (std::uint64_t n = 0; n < 1'000'000; n += 10) {
      numbers.push_back(static_cast<std::int64_t>(number_at(n).digits()));
    }
    return numbers;
  }

  void add_contacts(std::uint64_t count) {
    const campaign_id id = database_.add_campaign("Campaign " + std::to_string(campaigns_.size()));
    campaigns_.push_back({id, count});
    const auto place = cli::make_place_finder(compliance::load_system_zone_rules());
    sql::contact_store store{database_.connection(), database_.organisation(), id, "bench"};
    std::vector<campaigns::imported_contact> contacts;
    for (std::uint64_t row = 1; row <= count; ++row) {
      campaigns::imported_contact one;
      one.id = contact_id{ids_.next(decide_world::start)};
      one.number = number_at(last_number_++);
      one.place = place({one.number, "America/New_York", {}, {}}).lane;
      one.row = row;
      one.name = "Contact";
      one.variables = "{}";
      contacts.push_back(std::move(one));
    }
    campaigns::import_progress progress;
    progress.byte_offset = progress.rows = progress.accepted = count;
    progress.finished = true;
    store.commit(contacts, progress);
  }

  bench_database database_;
  carrier_stand_in server_;
  cli::system_clock time_ = cli::system_clock::starting_at(decide_world::start);
  id_sequence ids_{1};
  std::uint64_t last_number_ = 0;
  std::vector<campaign> campaigns_;
  std::size_t next_ = 0;
  std::uint64_t dealt_with_ = 0;
  std::uint64_t accepted_ = 0;
  std::optional<cli::engine_runtime> engine_;
};

void run(const std::filesystem::path& file) {
  whole_engine all;
  all.dial();  // connections, plans, look-ahead
  const std::size_t body_bytes = all.mean_body_bytes();
  report result{"create-call", "calls/s", "wrk -t1 -c64 on the same server"};
  std::vector<double> calls;
  for (int round = 0; round < rounds; ++round) {
    calls.push_back(all.dial());
    result.add({calls.back(), all.run_wrk(body_bytes)});
  }
  const auto not_sent = static_cast<double>(all.not_sent());
  all.check_ledger();
  result.note("calls_per_second", median(calls));
  result.note("calls_not_sent_in_time", not_sent);
  result.note("body_bytes", static_cast<double>(body_bytes));
  result.note("peak_rss_mb", static_cast<double>(status_kb("VmHWM")) / 1024);
  result.finish(file);
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, dialer::bench::run);
}
