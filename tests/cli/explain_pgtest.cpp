#include "cli/explain.hpp"

#include <gtest/gtest.h>

#include "sql/opt_outs.hpp"
#include "sql/snapshot.hpp"
#include "tests/cli/small_house.hpp"

namespace dialer::cli {
namespace {

using compliance::gate_step;
using compliance::verdict;
using test::noon;
using namespace std::chrono_literals;

const e164 number = e164::from_digits(12125550101);

class explanation : public testing::Test {
 protected:
  explanation() { house_.import({{number, "US US-NY America/New_York number"}}); }
  void start() {
    sql::change_campaign_state(house_.on, house_.campaign.organisation, house_.campaign.campaign,
                               sql::campaign_action::start);
  }
  std::vector<gate_step> steps(utc_time now = noon) {
    explain_inputs in;
    in.now = now;
    in.campaign = sql::read_campaign(house_.on, house_.campaign.organisation, house_.campaign.campaign).value();
    in.contact = sql::find_contact(house_.on, house_.campaign.organisation, house_.campaign.campaign, number).value();
    in.rules.zones = compliance::load_system_zone_rules();
    {
      sql::transaction tx{house_.on, sql::transaction::mode::snapshot};
      in.organisation = sql::read_snapshot(tx, house_.campaign.organisation,
                                           [](const std::string&, const auto&) { return std::string(); });
    }
    return explain(house_.on, in);
  }
  verdict blocker(utc_time now = noon) {
    for (const gate_step& step : steps(now)) {
      if (!step.result.is_allowed()) return step.result;
    }
    return verdict::allowed();
  }

  test::small_house house_;
};

TEST_F(explanation, a_draft_waits_for_its_start) {
  EXPECT_EQ(blocker().why, reason::campaign_not_running);
  start();
  EXPECT_TRUE(blocker().is_allowed());
}

TEST_F(explanation, the_last_step_shows_the_caller_id_that_would_be_picked) {
  start();
  const gate_step last = steps().back();
  EXPECT_EQ(last.name, "caller_id");
  ASSERT_EQ(last.inputs.size(), 2U);
  EXPECT_EQ(last.inputs[1].first, "twilio");
  EXPECT_EQ(last.inputs[1].second.find("+12125550199"), 0U) << last.inputs[1].second;
}

TEST_F(explanation, a_fixed_caller_id_is_named_with_what_is_wrong_with_it) {
  start();
  const auto fix = [&](const std::string& digits) {
    house_.on.run("UPDATE campaign SET caller_id = 4, caller_id_number = " + digits);
  };
  fix("12125550199");
  EXPECT_TRUE(blocker().is_allowed());
  using input = std::pair<std::string, std::string>;
  EXPECT_EQ(steps().back().inputs,
            (std::vector<input>{{"policy", "fixed"}, {"number", "+12125550199"}, {"twilio", "+12125550199 (fixed)"}}));
  fix("12125550198");
  EXPECT_EQ(blocker().why, reason::no_caller_id);
  EXPECT_EQ(steps().back().inputs.back(), (input{"accounts", "none has this number, or the agent may not show it"}));
}

TEST_F(explanation, numbers_that_may_not_be_shown_are_named_with_the_rule) {
  start();
  house_.on.run("UPDATE phone_number SET status = 2");
  EXPECT_EQ(blocker().why, reason::no_caller_id);
  EXPECT_EQ(steps().back().inputs.back().first, "rule S6");
  EXPECT_EQ(steps().back().inputs.back().second, "+12125550199 is inactive; set its status to active");
  house_.on.run("UPDATE phone_number SET status = 1");
  house_.on.run("INSERT INTO number_restriction SELECT org_id, 'US', -1, 1 FROM organisation");
  EXPECT_EQ(blocker().why, reason::no_caller_id);
  EXPECT_EQ(steps().back().inputs.back().first, "rule S8");
  house_.on.run("UPDATE phone_number SET registered = true");
  EXPECT_TRUE(blocker().is_allowed());
}

TEST_F(explanation, the_window_says_when_next) {
  start();
  const verdict night = blocker(utc_time{std::chrono::seconds{1'790'042'400}});  // 2026-09-22T02:00:00Z, 22:00 before
  EXPECT_EQ(night.why, reason::window_closed);
  EXPECT_EQ(night.until, utc_time{std::chrono::seconds{1'790'078'400}}) << "08:00 in New York is 12:00 UTC";
}

TEST_F(explanation, an_opt_out_is_for_good) {
  start();
  sql::add_opt_outs(house_.on, house_.campaign.organisation, std::vector<e164>{number}, "test");
  EXPECT_EQ(blocker().why, reason::opted_out);
  EXPECT_EQ(blocker().what, verdict::kind::never);
}

TEST_F(explanation, a_country_that_is_not_allowed_is_named_with_those_that_are) {
  start();
  house_.on.run("UPDATE organisation SET allowed_countries = 'GB,IE'");
  EXPECT_EQ(blocker().why, reason::country_not_allowed);
  for (const gate_step& step : steps()) {
    if (step.name != "country") continue;
    const std::vector<std::pair<std::string, std::string>> expected{{"country", "US"}, {"called", "GB, IE"}};
    EXPECT_EQ(step.inputs, expected);
  }
}

TEST_F(explanation, what_is_frozen_is_named) {
  start();
  const auto frozen_by = [&](const std::string& table) {
    house_.on.run("UPDATE " + table + " SET frozen = true");
    const reason why = blocker().why;
    house_.on.run("UPDATE " + table + " SET frozen = false");
    return why;
  };
  EXPECT_EQ(frozen_by("org_owner"), reason::organisation_frozen);
  EXPECT_EQ(frozen_by("workspace"), reason::workspace_frozen);
  EXPECT_EQ(frozen_by("campaign"), reason::campaign_frozen);
  EXPECT_EQ(frozen_by("agent"), reason::agent_frozen);
  EXPECT_EQ(frozen_by("integration"), reason::account_frozen);
  EXPECT_EQ(frozen_by("phone_number"), reason::no_caller_id);
  EXPECT_TRUE(blocker().is_allowed());
}

TEST_F(explanation, an_open_attempt_is_in_flight) {
  start();
  house_.intent(1, 1, number, noon - 1min);
  EXPECT_EQ(blocker().why, reason::contact_in_flight);
}

TEST_F(explanation, attempts_to_the_number_by_others_count_against_its_cap) {
  start();
  for (int i = 1; i <= 3; ++i) {
    house_.intent(i, 100 + i, number, noon - std::chrono::hours{i});
    house_.outcome(i, engine::outcome_kind::rejected);
  }
  EXPECT_EQ(blocker().why, reason::attempt_cap_24h);
  EXPECT_EQ(blocker().until, noon - 3h + 24h);
  house_.on.run("UPDATE outcome SET kind = 10 WHERE attempt_id = 2");  // never sent: counts for nothing
  EXPECT_TRUE(blocker().is_allowed());
}

TEST_F(explanation, a_caller_id_at_its_cap_frees_with_time) {
  start();
  for (int i = 1; i <= 15; ++i) {
    house_.intent(i, 100 + i, e164::from_digits(13125550100 + static_cast<std::uint64_t>(i)), noon - 30min);
    house_.outcome(i, engine::outcome_kind::rejected);
  }
  EXPECT_EQ(blocker().why, reason::caller_id_caps);
  ASSERT_TRUE(blocker().until);
  EXPECT_GE(*blocker().until, noon + 30min);
  EXPECT_LE(*blocker().until, noon + 31min);
  EXPECT_TRUE(blocker(noon + 31min).is_allowed());
}

TEST_F(explanation, a_resting_caller_id_says_why_and_until_when) {
  start();
  house_.on.run(
      "INSERT INTO number_health (org_id, number, since, state, until, rests, counted_from, why) "
      "VALUES ($1, 12125550199, $2, 3, $3, 1, $2, 'the carrier restricts it')",
      sql::params{}.uuid(house_.campaign.organisation).time(noon - 1h).time(noon + 49h));
  const gate_step last = steps().back();
  EXPECT_EQ(last.result.why, reason::caller_id_resting);
  EXPECT_EQ(last.result.until, noon + 49h);
  ASSERT_EQ(last.inputs.size(), 3U);
  EXPECT_EQ(last.inputs[2].first, "+12125550199");
  EXPECT_EQ(last.inputs[2].second, "resting until 2026-09-24T16:00:00Z: the carrier restricts it");
  EXPECT_TRUE(steps(noon + 49h).back().result.is_allowed()) << "back, and watched";
}

}  // namespace
}  // namespace dialer::cli
