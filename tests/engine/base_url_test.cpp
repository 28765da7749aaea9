#include "engine/base_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace dialer::engine {
namespace {

TEST(BaseUrl, HostAndPort_AreTakenApart) {
  const base_url plain = parse_base_url("https://api.example.com");
  EXPECT_EQ(plain.host, "api.example.com");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(parse_base_url("https://127.0.0.1:8443/").port, 8443);
  EXPECT_EQ(parse_base_url("https://[::1]:9").host, "::1");
}

// Credentials go where this says.
TEST(BaseUrl, WhatCouldMeanAnotherHost_IsRefusedWithARemedy) {
  for (const char* bad :
       {"", "api.example.com", "http://api.example.com", "https://", "https:///x", "https://user:word@api.example.com",
        "https://api.example.com:0", "https://api.example.com:70000", "https://api.example.com:port",
        "https://127.0.0.1.example.com", "https://api example.com"}) {
    try {
      (void)parse_base_url(bad);
      ADD_FAILURE() << bad;
    } catch (const std::invalid_argument& refused) {
      EXPECT_THAT(refused.what(), testing::HasSubstr("write it as https://host or https://host:port")) << bad;
    }
  }
}

}  // namespace
}  // namespace dialer::engine
