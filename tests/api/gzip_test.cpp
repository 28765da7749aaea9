#include "api/gzip.hpp"

#include <gtest/gtest.h>

namespace dialer::api {
namespace {

/// Fed in pieces of so many bytes, read in pieces of so many.
std::string unpack(const std::string& packed, std::size_t fed = 1 << 20, std::size_t read = 1 << 20) {
  gunzip from;
  std::string all;
  for (std::size_t at = 0; at < packed.size(); at += fed) {
    from.feed(packed.substr(at, fed));
    for (std::string more; !(more = from.read(read)).empty();) {
      EXPECT_LE(more.size(), read);
      all += more;
    }
  }
  return from.at_end() ? all : "not whole";
}

std::string text_of(std::size_t bytes) {
  std::string text;
  for (std::uint32_t n = 1; text.size() < bytes; n = n * 1'664'525 + 1'013'904'223) text += std::to_string(n) + ",";
  return text;
}

TEST(Gzip, ComesBackAsItWas) {
  for (const std::string& text : {std::string(), std::string("x"), text_of(300'000), std::string(3'000'000, 'x')}) {
    EXPECT_EQ(unpack(gzip(text)), text);
  }
  EXPECT_LT(gzip(text_of(100'000)).size(), 60'000U);
}

TEST(Gzip, IsTheSameHoweverItIsCut) {
  const std::string text = text_of(20'000);
  const std::string packed = gzip(text);
  for (const std::size_t fed : {std::size_t{1}, std::size_t{7}, packed.size() - 1, packed.size()}) {
    for (const std::size_t read : {std::size_t{1}, std::size_t{4'096}, text.size(), text.size() + 1}) {
      ASSERT_EQ(unpack(packed, fed, read), text) << fed << " " << read;
    }
  }
}

TEST(Gzip, OneMemberAfterAnother_IsOneText) {
  EXPECT_EQ(unpack(gzip("one,") + gzip("two,") + gzip("")), "one,two,");
  EXPECT_EQ(unpack(gzip("one,") + gzip("two,"), 1), "one,two,");
}

TEST(Gzip, SmallThatIsLarge_IsReadAsSlowlyAsTheReaderLikes) {
  const std::string packed = gzip(std::string(50'000'000, 'x'));
  EXPECT_LT(packed.size(), 400'000U);
  gunzip from;
  from.feed(packed);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(from.read(1'000).size(), 1'000U);
  EXPECT_FALSE(from.at_end());
}

TEST(Gzip, WhatEndsEarly_IsNotWhole) {
  const std::string packed = gzip(text_of(1'000));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    ASSERT_EQ(unpack(packed.substr(0, size)), "not whole") << size;
  }
  EXPECT_EQ(unpack(gzip("one") + packed.substr(0, 9)), "not whole");
}

TEST(Gzip, WhatIsNone_IsRefused) {
  std::string altered = gzip(text_of(1'000));
  altered[altered.size() - 6] = static_cast<char>(altered[altered.size() - 6] ^ 1);  // of its checksum
  for (const std::string& strange : {std::string("phone_number\n"), altered, gzip("one") + "two"}) {
    EXPECT_THROW((void)unpack(strange), gzip_error);
  }
}

TEST(AcceptEncoding, SaysWhetherGzipIsTaken) {
  for (const char* yes : {"gzip", "GZIP", "x-gzip", "deflate, gzip", "br;q=1.0, gzip;q=0.001", "gzip ; q=1", "*",
                          "identity;q=0.5, *;q=0.1", "gzip;q=0.5, *;q=0"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "br, deflate", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzipped",
                         "gzip;q=x", ",", ";", "gzip;q="}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

TEST(ContentEncoding, IsPlainOrGzipOrUnknown) {
  for (const char* plain : {"", "identity", "Identity"}) EXPECT_EQ(parse_content_encoding(plain), body_coding::plain);
  for (const char* packed : {"gzip", "GZip", "x-gzip"}) EXPECT_EQ(parse_content_encoding(packed), body_coding::gzip);
  for (const char* unknown : {"br", "deflate", "zstd", "gzip, gzip", "identity, gzip", " "}) {
    EXPECT_EQ(parse_content_encoding(unknown), body_coding::unknown) << unknown;
  }
}

}  // namespace
}  // namespace dialer::api
