#include "cli/top_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace dialer::cli {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr steady_time start{1h};

json::object object(const std::string& text) {
  return json::parse(text).as_object();
}

json::object stats() {
  const std::string counts =
      R"({"contacts": 100, "stages": {"fresh": 60, "open": 3, "waiting": 7, "done": 30}, "dispositions": {},
          "not_dialed": {"opted_out": 4}, "misplaced": 0, "waiting": {"window_closed": 5, "retry_delay": 2}, "tried": 36,
          "attempts": 40, "attempt_dispositions": {}, "tried_rate": 0.36, "answer_rate": null,
          "answered_s_average": null})";
  return object(R"({"workspaces": [], "campaigns": [{"id": "cmp_1", "workspace_id": "wsp_1", "name": "Spring",
                    "state": "running", "now": null, "counts": )" +
                counts + R"(}], "total": )" + counts + "}");
}

json::object attempts(std::uint64_t count, const std::string& blocked = "null") {
  return object(R"({"campaign_id": "cmp_1", "attempts": )" + std::to_string(count) +
                R"(, "answered": 9, "dispositions": {}, "now": {"live": 3, "queued": 8, "blocked": )" + blocked +
                R"(, "next_at": null}})");
}

TEST(TopView, ShowsFunnelAndWhyNot) {
  top_view view;
  view.take_stats(stats());
  view.take_event("attempts", attempts(40, "\"account_cps\""));
  const std::string picture = view.picture(start);
  EXPECT_THAT(picture, HasSubstr("Spring    running"));
  EXPECT_THAT(picture, HasSubstr("account_cps"));
  EXPECT_THAT(picture, HasSubstr("Spring: waiting: window_closed 5, retry_delay 2; never dialed: opted_out 4\n"));
  EXPECT_EQ(view.line(start), "0.0 calls/s  live 3  attempts 40  answered 9  (Spring: account_cps)\n");
}

TEST(TopView, TheRate_IsOfWhatCameSinceTheFirstLook) {
  top_view view;
  view.take_stats(stats());
  view.take_event("attempts", attempts(40));
  EXPECT_THAT(view.line(start), HasSubstr("0.0 calls/s")) << "what was there before is no rate";
  view.take_event("attempts", attempts(60));
  EXPECT_THAT(view.line(start + 1999ms), HasSubstr("0.0 calls/s"));
  EXPECT_THAT(view.line(start + 2s), HasSubstr("10.0 calls/s"));
  EXPECT_THAT(view.line(start + 3s), HasSubstr("10.0 calls/s"));
  EXPECT_THAT(view.line(start + 4s), HasSubstr("0.0 calls/s")) << "nothing came";
  view.take_event("attempts", attempts(5));  // another engine counts anew
  EXPECT_THAT(view.line(start + 6s), HasSubstr("0.0 calls/s"));
}

TEST(TopView, ACampaignsEvent_ChangesItsState_AndImportsArePassedOver) {
  top_view view;
  view.take_stats(stats());
  view.take_event("campaign", object(R"({"campaign_id": "cmp_1", "workspace_id": "wsp_1", "name": "Spring",
                                         "state": "paused"})"));
  view.take_event("import", object(R"({"campaign_id": "cmp_2"})"));
  EXPECT_THAT(view.picture(start), HasSubstr("Spring    paused"));
  EXPECT_THAT(view.picture(start), Not(HasSubstr("running")));
}

TEST(StatsText, HasALineForEachCampaignAndForAll) {
  const std::string text = stats_text(stats());
  EXPECT_THAT(text, HasSubstr("Spring    running       100     60        7    30        40  36.0 %"));
  EXPECT_THAT(text, HasSubstr("\nall "));
}

}  // namespace
}  // namespace dialer::cli
