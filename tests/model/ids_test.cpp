#include "model/ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace dialer {
namespace {

constexpr utc_time noon{std::chrono::milliseconds{1'790'000'000'000}};
constexpr utc_time one_ms_later = noon + std::chrono::milliseconds{1};

RC_GTEST_PROP(Id, WideText_ParsesToTheSame, (std::uint64_t high, std::uint64_t low)) {
  const campaign_id id{id128{high, low}};
  RC_ASSERT(id.text().size() == 4U + 26U);
  RC_ASSERT(campaign_id::parse(id.text()) == id);
}

RC_GTEST_PROP(Id, NarrowText_ParsesToTheSame, (std::uint64_t any)) {
  const contact_id id{any >> 1};
  RC_ASSERT(id.text().size() == 4U + 13U);
  RC_ASSERT(contact_id::parse(id.text()) == id);
}

RC_GTEST_PROP(Id, TextOrder_IsValueOrder, (std::uint64_t left, std::uint64_t right)) {
  const contact_id a{left >> 1};
  const contact_id b{right >> 1};
  RC_ASSERT((a < b) == (a.text() < b.text()));
}

TEST(Id, AnotherKindsPrefix_IsRefused) {
  const std::string text = campaign_id{id128{1, 2}}.text();
  EXPECT_FALSE(agent_id::parse(text));
  EXPECT_FALSE(campaign_id::parse(text.substr(4)));
}

TEST(Id, WrongLength_IsRefused) {
  const std::string text = campaign_id{id128{1, 2}}.text();
  EXPECT_FALSE(campaign_id::parse(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(campaign_id::parse(text + "0"));
  EXPECT_FALSE(campaign_id::parse(""));
}

TEST(Id, EachCharacterOutsideTheAlphabet_IsRefused) {
  const std::string alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  for (int c = 0; c < 256; ++c) {
    std::string text = contact_id{0}.text();
    text.back() = static_cast<char>(c);
    EXPECT_EQ(contact_id::parse(text).has_value(), c != 0 && alphabet.find(static_cast<char>(c)) != std::string::npos)
        << c;
  }
}

TEST(Id, WideOverflow_IsRefused) {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  const std::string largest = campaign_id{id128{all, all}}.text();
  EXPECT_EQ(largest, "cmp_7" + std::string(25, 'z'));
  EXPECT_TRUE(campaign_id::parse(largest));
  EXPECT_FALSE(campaign_id::parse("cmp_8" + std::string(25, '0')));
}

TEST(Id, NarrowBeyondASignedBigint_IsRefused) {
  const auto largest = contact_id::parse("con_7" + std::string(12, 'z'));
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->value, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  EXPECT_FALSE(contact_id::parse("con_8" + std::string(12, '0')));
}

TEST(MakeId128, CarriesTimeVersionAndVariant) {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t random : {std::uint64_t{0}, all}) {
    const id128 id = make_id128(noon, random, random);
    EXPECT_EQ(id.high >> 16, 1'790'000'000'000U);
    EXPECT_EQ(id.high >> 12 & 0xF, 7U);
    EXPECT_EQ(id.low >> 62, 2U);
  }
  EXPECT_LT(make_id128(noon, all, all), make_id128(one_ms_later, 0, 0));
}

TEST(IdSequence, ManyInOneMillisecond_StayStrictlyIncreasing) {
  id_sequence sequence{7};
  std::uint64_t last = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::uint64_t next = sequence.next(noon);
    ASSERT_GT(next, last);
    last = next;
  }
  EXPECT_EQ(id_sequence::time_of(last), noon + std::chrono::milliseconds{40'000 / 16'384});
}

TEST(IdSequence, ClockStepsBack_GoesOnIncreasing) {
  id_sequence sequence{7};
  const std::uint64_t before = sequence.next(noon);
  EXPECT_GT(sequence.next(noon - std::chrono::hours{24}), before);
}

TEST(IdSequence, ResumedByASmallerNode_GoesOnAboveTheLastId) {
  id_sequence first{200};
  std::uint64_t last = 0;
  for (int i = 0; i < 20'000; ++i) last = first.next(noon);
  id_sequence second{0, last};
  EXPECT_GT(second.next(noon - std::chrono::hours{1}), last);
  id_sequence third{0, last};
  EXPECT_GT(third.next(id_sequence::time_of(last)), last);
}

TEST(IdSequence, TwoNodes_NeverMeet) {
  id_sequence left{0};
  id_sequence right{255};
  EXPECT_NE(left.next(noon), right.next(noon));
  EXPECT_EQ(id_sequence::time_of(left.next(one_ms_later)), id_sequence::time_of(right.next(one_ms_later)));
}

TEST(IdSequence, BeforeTheFirstDay_IsTakenAsTheFirstDay) {
  id_sequence sequence{1};
  EXPECT_EQ(id_sequence::time_of(sequence.next(utc_time{})), utc_time{std::chrono::milliseconds{1'704'067'200'000}});
}

}  // namespace
}  // namespace dialer
