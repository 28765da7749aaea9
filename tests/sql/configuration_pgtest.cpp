#include "sql/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/number_rents.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using campaigns::campaign_state;
using testing::HasSubstr;

class Configuration : public testing::Test {
 protected:
  std::string refusal(campaign_action action) {
    try {
      change_campaign_state(org_.on, org_.id, org_.campaign, action);
    } catch (const configuration_error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
  campaign_state act(campaign_action action) {
    return change_campaign_state(org_.on, org_.id, org_.campaign, action).state;
  }
  test::small_organisation org_;
};

TEST_F(Configuration, SameValuesAgain_ChangeNothingAndKeepTheIds) {
  const auto before = org_.generation();
  transaction tx{org_.on};
  configuration config{tx, test::make_test_id};
  const auto organisation = config.organisation("Test", callerid::sharing_policy::workspace);
  EXPECT_EQ(organisation.id, org_.id);
  EXPECT_EQ(organisation.what, change::none);
  const auto workspace = config.workspace(org_.id, {{}, "Main", 1});
  EXPECT_EQ(workspace.id, org_.workspace);
  EXPECT_EQ(workspace.what, change::none);
  const auto agent = config.agent(org_.id, {{}, org_.workspace, "Ann", true, "https://agent.example.com/answer", 0});
  EXPECT_EQ(agent.id, org_.agent);
  EXPECT_EQ(agent.what, change::none);
  campaigns::settings settings = *read_campaign(org_.on, org_.id, org_.campaign);
  const auto campaign = config.campaign(org_.id, settings);
  EXPECT_EQ(campaign.id, org_.campaign);
  EXPECT_EQ(campaign.what, change::none);
  EXPECT_EQ(config.assignments(org_.id, org_.agent, {org_.number}), change::none);
  tx.commit();
  EXPECT_EQ(org_.generation(), before);
}

TEST_F(Configuration, OneChangedValue_IsStoredAndRaisesTheGeneration) {
  campaigns::settings settings = *read_campaign(org_.on, org_.id, org_.campaign);
  settings.window[3] = {600, 660};
  settings.retry[4] = {std::chrono::seconds{7}, 9};
  settings.calls_per_second_max = 2.5;
  settings.redial_absent = true;
  settings.caller_id = campaigns::caller_id_policy::fixed;
  settings.caller_id_number = e164::from_digits(12'125'550'100);
  const auto before = org_.generation();
  {
    transaction tx{org_.on};
    EXPECT_EQ(configuration(tx, test::make_test_id).campaign(org_.id, settings).what, change::updated);
    tx.commit();
  }
  settings.version = 2;
  EXPECT_EQ(*read_campaign(org_.on, org_.id, org_.campaign), settings);
  EXPECT_GT(org_.generation(), before);
}

TEST_F(Configuration, EveryChangeOfACampaign_IsKeptAsAVersion) {
  const campaigns::settings first = *read_campaign(org_.on, org_.id, org_.campaign);
  EXPECT_EQ(first.version, 1U);
  campaigns::settings wanted = first;
  const auto store = [&] {
    transaction tx{org_.on};
    configuration(tx, test::make_test_id).campaign(org_.id, wanted);
    tx.commit();
  };
  wanted.weight = 7;
  wanted.caller_id_number = e164::from_digits(12'125'550'100);
  wanted.window[6] = {600, 660};
  store();
  store();  // the same again is no version
  wanted.retry[3] = {std::chrono::seconds{5}, 2};
  store();
  act(campaign_action::pause);  // nor is another state
  const auto kept = read_campaign_versions(org_.on, org_.id, org_.campaign, 0, 10);
  ASSERT_EQ(kept.size(), 3U);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].what.version, 3 - i);
  EXPECT_EQ(kept[0].what.retry, wanted.retry);
  EXPECT_EQ(kept[1].what.retry, first.retry);
  EXPECT_EQ(kept[1].what.window, wanted.window);
  EXPECT_EQ(kept[1].what.weight, 7);
  EXPECT_EQ(kept[1].what.caller_id_number, wanted.caller_id_number);
  EXPECT_FALSE(kept[2].what.caller_id_number);
  EXPECT_EQ(kept[2].what.window, first.window);
  EXPECT_EQ(kept[2].what.agent, first.agent);
  EXPECT_GE(kept[0].at, kept[1].at);
  EXPECT_EQ(read_campaign_versions(org_.on, org_.id, org_.campaign, 3, 1).at(0).what.version, 2U);
}

TEST_F(Configuration, AllowedCountries_AreStoredOnceAndReachTheSnapshot) {
  const auto allow = [&](std::vector<std::string> countries) {
    transaction tx{org_.on};
    const auto made = configuration(tx, test::make_test_id)
                          .organisation("Test", callerid::sharing_policy::workspace, std::move(countries));
    tx.commit();
    return made.what;
  };
  const auto stored = [&] {
    transaction tx{org_.on, transaction::mode::snapshot};
    return read_snapshot(tx, org_.id, [](const std::string&, const auto&) { return std::string(); }).allowed_countries;
  };
  EXPECT_THAT(stored(), testing::IsEmpty());
  const auto before = org_.generation();
  EXPECT_EQ(allow({"US", "CA", "GB"}), change::updated);
  EXPECT_THAT(stored(), testing::ElementsAre("CA", "GB", "US"));
  EXPECT_GT(org_.generation(), before);
  EXPECT_EQ(allow({"GB", "US", "CA"}), change::none);
  EXPECT_EQ(allow({}), change::updated);
  EXPECT_THAT(stored(), testing::IsEmpty());
}

TEST_F(Configuration, DryRun_LeavesNothingBehind) {
  {
    transaction tx{org_.on};
    EXPECT_EQ(configuration(tx, test::make_test_id).workspace(org_.id, {{}, "Other", 2}).what, change::created);
  }
  EXPECT_EQ(org_.on.run("SELECT count(*) FROM workspace WHERE org_id = $1", params{}.uuid(org_.id)).integer(0, 0), 1);
}

TEST_F(Configuration, CarrierAccountOfAnotherOrganisation_IsRefused) {
  transaction tx{org_.on};
  configuration config{tx, test::make_test_id};
  const auto second = config.organisation("Second", callerid::sharing_policy::workspace).id;
  integration_record account;
  account.account.name = "theirs";
  account.account.account_sid = "ACTest";
  account.secret_ref = "env:X";
  try {
    config.integration(second, account);
    FAIL() << "one account serves two organisations";
  } catch (const configuration_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("already serves another organisation"));
  }
}

TEST_F(Configuration, ValueOutsideItsRange_NamesTheConstraint) {
  campaigns::settings settings = *read_campaign(org_.on, org_.id, org_.campaign);
  settings.ring_timeout = std::chrono::seconds{601};
  transaction tx{org_.on};
  try {
    configuration(tx, test::make_test_id).campaign(org_.id, settings);
    FAIL() << "601 seconds were accepted";
  } catch (const sql_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("ring_timeout"));
  }
}

TEST_F(Configuration, AssignmentsBecomeExactlyTheList) {
  transaction tx{org_.on};
  configuration config{tx, test::make_test_id};
  EXPECT_EQ(config.assignments(org_.id, org_.agent, {}), change::updated);
  EXPECT_EQ(tx.run("SELECT count(*) FROM assignment WHERE org_id = $1", params{}.uuid(org_.id)).integer(0, 0), 0);
}

TEST_F(Configuration, NumberOfTheFile_KeepsWhatOnlyTheApiKnows) {
  number_record known = find_number_record(org_.on, org_.id, e164::from_digits(12125550199)).value();
  known.friendly_name = "Sales Line";
  known.voicemail_message = "Nobody is here.";
  {
    transaction tx{org_.on};
    EXPECT_TRUE(update_number(tx, org_.id, known));
    EXPECT_FALSE(update_number(tx, org_.id, known)) << "it is so already";
    callerid::phone_number wanted = known;
    EXPECT_EQ(configuration(tx, test::make_test_id).number(org_.id, wanted).what, change::none);
    wanted.calls_per_day_max = 3;
    EXPECT_EQ(configuration(tx, test::make_test_id).number(org_.id, wanted).what, change::updated);
    tx.commit();
  }
  const number_record now = read_number_record(org_.on, org_.id, known.id).value();
  EXPECT_EQ(now.calls_per_day_max, 3U);
  EXPECT_EQ(now.friendly_name, "Sales Line");
  EXPECT_EQ(now.voicemail_message, "Nobody is here.");
}

TEST_F(Configuration, NumberThatWasReleased_IsGoneFromTheSnapshotAndComesBackAsAnotherOne) {
  number_record known = find_number_record(org_.on, org_.id, e164::from_digits(12125550199)).value();
  known.status = callerid::number_status::released;
  transaction tx{org_.on};
  update_number(tx, org_.id, known);
  EXPECT_THAT(read_assignments(tx.on(), org_.id), testing::IsEmpty());
  const auto no_secret = [](const auto&, const auto&) { return ""; };
  EXPECT_THAT(read_snapshot(tx, org_.id, no_secret).numbers, testing::IsEmpty());
  EXPECT_EQ(configuration(tx, test::make_test_id).number(org_.id, known).what, change::none);
  known.status = callerid::number_status::active;
  const auto again = configuration(tx, test::make_test_id).number(org_.id, known);
  EXPECT_EQ(again.what, change::created);
  EXPECT_NE(again.id, known.id);
  EXPECT_EQ(find_number_record(tx.on(), org_.id, known.number)->id, again.id);
}

TEST_F(Configuration, NumberThatWasBought_IsGivenUpWhereItWasBoughtAndCostsNoMore) {
  number_record known = find_number_record(org_.on, org_.id, e164::from_digits(12125550199)).value();
  known.platform = true;
  known.monthly_cost = {115, "USD"};
  transaction tx{org_.on};
  update_number(tx, org_.id, known);
  start_rent(tx, org_.id, known.id, test::morning);
  configuration config{tx, test::make_test_id};
  integration_record other;
  other.account.name = "other";
  other.account.base_url = "https://127.0.0.1:1";
  other.account.account_sid = "ACother";
  callerid::phone_number moved = known;
  moved.integration = config.integration(org_.id, other).id;
  EXPECT_THROW(config.number(org_.id, moved), configuration_error) << "nobody holds it there";
  callerid::phone_number gone = known;
  gone.status = callerid::number_status::released;
  EXPECT_EQ(config.number(org_.id, gone).what, change::updated);
  const auto order = read_order(tx.on(), org_.id, known.id);
  ASSERT_TRUE(order) << "its carrier is to be told";
  EXPECT_EQ(order->kind, order_kind::release);
  EXPECT_EQ(order->integration, known.integration);
  EXPECT_THAT(read_due_rents(tx.on(), org_.id, test::morning + std::chrono::hours{24 * 365}, 10), testing::IsEmpty());
  EXPECT_EQ(config.number(org_.id, gone).what, change::none);
}

TEST_F(Configuration, NumberThatIsNotConfirmedYet_StaysPending) {
  number_record known = find_number_record(org_.on, org_.id, e164::from_digits(12125550199)).value();
  known.platform = true;
  known.status = callerid::number_status::pending;
  transaction tx{org_.on};
  update_number(tx, org_.id, known);
  number_order order;
  order.organisation = org_.id;
  order.number = known.id;
  order.integration = known.integration;
  order.workspace = known.workspace;
  insert_order(tx, order);
  configuration config{tx, test::make_test_id};
  callerid::phone_number wanted = known;
  wanted.status = callerid::number_status::active;
  wanted.calls_per_day_max = 3;
  EXPECT_EQ(config.number(org_.id, wanted).what, change::updated);
  const auto now = read_number_record(tx.on(), org_.id, known.id).value();
  EXPECT_EQ(now.status, callerid::number_status::pending);
  EXPECT_EQ(now.calls_per_day_max, 3U);
  wanted.status = callerid::number_status::released;
  EXPECT_THROW(config.number(org_.id, wanted), configuration_error);
}

TEST_F(Configuration, NumberThatIsHeldAlready_IsRefusedByTheConstraintsName) {
  number_record twin = find_number_record(org_.on, org_.id, e164::from_digits(12125550199)).value();
  twin.id = phone_number_id{test::make_test_id()};
  transaction tx{org_.on};
  try {
    insert_number(tx, org_.id, twin);
    ADD_FAILURE();
  } catch (const sql_error& error) {
    EXPECT_EQ(error.sqlstate(), "23505");
    EXPECT_EQ(error.constraint(), "number_is_held_once");
  }
}

TEST_F(Configuration, Freeze_HoldsInTheSnapshotAndIsIdempotent) {
  transaction tx{org_.on};
  configuration config{tx, test::make_test_id};
  EXPECT_EQ(config.freeze(org_.id, freezable::organisation, org_.id, true), change::updated);
  EXPECT_EQ(config.freeze(org_.id, freezable::organisation, org_.id, true), change::none);
  EXPECT_TRUE(read_snapshot(tx, org_.id, [](const auto&, const auto&) { return ""; }).frozen);
}

TEST_F(Configuration, DoNotCallLists_BecomeExactlyTheList) {
  const do_not_call_record us{"us", "/data/us.dnc", "2026-11", test::morning, 250'000'000};
  const do_not_call_record state{"state", "/data/state.dnc", "7", test::morning, 3};
  const do_not_call_record next{"us-2", "/data/us-2.dnc", "2026-12", test::morning, 250'000'001};
  const auto put = [&](const std::vector<do_not_call_record>& lists) {
    transaction tx{org_.on};
    const change how = configuration(tx, test::make_test_id).do_not_call(org_.id, lists);
    tx.commit();
    return how;
  };
  EXPECT_EQ(put({us, state}), change::updated);
  EXPECT_EQ(put({us, state}), change::none);
  EXPECT_THAT(read_do_not_call(org_.on, org_.id), testing::ElementsAre(state, us));
  const std::uint64_t before = org_.generation();
  EXPECT_EQ(put({next, state}), change::updated);
  EXPECT_GT(org_.generation(), before);
  EXPECT_THAT(read_do_not_call(org_.on, org_.id), testing::ElementsAre(state, next));
}

TEST_F(Configuration, CampaignStates_FollowTheTable) {
  EXPECT_EQ(act(campaign_action::start), campaign_state::running) << "it runs already";
  EXPECT_EQ(act(campaign_action::pause), campaign_state::paused);
  EXPECT_THAT(refusal(campaign_action::start), HasSubstr("is paused, so it cannot start; possible: resume, stop"));
  EXPECT_EQ(act(campaign_action::resume), campaign_state::running);
  EXPECT_EQ(act(campaign_action::stop), campaign_state::stopped);
  for (const auto action :
       {campaign_action::start, campaign_action::pause, campaign_action::resume, campaign_action::finish}) {
    EXPECT_THAT(refusal(action), HasSubstr("is stopped"));
  }
}

TEST_F(Configuration, Pause_RaisesTheGenerationInTheSameCommit) {
  const auto before = org_.generation();
  const campaign_change paused = change_campaign_state(org_.on, org_.id, org_.campaign, campaign_action::pause);
  EXPECT_EQ(paused.generation, before + 1);
  const campaign_change again = change_campaign_state(org_.on, org_.id, org_.campaign, campaign_action::pause);
  EXPECT_EQ(again.generation, paused.generation);
}

TEST_F(Configuration, Organisations_AreFoundByName) {
  EXPECT_EQ(find_organisation(org_.on, "Test"), org_.id);
  EXPECT_EQ(find_organisation(org_.on, "Nobody"), std::nullopt);
  const auto all = read_organisations(org_.on);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "Test");
  ASSERT_EQ(read_integrations(org_.on, org_.id).size(), 1U);
  EXPECT_EQ(read_integrations(org_.on, org_.id)[0].secret_ref, "env:TWILIO_TOKEN");
}

}  // namespace
}  // namespace dialer::sql
