#include "bench/load/import_rounds.hpp"

#include <fstream>
#include <iterator>

#include "bench/load/national_list.hpp"
#include "model/random.hpp"

namespace dialer::bench {
namespace {

namespace fs = std::filesystem;

constexpr int rounds = 3;

/// The n-th number: distinct for each n, with an exchange from 220 to 299, where no service codes (N11) are.
e164 number_at(std::uint64_t n) {
  const auto& codes = listed_area_codes();
  const std::uint64_t nth = n / codes.size();
  return number_in(codes[n % codes.size()], (220 + nth % 80) * 10'000 + nth / 80 * 37);
}

std::uint64_t write_list(const fs::path& file) {
  std::ofstream out{file};
  out << "Phone,Name,State,Customer ID,Balance,Product\r\n";
  random_source random{23};
  std::uint64_t sum = 0;
  for (std::uint64_t n = 0; n < list_rows; ++n) {
    const e164 number = number_at(n);
    sum += number.digits();
    const std::string digits = number.text().substr(2);
    const std::string area = digits.substr(0, 3);
    const std::string exchange = digits.substr(3, 3);
    const std::string line = digits.substr(6);
    switch (n % 4) {
      case 0: out << number.text(); break;
      case 1: out << '(' << area << ") " << exchange << '-' << line; break;
      case 2: out << area << '-' << exchange << '-' << line; break;
      default: out << "1." << area << '.' << exchange << '.' << line; break;
    }
    out << ",Contact " << n << ",,C-" << n << ',' << random.below(100'000) << ".50,\"Plan " << random.below(9)
        << ", monthly\"\r\n";
  }
  return sum;
}

void require_rows(sql::session& on, const std::string& table, std::uint64_t sum) {
  const sql::result found = on.run("SELECT count(*), sum(number)::bigint FROM " + table);
  require(found.number(0, 0) == list_rows, table + " has " + std::to_string(found.number(0, 0)) + " rows");
  require(found.number(0, 1) == sum, table + " holds other numbers than the list");
}

void settle(sql::session& on) {
  on.run_script("CHECKPOINT", std::chrono::minutes{1});
}

/// Rows per second of one COPY of the same rows.
double copy(bench_database& database, int round) {
  const fs::path file = database.directory() / "state" / ("rows." + std::to_string(round));
  // Written by the server, whose files we may read.
  const fs::path data = fs::path{std::string{database.on().run("SHOW data_directory").text(0, 0)}} / file.filename();
  database.on().run_script("COPY contact TO '" + data.string() + "' (FORMAT binary)", std::chrono::minutes{1});
  std::ifstream in{data, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  fs::remove(data);
  settle(database.on());
  const double start = wall_seconds();
  const int copied = database.on().copy_in("COPY raw_contact FROM STDIN (FORMAT binary)", bytes);
  const double took = wall_seconds() - start;
  require(copied == static_cast<int>(list_rows), "the reference copied " + std::to_string(copied) + " rows");
  return static_cast<double>(list_rows) / took;
}

}  // namespace

void measure_import(const std::string& name, const fs::path& result_file, const import_way& import) {
  bench_database database;
  carriers::account account;
  account.name = "twilio";
  account.base_url = "https://127.0.0.1:1";
  account.account_sid = "AC00000000000000000000000000000000";
  database.add_organisation(account, 1);
  database.on().run_script("CREATE TABLE raw_contact (LIKE contact INCLUDING ALL)", std::chrono::seconds{10});
  const fs::path list = database.directory() / "list.csv";
  const std::uint64_t sum = write_list(list);

  report result{name, "rows/s made durable", "one binary COPY of the same rows into a table with the same indexes"};
  std::vector<double> engine;
  long peak = 0;
  for (int round = 0; round < rounds; ++round) {
    database.on().run_script("TRUNCATE contact, raw_contact", std::chrono::minutes{1});
    settle(database.on());
    const campaign_id campaign = database.add_campaign("Round " + std::to_string(round));
    engine.push_back(static_cast<double>(list_rows) / import(database, list, campaign));
    if (round == 0) peak = status_kb("VmHWM");  // before the reference's bytes are held
    require_rows(database.on(), "contact", sum);
    const double reference = copy(database, round);
    require_rows(database.on(), "raw_contact", sum);
    result.add({engine.back(), reference});
  }
  result.note("rows_per_second", median(engine));
  result.note("list_mb", static_cast<double>(fs::file_size(list)) / 1e6);
  result.note("peak_rss_mb", static_cast<double>(peak) / 1024);
  result.finish(result_file);
}

}  // namespace dialer::bench
