// One contact over REST, to be called at once, while a long list waits.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "tests/e2e/books.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

TEST(CallNow, WhileALongListWaits_IsAmongTheNextCalls) {
  rig installation{quick_rig(30)};
  const std::vector<fictitious> numbers = open_numbers(installation.time().now().utc);
  const std::size_t listed = 5'000;
  installation.import(installation.campaigns().front(), {numbers.begin(), numbers.begin() + listed});
  installation.start_campaign(installation.campaigns().front());
  rest_client client{installation.port(), installation.make_key()};
  process& engine = installation.start_engine();
  log_tail carriers{installation.log()};
  std::vector<std::string> called;
  const auto follow = [&] {
    for (const create& each : carriers.more()) called.push_back(each.to);
    return called.size();
  };
  ASSERT_TRUE(eventually(10s, [&] { return follow() >= 30; })) << installation.engine_words();
  const std::string path = "/v1/campaigns/" + installation.campaigns().front().text() + "/call-now";
  for (std::size_t n = 0; n < 5; ++n) {
    const std::string number = numbers[listed + n].number.text();
    const rest_answer told = served([&] { return client.ask("POST", path, R"({"number":")" + number + "\"}"); });
    ASSERT_TRUE(told.status == 201 || told.status == 202) << told.text;
    const std::size_t at = follow();
    ASSERT_TRUE(eventually(10s,
                           [&] {
                             follow();
                             return std::ranges::find(called, number) != called.end();
                           }))
        << number << " was not called\n"
        << installation.engine_words();
    const auto found = static_cast<std::size_t>(std::ranges::find(called, number) - called.begin());
    std::cout << "called after " << (found < at ? 0 : found - at) << " others since the answer\n";
    EXPECT_LT(found, at + 30) << "it waited for more than a second's calls";
  }
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
  installation.stop_carriers();
  EXPECT_EQ(compare(installation, read_creates(installation.log())), token_findings{});
}

}  // namespace
}  // namespace dialer::e2e
