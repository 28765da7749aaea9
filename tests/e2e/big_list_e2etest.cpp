// Memory does not grow with the list: it is imported and dialed in bounded pieces.

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "cli/instants.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t megabytes_max = 300;

// There are some 50,000 fictitious numbers: a longer list repeats them, a campaign each time.
TEST(BigList, ImportedAndDialed_EngineStaysSmall) {
  rig_options options = quick_rig({300, 100});
  const std::vector<fictitious> numbers = open_numbers(cli::parse_instant("2026-11-18T17:00:00Z").value());
  options.campaigns = static_cast<unsigned>((wanted.list + numbers.size() - 1) / numbers.size());
  rig installation{options};

  std::size_t left = wanted.list;
  std::uint64_t importer_peak = 0;
  const auto began = std::chrono::steady_clock::now();
  for (unsigned n = 0; n < options.campaigns; ++n) {
    const std::size_t count = std::min(left, numbers.size());
    left -= count;
    const auto file = installation.directory() / ("list" + std::to_string(n) + ".csv");
    {
      std::ofstream out{file};
      out << "phone,name,plan\n";
      for (std::size_t row = 0; row < count; ++row) {
        out << numbers[row].number.text() << ",Contact " << row << ",basic\n";
      }
    }
    launch import;
    import.argv = {dialer_binary(), "campaign",
                   "import",        file.string(),
                   "--campaign",    installation.campaigns()[n].text(),
                   "--database",    installation.database(),
                   "--output",      "json"};
    import.output = import.errors = installation.directory() / "import.log";
    process importing{import};
    ASSERT_TRUE(eventually(5min, [&] {
      importer_peak = std::max(importer_peak, peak_megabytes(importing.pid()));
      return !importing.running();
    }));
    ASSERT_EQ(importing.wait(1s), 0) << read_file(import.errors);
    installation.start_campaign(installation.campaigns()[n]);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  sql::session session = installation.open();
  const auto stored = session.run("SELECT count(*) FROM contact").number(0, 0);
  EXPECT_EQ(stored, wanted.list);

  log_tail carriers{installation.log()};
  process& engine = installation.start_engine();
  std::size_t dialed = 0;
  const std::size_t enough = std::min<std::size_t>(wanted.list / 10, 10'000);
  EXPECT_TRUE(eventually(120s, [&] { return (dialed += carriers.more().size()) >= enough || !engine.running(); }))
      << dialed << " calls\n"
      << installation.engine_words();
  ASSERT_TRUE(engine.running()) << installation.engine_words();
  const std::uint64_t peak = peak_megabytes(engine.pid());
  std::cout << stored << " contacts imported in " << seconds << " s, importer's peak " << importer_peak
            << " MB; engine's peak after " << dialed << " calls " << peak << " MB\n";
  EXPECT_GT(peak, 0U);
  EXPECT_LT(peak, megabytes_max);
  EXPECT_LT(importer_peak, megabytes_max);
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
}

}  // namespace
}  // namespace dialer::e2e
