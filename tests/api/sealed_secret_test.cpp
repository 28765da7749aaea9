#include "api/sealed_secret.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "carriers/base64.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view token = "0123456789abcdef-canary";
const secret_key one{1, 2, 3};
const secret_key other{1, 2, 4};
const sql::secret_place here{organisation_id{id128{1, 2}}, integration_id{id128{3, 4}}};

std::string refusal(const secret_keys& keys, const std::string& sealed, const sealed_place& of = here) {
  try {
    return "opened: " + keys.open(sealed, of);
  } catch (const secret_error& wrong) {
    return wrong.what();
  }
}

TEST(SealedSecret, RoundTrip_GivesItBackAndShowsNothing) {
  const secret_keys keys{{one}};
  for (const std::string_view secret : {token, std::string_view{}, std::string_view{"x"}}) {
    const std::string sealed = keys.seal(secret, here);
    EXPECT_TRUE(is_sealed(sealed));
    EXPECT_EQ(keys.open(sealed, here), secret);
  }
  EXPECT_THAT(keys.seal(token, here), Not(HasSubstr("canary")));
  EXPECT_FALSE(is_sealed("env:TOKEN"));
}

TEST(SealedSecret, SealedTwice_LooksDifferentEachTime) {
  const secret_keys keys{{one}};
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(seen.insert(keys.seal(token, here)).second);
}

TEST(SealedSecret, AnyAlteredByte_OpensNothing) {
  const secret_keys keys{{one}};
  const std::string sealed = keys.seal(token, here);
  const std::string bytes =
      carriers::decode_base64(std::string_view{sealed}.substr(7), carriers::base64_kind::url).value();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    std::string text = "sealed:";
    carriers::append_base64(altered, carriers::base64_kind::url, text);
    EXPECT_THAT(refusal(keys, text), Not(HasSubstr("opened"))) << "byte " << i;
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    std::string text = "sealed:";
    carriers::append_base64(std::string_view{bytes}.substr(0, length), carriers::base64_kind::url, text);
    EXPECT_THAT(refusal(keys, text), HasSubstr("altered")) << length << " bytes of it";
  }
  EXPECT_THAT(refusal(keys, "sealed:!"), HasSubstr("altered"));
  EXPECT_THAT(refusal(keys, "sealed:"), HasSubstr("PATCH /v1/integrations/crd_"));
}

TEST(SealedSecret, InAnotherPlace_OpensNothing) {
  const secret_keys keys{{one}};
  const std::string sealed = keys.seal(token, here);
  const sql::secret_place elsewhere[] = {{organisation_id{id128{1, 9}}, here.integration, false},
                                         {here.organisation, integration_id{id128{3, 9}}, false},
                                         {here.organisation, here.integration, true}};
  for (const sql::secret_place& place : elsewhere) {
    EXPECT_THAT(refusal(keys, sealed, place), HasSubstr("belongs to another integration"));
  }
}

TEST(SealedSecret, OfAWebhook_OpensForThatWebhookOnly) {
  const secret_keys keys{{one}};
  const organisation_id us = here.organisation;
  const webhook_id webhook{id128{3, 4}};  // the bits of the integration's
  const sealed_place there{us, webhook};
  const std::string sealed = keys.seal(token, there);
  EXPECT_EQ(keys.open(sealed, there), token);
  const std::string elsewhere = refusal(keys, sealed, {us, webhook_id{id128{3, 5}}});
  EXPECT_THAT(elsewhere, HasSubstr("belongs to another webhook"));
  EXPECT_THAT(elsewhere, HasSubstr("POST /v1/webhooks/" + webhook_id{id128{3, 5}}.text() + "/rotate"));
  EXPECT_THAT(refusal(keys, sealed, {organisation_id{id128{1, 9}}, webhook}), HasSubstr("another webhook"));
  EXPECT_THAT(refusal(keys, sealed, here), HasSubstr("another integration"));
  EXPECT_THAT(refusal(keys, keys.seal(token, here), there), HasSubstr("another webhook"));
  EXPECT_THAT(refusal(keys, "env:TOKEN", there), HasSubstr("altered")) << "only what was sealed is opened";
  EXPECT_THAT(refusal(keys, "", there), HasSubstr("altered"));
}

TEST(SealedSecret, UnderAnotherKey_SaysWhichKeyIsMissing) {
  const std::string sealed = secret_keys{{one}}.seal(token, here);
  const std::string said = refusal(secret_keys{{other}}, sealed);
  EXPECT_THAT(said, HasSubstr("--secret-key"));
  EXPECT_EQ(refusal(secret_keys{}, sealed), said);
  EXPECT_EQ(refusal(secret_keys{{other, other}}, secret_keys{{one}}.seal(token, here)), said) << "named by its mark";
}

TEST(SealedSecret, NewKeyBeforeTheOldOne_OpensBothAndSealsUnderTheNew) {
  const secret_keys both{{other, one}};
  EXPECT_EQ(both.open(secret_keys{{one}}.seal(token, here), here), token);
  EXPECT_EQ(secret_keys{{other}}.open(both.seal(token, here), here), token);
}

TEST(SealedSecret, WithoutAKey_NothingIsSealed) {
  try {
    (void)secret_keys{}.seal(token, here);
    FAIL() << "sealed under no key";
  } catch (const secret_error& wrong) {
    EXPECT_THAT(wrong.what(), HasSubstr("--secret-key FILE"));
    EXPECT_THAT(wrong.what(), Not(HasSubstr("canary")));
  }
}

}  // namespace
}  // namespace dialer::api
