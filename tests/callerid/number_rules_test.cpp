#include "callerid/number_rules.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/callerid/house.hpp"

namespace dialer::callerid {
namespace {

using namespace house;

const e164 first = tel("+12125550101");
const e164 second = tel("+12125550102");

constexpr sharing_policy organisation = sharing_policy::organisation;
constexpr sharing_policy exclusive = sharing_policy::exclusive;

assignment assign_as(profile as, std::uint64_t number_row, std::uint64_t agent_number, std::uint64_t in_workspace = 1) {
  assignment made = assign(number_row, agent_number, in_workspace);
  made.as = as;
  return made;
}
assignment answers(std::uint64_t number_row, std::uint64_t agent_number, std::uint64_t in_workspace = 1) {
  return assign_as(profile::inbound, number_row, agent_number, in_workspace);
}
assignment texts(std::uint64_t number_row, std::uint64_t agent_number, std::uint64_t in_workspace = 1) {
  return assign_as(profile::sms, number_row, agent_number, in_workspace);
}

std::string rule_of(const std::optional<refusal>& why) {
  return why ? std::string(why->rule) : "";
}

void expect_whole(const refusal& why) {
  EXPECT_FALSE(why.rule.empty()) << why.obstacle;
  EXPECT_FALSE(why.obstacle.empty()) << why.rule;
  EXPECT_FALSE(why.remedy.empty()) << why.obstacle;
}

/// Numbers 1 and 2 are of workspace 1 and on one account, 3 of workspace 2 on the same; each can do everything.
std::vector<phone_number> house_numbers() {
  std::vector<phone_number> numbers{number(1, first), number(2, second), number(3, tel("+12125550103"))};
  for (phone_number& each : numbers) each.capabilities = voice | sms | mms | fax;
  numbers[2].workspace = workspace(2);
  return numbers;
}

/// A statement of one of the seeds about who may have which number: the last assignment is the one asked for, and
/// `rules` what refuses it under each policy in turn; empty: allowed.
struct statement {
  const char* name;
  std::vector<assignment> assignments;
  std::array<const char*, 3> rules;  // workspace, organisation, exclusive
};

class Statement : public testing::TestWithParam<statement> {};

TEST_P(Statement, HoldsUnderEachPolicy) {
  const std::vector<phone_number> numbers = house_numbers();
  const auto& all = GetParam().assignments;
  for (const sharing_policy policy : {sharing_policy::workspace, organisation, exclusive}) {
    const std::string wanted = GetParam().rules.at(static_cast<std::size_t>(policy));
    SCOPED_TRACE(testing::Message() << "policy " << static_cast<int>(policy));
    const auto conflicts = find_conflicts(policy, numbers, all);
    ASSERT_EQ(conflicts.size(), wanted.empty() ? 0U : 1U);
    const auto asked = check_assignment(policy, numbers, std::span{all}.first(all.size() - 1), all.back());
    EXPECT_EQ(rule_of(asked), wanted) << "asked one by one";
    if (wanted.empty()) continue;
    EXPECT_EQ(conflicts[0].why.rule, wanted);
    EXPECT_EQ(conflicts[0].asked.number, all.back().number);
    EXPECT_EQ(conflicts[0].asked.agent, all.back().agent) << "the earlier assignment stands";
    expect_whole(conflicts[0].why);
  }
}

const statement orova[] = {
    // The quick reference, row by row: outbound, then inbound.
    {"OneNumber_SeveralAgentsOfAWorkspace_Outbound", {assign(1, 1), assign(1, 2)}, {"", "", "S4"}},
    {"OneNumber_SeveralAgentsOfAWorkspace_Inbound", {answers(1, 1), answers(1, 2)}, {"S3", "S3", "S3"}},
    {"OneNumber_SeveralWorkspaces_Outbound", {assign(1, 1), assign(1, 2, 2)}, {"S4", "", "S4"}},
    {"OneNumber_SeveralWorkspaces_Inbound", {answers(1, 1), answers(1, 2, 2)}, {"S4", "S3", "S4"}},
    {"OneAccount_SeveralWorkspaces_Outbound", {assign(1, 1), assign(3, 2, 2)}, {"", "", ""}},
    {"OneAccount_SeveralWorkspaces_Inbound", {answers(1, 1), answers(3, 2, 2)}, {"", "", ""}},
    // Its prose.
    {"SeparateNumbersForSeveralInboundAgents", {answers(1, 1), answers(2, 2)}, {"", "", ""}},
    {"OneNumber_OneAgentShowsAndAnotherAnswers", {assign(1, 1), answers(1, 2)}, {"", "", ""}},
    {"OneNumber_SameAgentShowsAndAnswers", {assign(1, 1), answers(1, 1)}, {"", "", ""}},
};

const statement thoughtly[] = {
    {"ThreeNumbersOfAnAgent_OneAProfile", {assign(1, 1), answers(2, 1), texts(1, 1)}, {"", "", ""}},
    {"OneNumber_InboundOfTwo", {answers(2, 1), answers(2, 2)}, {"S3", "S3", "S3"}},
    {"OneNumber_OutboundOfTwo", {assign(2, 1), assign(2, 2)}, {"", "", "S4"}},
    {"OneNumber_SmsOfTwo", {texts(2, 1), texts(2, 2)}, {"", "", "S4"}},
    {"SecondOutboundNumberOfAnAgent", {assign(1, 1), assign(2, 1)}, {"", "", "S4"}},
    {"SecondInboundNumberOfAnAgent", {answers(1, 1), answers(2, 1)}, {"", "", "S4"}},
    {"SecondSmsNumberOfAnAgent", {texts(1, 1), texts(2, 1)}, {"", "", "S4"}},
};

const statement voicehub[] = {
    {"ForeignNumber_Outbound", {assign(1, 2, 2)}, {"S4", "", "S4"}},
    {"ForeignNumber_Inbound", {answers(1, 2, 2)}, {"S4", "", "S4"}},
    {"ForeignNumber_Sms", {texts(1, 2, 2)}, {"S4", "", "S4"}},
    {"OwnNumberInEachWorkspace", {texts(1, 1), texts(3, 2, 2)}, {"", "", ""}},
    {"NoSuchNumber", {assign(9, 1)}, {"S5", "S5", "S5"}},
};

const statement repeated[] = {
    {"SameOutboundTwice", {assign(1, 1), assign(1, 1)}, {"", "", ""}},
    {"SameInboundTwice", {answers(1, 1), answers(1, 1)}, {"", "", ""}},
};

std::string name_of(const testing::TestParamInfo<statement>& of) {
  return of.param.name;
}
INSTANTIATE_TEST_SUITE_P(Orova, Statement, testing::ValuesIn(orova), name_of);
INSTANTIATE_TEST_SUITE_P(Thoughtly, Statement, testing::ValuesIn(thoughtly), name_of);
INSTANTIATE_TEST_SUITE_P(VoiceHub, Statement, testing::ValuesIn(voicehub), name_of);
INSTANTIATE_TEST_SUITE_P(Repeated, Statement, testing::ValuesIn(repeated), name_of);

TEST(FindConflicts, OfAStricterPolicy_ListsWhatMustBeGoneFirst) {
  const std::vector<phone_number> numbers = house_numbers();
  const std::vector<assignment> all{assign(1, 1), assign(1, 2), assign(1, 3, 2), assign(2, 2), answers(1, 3, 2)};
  EXPECT_TRUE(find_conflicts(organisation, numbers, all).empty());
  EXPECT_EQ(find_conflicts(sharing_policy::workspace, numbers, all).size(), 2U) << "agent 3's";
  const auto strictest = find_conflicts(exclusive, numbers, all);
  ASSERT_EQ(strictest.size(), 3U) << "agent 3's, and the second to show number 1";
  EXPECT_EQ(strictest[0].asked.agent, agent(2));
  EXPECT_EQ(strictest[0].why.agent, agent(1));
  std::vector<assignment> rest = all;
  std::erase_if(rest, [&](const assignment& each) {
    return std::ranges::any_of(strictest, [&](const conflict& gone) {
      return gone.asked.number == each.number && gone.asked.agent == each.agent && gone.asked.as == each.as;
    });
  });
  EXPECT_TRUE(find_conflicts(exclusive, numbers, rest).empty());
}

TEST(FindConflicts, OfOthers_AreNamedOnlyForThoseWhoMaySeeThem) {
  const std::vector<phone_number> numbers = house_numbers();
  const auto taken = find_conflicts(organisation, numbers, std::vector{answers(1, 1), answers(1, 2, 2)});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].why.agent, agent(1));
  EXPECT_EQ(taken[0].why.workspace, workspace(1)) << "whose members may be told";
  EXPECT_NE(taken[0].why.obstacle.find(first.text()), std::string::npos) << "asked for, so known";
  const std::string named = named_obstacle(taken[0].why);
  EXPECT_NE(named.find(agent(1).text()), std::string::npos) << named;
  EXPECT_EQ(taken[0].why.obstacle.find("agt_"), std::string::npos) << taken[0].why.obstacle;
  const auto another = find_conflicts(exclusive, numbers, std::vector{assign(1, 1), assign(2, 1)});
  ASSERT_EQ(another.size(), 1U);
  EXPECT_EQ(another[0].why.number, row(1));
  EXPECT_EQ(another[0].why.obstacle.find("+1"), std::string::npos) << another[0].why.obstacle;
  const auto foreign = find_conflicts(sharing_policy::workspace, numbers, std::vector{assign(3, 1)});
  ASSERT_EQ(foreign.size(), 1U);
  EXPECT_EQ(foreign[0].why.workspace, workspace(2));
}

TEST(FindConflicts, AReleasedNumber_HoldsNoPlace) {
  std::vector<phone_number> numbers = house_numbers();
  const std::vector<assignment> shown{assign(1, 1), assign(2, 1)};
  numbers[0].status = number_status::released;
  EXPECT_TRUE(find_conflicts(exclusive, numbers, shown).empty());
  EXPECT_TRUE(find_conflicts(organisation, numbers, std::vector{answers(1, 1), answers(1, 2)}).empty());
  numbers[0].status = number_status::inactive;  // may come back
  EXPECT_EQ(find_conflicts(exclusive, numbers, shown).size(), 1U);
}

RC_GTEST_PROP(FindConflictsProperty, WhatRemainsWithoutTheConflicts_HasNone, ()) {
  const auto policy = *rc::gen::element(sharing_policy::workspace, organisation, exclusive);
  std::vector<phone_number> numbers;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    numbers.push_back(number(n, e164::from_digits(12'125'550'100 + n)));
    numbers.back().workspace = workspace(*rc::gen::inRange<std::uint64_t>(1, 3));
  }
  std::vector<assignment> assignments;
  const auto count = *rc::gen::inRange(0, 20);
  for (int i = 0; i < count; ++i) {
    const auto who = *rc::gen::inRange<std::uint64_t>(1, 6);
    assignments.push_back(assign_as(*rc::gen::element(profile::outbound, profile::inbound, profile::sms),
                                    *rc::gen::inRange<std::uint64_t>(1, 6), who, who % 2 + 1));
  }
  const auto conflicts = find_conflicts(policy, numbers, assignments);
  std::erase_if(assignments, [&](const assignment& each) {
    return std::ranges::any_of(conflicts, [&](const conflict& gone) {
      return gone.asked.number == each.number && gone.asked.agent == each.agent && gone.asked.as == each.as;
    });
  });
  RC_ASSERT(find_conflicts(policy, numbers, assignments).empty());
  for (const conflict& each : conflicts) {
    RC_ASSERT(!each.why.rule.empty() && !each.why.obstacle.empty() && !each.why.remedy.empty());
  }
}

TEST(CheckAssignment, WantsTheCapabilityAndANumberThatIsHeld) {
  std::vector<phone_number> numbers{number(1, first)};
  const auto ask = [&](profile as) {
    const auto why = check_assignment(sharing_policy::workspace, numbers, {}, assign_as(as, 1, 1));
    if (why) expect_whole(*why);
    return rule_of(why);
  };
  numbers[0].capabilities = voice;
  EXPECT_EQ(ask(profile::outbound), "");
  EXPECT_EQ(ask(profile::inbound), "");
  EXPECT_EQ(ask(profile::sms), "S6");
  numbers[0].capabilities = sms | fax;
  EXPECT_EQ(ask(profile::outbound), "S6");
  EXPECT_EQ(ask(profile::inbound), "S3");
  EXPECT_EQ(ask(profile::sms), "");
  numbers[0].capabilities = voice;
  for (const number_status ahead : {number_status::pending, number_status::inactive}) {
    numbers[0].status = ahead;
    EXPECT_EQ(ask(profile::outbound), "") << static_cast<int>(ahead);
  }
  numbers[0].status = number_status::released;
  EXPECT_EQ(ask(profile::outbound), "S6");
  EXPECT_EQ(ask(profile::inbound), "S3");
}

/// What makes a number unfit for each use; the first column is the cause, the others the rules that refuse.
struct fitness {
  const char* name;
  void (*spoil)(phone_number&);
  std::array<const char*, 4> rules;  // call, message, media_message, answer
};

const fitness fitnesses[] = {
    {"Fit", [](phone_number&) {}, {"", "", "", ""}},
    {"Pending", [](phone_number& number) { number.status = number_status::pending; }, {"S6", "S6", "S6", "S3"}},
    {"Inactive", [](phone_number& number) { number.status = number_status::inactive; }, {"S6", "S6", "S6", "S3"}},
    {"Released", [](phone_number& number) { number.status = number_status::released; }, {"S6", "S6", "S6", "S3"}},
    {"Frozen", [](phone_number& number) { number.frozen = true; }, {"S6", "S6", "S6", ""}},
    {"OutboundCallsOff", [](phone_number& number) { number.outbound_enabled = false; }, {"S6", "", "", ""}},
    {"NoVoice", [](phone_number& number) { number.capabilities = sms | mms | fax; }, {"S6", "", "", "S3"}},
    {"NoSms", [](phone_number& number) { number.capabilities = voice | mms; }, {"", "S6", "", ""}},
    {"NoMms", [](phone_number& number) { number.capabilities = voice | sms; }, {"", "", "S6", ""}},
    {"FaxOnly", [](phone_number& number) { number.capabilities = fax; }, {"S6", "S6", "S6", "S3"}},
};

class Fitness : public testing::TestWithParam<fitness> {};

TEST_P(Fitness, DecidesEachUse) {
  phone_number of = house_numbers()[0];
  GetParam().spoil(of);
  for (const number_use as : {number_use::call, number_use::message, number_use::media_message, number_use::answer}) {
    const auto why = check_number(of, as);
    EXPECT_EQ(rule_of(why), GetParam().rules.at(static_cast<std::size_t>(as))) << "use " << static_cast<int>(as);
    if (why) expect_whole(*why);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Fitness, testing::ValuesIn(fitnesses),
                         [](const auto& of) { return std::string{of.param.name}; });

TEST(CheckAccount, OfAnotherOrganisation_IsRefused) {
  EXPECT_FALSE(check_account(true));
  const auto why = check_account(false);
  ASSERT_EQ(rule_of(why), "S2");
  expect_whole(*why);
  EXPECT_EQ(named_obstacle(*why), why->obstacle) << "organisations do not know of each other";
}

TEST(IsVisible, InItsWorkspace_AndWhereSharedUnderOrganisation) {
  const phone_number of = number(1, first);
  const std::vector<assignment> shared{assign(1, 2, 2)};
  for (const sharing_policy policy : {sharing_policy::workspace, organisation, exclusive}) {
    EXPECT_TRUE(is_visible(policy, of, workspace(1), {}));
    EXPECT_FALSE(is_visible(policy, of, workspace(2), {}));
    EXPECT_EQ(is_visible(policy, of, workspace(2), shared), policy == organisation);
    EXPECT_FALSE(is_visible(policy, of, workspace(3), shared));
  }
}

TEST(CheckPurchase, WantsPermissionThenPriceThenMoney) {
  const money price{115, "USD"};
  const auto expect = [](const std::optional<refusal>& why, refusal_kind kind) {
    ASSERT_EQ(rule_of(why), "S7");
    expect_whole(*why);
    EXPECT_EQ(why->kind, kind) << why->obstacle;
  };
  EXPECT_FALSE(check_purchase(true, price, money{115, "USD"})) << "exactly enough";
  EXPECT_FALSE(check_purchase(true, money{0, "USD"}, money{0, "USD"}));
  expect(check_purchase(true, price, money{114, "USD"}), refusal_kind::funds);
  EXPECT_NE(check_purchase(true, price, money{114, "USD"})->remedy.find("0.01 USD"), std::string::npos);
  expect(check_purchase(true, price, std::nullopt), refusal_kind::funds);
  expect(check_purchase(true, price, money{1'000, "EUR"}), refusal_kind::funds);
  expect(check_purchase(true, std::nullopt, money{115, "USD"}), refusal_kind::conflict);
  expect(check_purchase(false, price, money{115, "USD"}), refusal_kind::permission);
  expect(check_purchase(false, std::nullopt, std::nullopt), refusal_kind::permission);
}

TEST(CheckRestrictions, AskOfNumbersOfTheirCountryAndType) {
  phone_number of = number(1, first);
  const auto ask = [&of](std::string_view country, number_restriction row) {
    const auto why = check_restrictions(of, country, std::vector{std::move(row)});
    if (why) expect_whole(*why);
    return rule_of(why);
  };
  of.type = number_type::toll_free;
  EXPECT_EQ(ask("US", {"US", number_type::toll_free, number_demand::never}), "S8");
  EXPECT_EQ(ask("CA", {"US", number_type::toll_free, number_demand::never}), "");
  EXPECT_EQ(ask("CA", {"", number_type::toll_free, number_demand::never}), "S8");
  EXPECT_EQ(ask("US", {"US", number_type::local, number_demand::never}), "");
  EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::never}), "S8");
  EXPECT_EQ(ask("", {"US", std::nullopt, number_demand::never}), "S8") << "not known to be of another country";

  EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::registration}), "S8");
  of.registered = true;
  EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::registration}), "");

  struct row_of {
    attestation attested;
    bool a, b, c;
  };
  for (const row_of& each :
       {row_of{attestation::a, true, true, true}, row_of{attestation::b, false, true, true},
        row_of{attestation::c, false, false, true}, row_of{attestation::unknown, false, false, false}}) {
    of.attested = each.attested;
    EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::attestation_a}).empty(), each.a);
    EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::attestation_b}).empty(), each.b);
    EXPECT_EQ(ask("US", {"US", std::nullopt, number_demand::attestation_c}).empty(), each.c);
  }
  EXPECT_FALSE(check_restrictions(of, "US", {})) << "what no row speaks of is not restricted";
}

}  // namespace
}  // namespace dialer::callerid
