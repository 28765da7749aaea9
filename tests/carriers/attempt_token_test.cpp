#include "carriers/attempt_token.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <set>

#include "carriers/base64.hpp"

namespace dialer::carriers {
namespace {

token_key key_of(std::uint8_t seed) {
  token_key key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(seed + i);
  return key;
}

attempt_token example() {
  attempt_token token;
  token.organisation = organisation_id{id128{0x0102030405060708, 0x090A0B0C0D0E0F10}};
  token.campaign = campaign_id{id128{0x1112131415161718, 0xFFFFFFFFFFFFFFFF}};
  token.attempt = attempt_id{0x7FFFFFFFFFFFFFFF};
  token.contact = contact_id{42};
  token.epoch = 9;
  token.issued_at = utc_time{std::chrono::seconds{1'790'000'000}};
  return token;
}

std::string signed_text(const token_signer& signer, const attempt_token& token) {
  std::string text;
  signer.sign(token, text);
  return text;
}

TEST(AttemptToken, SignedToken_ComesBackWhole) {
  const token_signer signer{key_of(1)};
  std::string text = "kept";
  signer.sign(example(), text);
  ASSERT_TRUE(text.starts_with("kept"));
  EXPECT_EQ(text.size(), 4U + 108U);
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_EQ(signer.verify(std::string_view{text}.substr(4)), example());
}

TEST(AttemptToken, PartOfASecond_IsDropped) {
  const token_signer signer{key_of(1)};
  attempt_token token = example();
  token.issued_at += std::chrono::microseconds{999'999};
  EXPECT_EQ(signer.verify(signed_text(signer, token)), example());
}

// The MAC, computed a second way, over the bytes as documented.
TEST(AttemptToken, Mac_IsTruncatedHmacSha256) {
  const token_key key = key_of(7);
  const std::string text = signed_text(token_signer{key}, example());
  const auto bytes = decode_base64(text, base64_kind::url);
  ASSERT_TRUE(bytes && bytes->size() == 81);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes->data()),
       65, mac, &length);
  EXPECT_EQ(bytes->substr(65), std::string(reinterpret_cast<char*>(mac), 16));
  EXPECT_EQ(bytes->substr(0, 9), std::string("\x01\x01\x02\x03\x04\x05\x06\x07\x08", 9));
}

TEST(AttemptToken, SameTokenSignedAgain_IsTheSameText) {
  const token_signer signer{key_of(1)};
  const std::string first = signed_text(signer, example());
  EXPECT_FALSE(signer.verify("nonsense"));
  EXPECT_EQ(signed_text(signer, example()), first);
}

TEST(AttemptToken, OtherKey_IsRefused) {
  EXPECT_FALSE(token_signer{key_of(2)}.verify(signed_text(token_signer{key_of(1)}, example())));
}

TEST(AttemptToken, EveryFlippedBit_IsRefused) {
  const token_signer signer{key_of(1)};
  const std::string good = signed_text(signer, example());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(signer.verify(bad)) << "character " << i << ", bit " << bit;
    }
  }
}

TEST(AttemptToken, EveryOtherCharacterAtEveryPlace_IsRefused) {
  const token_signer signer{key_of(3)};
  const std::string good = signed_text(signer, example());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="}) {
      if (c == good[i]) continue;
      std::string bad = good;
      bad[i] = c;
      ASSERT_FALSE(signer.verify(bad)) << "character " << i;
    }
  }
}

TEST(AttemptToken, EveryOtherLength_IsRefused) {
  const token_signer signer{key_of(1)};
  const std::string good = signed_text(signer, example());
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(signer.verify(good.substr(0, length)));
  for (const std::string_view more : {"=", "A", "AAAA"}) EXPECT_FALSE(signer.verify(good + std::string{more}));
}

TEST(AttemptToken, OtherVersion_IsRefusedEvenWhenSigned) {
  const token_key key = key_of(1);
  std::string bytes(65, '\0');
  bytes[0] = 2;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), mac, &length);
  std::string text;
  append_base64(bytes + std::string(reinterpret_cast<char*>(mac), 16), base64_kind::url, text);
  EXPECT_FALSE(token_signer{key}.verify(text));
}

TEST(AttemptToken, Shape_IsThatOfTokensWhateverTheKey) {
  const std::string good = signed_text(token_signer{key_of(1)}, example());
  EXPECT_TRUE(has_token_shape(good));
  EXPECT_TRUE(has_token_shape(signed_text(token_signer{key_of(2)}, example())));
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(has_token_shape(good.substr(0, length)));
  EXPECT_FALSE(has_token_shape(good + "A"));
  EXPECT_FALSE(has_token_shape("Ag" + good.substr(2))) << "version 2";
  for (const char c : std::string_view{"+/= .\0\x80", 7}) {
    std::string bad = good;
    bad[50] = c;
    EXPECT_FALSE(has_token_shape(bad)) << static_cast<int>(c);
  }
}

TEST(AttemptToken, EachField_ChangesTheText) {
  const token_signer signer{key_of(1)};
  std::set<std::string> texts{signed_text(signer, example())};
  attempt_token t = example();
  t.organisation.low ^= 1;
  texts.insert(signed_text(signer, t));
  t = example(), t.campaign.high ^= 1, texts.insert(signed_text(signer, t));
  t = example(), t.attempt.value ^= 1, texts.insert(signed_text(signer, t));
  t = example(), t.contact.value ^= 1, texts.insert(signed_text(signer, t));
  t = example(), t.epoch ^= 1, texts.insert(signed_text(signer, t));
  t = example(), t.issued_at += std::chrono::seconds{1}, texts.insert(signed_text(signer, t));
  EXPECT_EQ(texts.size(), 7U);
}

}  // namespace
}  // namespace dialer::carriers
