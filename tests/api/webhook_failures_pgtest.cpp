// Endpoints that fail, are gone or switched off, and the workers that give each its turn.
#include <future>
#include <set>

#include "api/webhook_workers.hpp"
#include "tests/api/webhook_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;

TEST_F(Webhooks, Failure_IsTriedAgainBySchedule_ThenGivenUp) {
  make_with_outcome();
  status_ = 500;
  turns();
  ASSERT_EQ(received_.size(), 1U);
  std::size_t tries = 1;
  for (const std::chrono::seconds wait : webhook_deliverer::retry_after) {
    later(wait - 1us);
    turns();
    EXPECT_EQ(received_.size(), tries) << wait.count() << " s are not over";
    later(wait / 10 + 1s);
    turns();
    EXPECT_EQ(received_.size(), ++tries) << wait.count();
    EXPECT_EQ(received_.back().id, received_.front().id) << "a repeat is known by its id";
  }
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(deliverer_.stats().given_up, 1U);
  EXPECT_EQ(deliverer_.stats().failed, tries);
}

TEST_F(Webhooks, Gone_EndsIt) {
  make_with_outcome();
  status_ = 410;
  turns();
  EXPECT_EQ(ask("GET", path_).body.at("state").as_string(), "gone");
  EXPECT_EQ(waiting(), 0);
  end_attempt(501);
  later(1h);
  turns();
  EXPECT_EQ(received_.size(), 1U);
  status_ = 200;
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":true})").body.at("state").as_string(), "on");
  later(1s);
  end_attempt(502);
  later(3s);
  turns();
  ASSERT_EQ(received_.size(), 2U) << "what came while it was off is not told";
  EXPECT_THAT(received_[1].id, HasSubstr(sql::test::attempt_of(502).text()));
}

TEST_F(Webhooks, EndpointThatFails_IsLeftInPeaceAndTheLedgerWaits) {
  make();
  later(1s);
  const auto count = static_cast<int>(webhook_deliverer::waiting_max) + webhook_deliverer::page + 1;
  for (int i = 0; i < count; ++i) end_attempt(1'000 + static_cast<std::uint64_t>(i));
  later(3s);
  status_ = 503;
  for (int i = 0; i < 100; ++i) (void)turn();
  EXPECT_LE(received_.size(), 12U) << "the breaker opened";
  EXPECT_LT(waiting(), static_cast<std::int64_t>(webhook_deliverer::waiting_max) + webhook_deliverer::page);
  status_ = 200;
  for (int i = 0; i < 1'000 && (i == 0 || waiting() != 0 || turn() == 0ms); ++i) {
    later(10s);
    turns();
  }
  std::set<std::string> ids;
  for (const webhook_message& one : received_) ids.insert(one.id);
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(count)) << "and nothing was lost";
}

TEST_F(Webhooks, Workers_FindNewEndpointsAndGiveThemTurns) {
  std::promise<std::string> told;
  webhook_deliverer deliverer{
      house_.time, house_.secrets,
      [&](const webhook_target&, const std::vector<webhook_message>& all, const std::stop_token&) {
        told.set_value(all.at(0).id);
        return std::vector<webhook_answer>(all.size(), webhook_answer{200, "", true});
      },
      1, [](const std::string&) {}};
  auto heard = told.get_future();
  const webhook_workers workers{us_.house.connection(), 2, deliverer, house_.time};
  make();
  later(1s);
  end_attempt(500);
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (heard.wait_for(10ms) != std::future_status::ready && std::chrono::steady_clock::now() < end) later(100ms);
  ASSERT_EQ(heard.wait_for(0ms), std::future_status::ready);
  EXPECT_THAT(heard.get(), HasSubstr(sql::test::attempt_of(500).text()));
}

TEST_F(Webhooks, WorkersThatStop_WaitForNoEndpoint) {
  std::promise<void> under_way;
  bool asked_to_stop = false;
  webhook_deliverer deliverer{
      house_.time, house_.secrets,
      [&](const webhook_target&, const std::vector<webhook_message>& all, const std::stop_token& stop) {
        std::promise<void> asked;
        auto stopped = asked.get_future();
        const std::stop_callback told{stop, [&asked] { asked.set_value(); }};
        under_way.set_value();
        asked_to_stop = stopped.wait_for(10s) == std::future_status::ready;
        return std::vector<webhook_answer>(all.size(), webhook_answer{0, "", false});
      },
      1, [](const std::string&) {}};
  make_with_outcome();
  {
    const webhook_workers workers{us_.house.connection(), 2, deliverer, house_.time};
    ASSERT_EQ(under_way.get_future().wait_for(10s), std::future_status::ready);
  }
  EXPECT_TRUE(asked_to_stop);
  EXPECT_EQ(deliverer.stats().failed, 0U) << "it is nobody's fault";
  turns();
  EXPECT_EQ(received_.size(), 1U) << "who delivers next posts it";
}

TEST_F(Webhooks, SwitchedOff_LosesWhatWasOnItsWay) {
  make_with_outcome();
  status_ = 500;
  turns();
  EXPECT_EQ(waiting(), 1);
  EXPECT_EQ(ask("PATCH", path_, R"({"kinds":["attempt.ended"]})").body.at("waiting").to_number<int>(), 1);
  EXPECT_EQ(waiting(), 1) << "it is still on";
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":false})").body.at("waiting").to_number<int>(), 0);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(ask("PATCH", path_, R"({"enabled":true})").status, 200);
  status_ = 200;
  received_.clear();
  later(1h);
  end_attempt(501);
  later(3s);
  turns();
  ASSERT_EQ(received_.size(), 1U) << "told from then on";
  EXPECT_THAT(received_[0].id, HasSubstr(sql::test::attempt_of(501).text()));
}

TEST_F(Webhooks, Deleted_TakesAlongWhatWasOnItsWay) {
  make_with_outcome();
  status_ = 500;
  turns();
  EXPECT_EQ(ask("GET", path_).body.at("waiting").to_number<int>(), 1);
  EXPECT_EQ(ask("DELETE", path_).status, 200);
  EXPECT_EQ(waiting(), 0);
  EXPECT_EQ(turn(), 1s);
  EXPECT_EQ(ask("GET", path_).status, 404);
}

}  // namespace
}  // namespace dialer::api
