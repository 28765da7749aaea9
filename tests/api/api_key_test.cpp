// Keys: their text, and the ring that says whose they are.

#include "api/api_key.hpp"

#include <gtest/gtest.h>

#include "api/key_ring.hpp"
#include "tests/api/manual_clock.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;

const key_pepper pepper{1, 2, 3};
const api_key_id id{id128{0x0198'0000'0000'7000, 0x8000'0000'0000'0001}};
const std::string text = api_key_text(id, {id128{11, 12}, id128{13, 14}});

TEST(ApiKey, Text_NamesItsIdAndHidesNothingElse) {
  EXPECT_TRUE(text.starts_with("dlr_" + id.text().substr(4) + "_")) << text;
  EXPECT_EQ(text.size(), 97U);
  EXPECT_EQ(api_key_id_of(text), id);
}

TEST(ApiKey, AnyCharacterChanged_IsNoKey) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == '7' ? '8' : '7';
    EXPECT_FALSE(api_key_id_of(wrong)) << i;
  }
  EXPECT_FALSE(api_key_id_of(""));
  EXPECT_FALSE(api_key_id_of(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(api_key_id_of(text + "7"));
}

TEST(ApiKey, Hash_DependsOnEveryBitOfKeyAndPepper) {
  EXPECT_EQ(api_key_hash(text, pepper).size(), 32U);
  EXPECT_NE(api_key_hash(text, pepper), api_key_hash(text, key_pepper{1, 2, 4}));
  EXPECT_NE(api_key_hash(text, pepper), api_key_hash(api_key_text(id, {id128{11, 12}, id128{13, 15}}), pepper));
  EXPECT_NE(api_key_hash(text, pepper), api_key_hash(api_key_text(id, {id128{10, 12}, id128{13, 14}}), pepper));
  EXPECT_NE(mark_of(pepper), mark_of(key_pepper{1, 2, 4}));
}

TEST(ApiKey, EqualSecrets_TakesLengthIntoAccount) {
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "abcd"));
}

class ring_of_keys : public testing::Test {
 protected:
  sql::api_key_record record(const std::string& of = text) const {
    sql::api_key_record key;
    key.id = api_key_id_of(of).value();
    key.hash = api_key_hash(of, pepper);
    key.pepper = mark_of(pepper);
    key.scopes = 3;
    return key;
  }
  void load(std::vector<sql::api_key_record> keys) {
    ring_.replace(organisation_, keys);
    ring_.confirm(time_.now().steady);
  }

  test::manual_clock time_;
  key_ring ring_{pepper, time_};
  organisation_id organisation_{id128{5, 6}};
};

TEST_F(ring_of_keys, GoodKey_SaysForWhomItActs) {
  sql::api_key_record key = record();
  key.workspace = workspace_id{id128{7, 8}};
  load({key});
  const verified_key found = ring_.verify(text);
  EXPECT_EQ(found.verdict, key_verdict::good);
  EXPECT_EQ(found.who.organisation, organisation_);
  EXPECT_EQ(found.who.key, id);
  EXPECT_EQ(found.who.workspace, key.workspace);
  EXPECT_TRUE(sql::has(found.who.scopes, sql::scope::operate));
  EXPECT_FALSE(sql::has(found.who.scopes, sql::scope::admin));
}

TEST_F(ring_of_keys, RightIdWithAnotherSecret_IsUnknown) {
  load({record()});
  EXPECT_EQ(ring_.verify(api_key_text(id, {id128{11, 12}, id128{13, 15}})).verdict, key_verdict::unknown);
}

TEST_F(ring_of_keys, BeforeTheFirstLook_NobodyIsLetIn) {
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unavailable);
  ring_.replace(organisation_, {record()});
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unavailable);
}

TEST_F(ring_of_keys, LookOlderThanTrusted_LetsNobodyIn) {
  load({record()});
  time_.advance(key_ring::trusted_for - 1us);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::good);
  time_.advance(1us);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unavailable);
  static_assert(key_ring::trusted_for < 1s, "a revocation is promised in under a second");
  ring_.confirm(time_.now().steady);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::good);
}

TEST_F(ring_of_keys, RevokedKey_IsUnknown) {
  load({record()});
  sql::api_key_record revoked = record();
  revoked.revoked_at = time_.now().utc;
  load({revoked});
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unknown);
}

TEST_F(ring_of_keys, ExpiryIsExclusive_AndToldOnlyToTheHolder) {
  sql::api_key_record key = record();
  key.expires_at = time_.now().utc + 500ms;
  load({key});
  time_.advance(500ms - 1us);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::good);
  time_.advance(1us);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::expired);
  EXPECT_EQ(ring_.verify(api_key_text(id, {id128{11, 12}, id128{13, 15}})).verdict, key_verdict::unknown);
}

TEST_F(ring_of_keys, KeyOfAnotherPepper_IsCountedAndRefused) {
  sql::api_key_record key = record();
  key.pepper = mark_of(key_pepper{9});
  EXPECT_EQ(ring_.replace(organisation_, {key}), 1U);
  ring_.confirm(time_.now().steady);
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unknown);
}

TEST_F(ring_of_keys, OtherOrganisationsKeys_StayAsTheyAre) {
  const std::string other = api_key_text(api_key_id{id128{0x0198'0000'0000'7000, 0x8000'0000'0000'0002}}, {});
  load({record()});
  ring_.replace(organisation_id{id128{5, 7}}, {record(other)});
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::good);
  EXPECT_EQ(ring_.verify(other).verdict, key_verdict::good);
  load({});
  EXPECT_EQ(ring_.verify(text).verdict, key_verdict::unknown);
  EXPECT_EQ(ring_.verify(other).verdict, key_verdict::good);
}

}  // namespace
}  // namespace dialer::api
