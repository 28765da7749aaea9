// How fast does a list become durable contacts?
//
// Workload: a CSV of a million distinct numbers imported into a fresh campaign: read, normalised, placed, told from
// duplicates, written to a verdict file and to PostgreSQL (fsync on), ten thousand rows a commit.
// Reference and verification: see import_rounds.hpp.

#include <fstream>

#include "bench/load/import_rounds.hpp"
#include "campaigns/importer.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "sql/contact_store.hpp"

namespace dialer::bench {
namespace {

double import(bench_database& database, const std::filesystem::path& list, campaign_id campaign) {
  const cli::system_clock time;
  id_sequence ids{1};
  campaigns::verdict_file verdicts{(database.directory() / (campaign.text() + ".verdicts")).string()};
  const auto zones = compliance::load_system_zone_rules();
  std::ifstream file{list, std::ios::binary};
  const double start = wall_seconds();
  sql::contact_store store{database.connection(), database.organisation(), campaign, "list"};
  const auto done =
      campaigns::import_contacts(file, {}, {cli::make_place_finder(zones), store, verdicts, ids, time, {}});
  const double took = wall_seconds() - start;
  require(done.refused.empty(), "the list was refused: " + done.refused);
  require(done.progress.finished && done.progress.accepted == list_rows,
          "accepted " + std::to_string(done.progress.accepted) + " of " + std::to_string(done.progress.rows) + " rows");
  return took;
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, [](const std::filesystem::path& file) {
    dialer::bench::measure_import("ingest", file, dialer::bench::import);
  });
}
