#include "api/masked.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace dialer::api {
namespace {

TEST(Masked, Number_ShowsItsLastTwoDigits) {
  for (const auto& [text, shown] :
       {std::pair{"+12125550123", "+*********23"},
        {"called +12125550123.", "called +*********23."},
        {"to=+447700900123,from=+12125550199", "to=+**********23,from=+*********99"},
        {"+1 (212) 555-0123 is no number", "+* (***) ***-**23 is no number"},
        {"Key (org_id, number)=(x, 12125550123) exists", "Key (org_id, number)=(x, *********23) exists"},
        {"\"2125550123\"", "\"********23\""},
        {"(212) 555-0123", "(***) ***-**23"},
        {"212-555-0123 and 212.555.0124", "***-***-**23 and ***.***.**24"},
        {"x+12125550123", "x+*********23"},
        {"+1234567", "+*****67"},
        {"+123456789012345", "+*************45"},
        {"tel:+12125550123;ext=1", "tel:+*********23;ext=1"},
        {"+12125550123+12125550124", "+*********23+*********24"}}) {
    EXPECT_EQ(masked(text), shown);
  }
}

TEST(Masked, WhatIsNoNumber_StaysAsItIs) {
  for (const char* text :
       {"", "+", "listening on 127.0.0.1:8080", "2026-11-21T18:52:03Z", "2026-11-20 15:00:00", "epoch 4294967",
        "org_01kdc2v4qje7gb9nyf4sfkmab1", "att_12125550123x", "CA12125550123", "192.168.100.100", "9,876,543 rows",
        "+123456", "+1234567890123456", "1234567890123456", "SQLSTATE 23505", "12125550123abc", "con_7777777777"}) {
    EXPECT_EQ(masked(text), text);
  }
}

TEST(Masked, Secrets_AreGone) {
  const std::string id = "01kdc2v4qje7gb9nyf4sfkmab1";
  ASSERT_EQ(id.size(), 26U);
  for (const auto& [text, shown] :
       {std::pair<std::string, std::string>{"key dlr_" + id + "_canary_check is", "key dlr_" + id + "*** is"},
        {"dlr_" + id, "dlr_" + id},
        {"secret whsec_MfKQ9r8GKYqrTwjU/D8=", "secret whsec_***"},
        {"Authorization: Bearer canary", "Authorization: Bearer ***"},
        {"postgresql://dialer:canary@db.example:5432/dialer", "postgresql://dialer:***@db.example:5432/dialer"},
        {"https://crm.example:8443/hook and me@example.com", "https://crm.example:8443/hook and me@example.com"},
        {"postgresql://127.0.0.1:5432/x", "postgresql://127.0.0.1:5432/x"},
        {"host=db password=canary user=x", "host=db password=*** user=x"}}) {
    EXPECT_EQ(masked(text), shown);
  }
}

}  // namespace
}  // namespace dialer::api
