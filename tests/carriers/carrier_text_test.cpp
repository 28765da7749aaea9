// The small readers and writers that everything foreign passes through.
#include <gtest/gtest.h>

#include "carriers/account.hpp"
#include "carriers/base64.hpp"
#include "carriers/call_report_text.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/hmac.hpp"
#include "carriers/timestamps.hpp"

namespace dialer::carriers {
namespace {

std::string encoded(std::string_view text) {
  std::string out;
  append_percent_encoded(text, out);
  return out;
}

TEST(Form, EveryByte_SurvivesEncodingAndDecoding) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(form_decode(encoded(bytes)), bytes);
  EXPECT_EQ(encoded("+1 a~b-c_d.e/é"), "%2B1%20a~b-c_d.e%2F%C3%A9");
}

TEST(Form, BrokenEscapes_StandForThemselves) {
  EXPECT_EQ(form_decode("%"), "%");
  EXPECT_EQ(form_decode("%4"), "%4");
  EXPECT_EQ(form_decode("%41"), "A");
  EXPECT_EQ(form_decode("%g1%4"), "%g1%4");
  EXPECT_EQ(form_decode("%%41+"), "%A ");
}

TEST(Form, Pairs_KeepOrderAndRepetition) {
  const auto fields = parse_form("a=1&&b&=x&a=2=3&");
  const std::vector<form_field> expected{{"a", "1"}, {"b", ""}, {"", "x"}, {"a", "2=3"}};
  EXPECT_EQ(fields, expected);
  EXPECT_EQ(form_value(fields, "a"), "1");
  EXPECT_EQ(form_value(fields, "c"), "");
  EXPECT_TRUE(parse_form("").empty());
}

TEST(Form, Query_EndsAtTheFragment) {
  EXPECT_EQ(query_of("https://a/b?c=d?e#f?g"), "c=d?e");
  EXPECT_EQ(query_of("https://a/b#c?d"), "");
  EXPECT_EQ(query_of("https://a/b"), "");
}

TEST(CallbackUrl, TokenIsTheLastParameterBeforeTheFragment) {
  const auto placed = [](std::string_view url) {
    const token_place place = place_token(url);
    return place.before + "TOKEN" + std::string{place.after};
  };
  EXPECT_EQ(placed("https://a/b"), "https://a/b?t=TOKEN");
  EXPECT_EQ(placed("https://a/b?"), "https://a/b?t=TOKEN");
  EXPECT_EQ(placed("https://a/b?c=1"), "https://a/b?c=1&t=TOKEN");
  EXPECT_EQ(placed("https://a/b?c=1&"), "https://a/b?c=1&t=TOKEN");
  EXPECT_EQ(placed("https://a/b#f?"), "https://a/b?t=TOKEN#f?");
  EXPECT_EQ(callback_url("https://a//", "/x"), "https://a/x");
}

TEST(Base64, Rfc4648Vectors_BothWays) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    std::string got;
    append_base64(bytes, base64_kind::standard, got);
    EXPECT_EQ(got, text);
    EXPECT_EQ(decode_base64(text, base64_kind::standard), bytes);
    std::string url;
    append_base64(bytes, base64_kind::url, url);
    EXPECT_EQ(url, text.substr(0, text.find('=')));
    EXPECT_EQ(decode_base64(url, base64_kind::url), bytes);
  }
  std::string both;
  append_base64(std::string_view{"\xfb\xff\xfe"}, base64_kind::standard, both);
  append_base64(std::string_view{"\xfb\xff\xfe"}, base64_kind::url, both);
  EXPECT_EQ(both, "+//+-__-");
}

TEST(Base64, OtherSpellings_AreRefused) {
  for (const auto text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "-_-_", "=", "====", "Z===", "Zg==Zg=="}) {
    EXPECT_FALSE(decode_base64(text, base64_kind::standard)) << text;
  }
  for (const auto text : {"Zg==", "Z", "Zh", "Zm9", "+/+/"})
    EXPECT_FALSE(decode_base64(text, base64_kind::url)) << text;
}

TEST(Hmac, Rfc2202AndRfc4231Vectors_AgainAndAgain) {
  const auto hex = [](const hmac::digest& digest, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
      text += {"0123456789abcdef"[digest[i] >> 4], "0123456789abcdef"[digest[i] & 15]};
    }
    return text;
  };
  const std::string_view key = "Jefe";
  const std::span bytes{reinterpret_cast<const std::uint8_t*>(key.data()), key.size()};
  const hmac sha1{hmac_hash::sha1, bytes};
  const hmac sha256{hmac_hash::sha256, bytes};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(hex(sha1.compute("what do ya want for nothing?"), 20), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex(sha256.compute("what do ya want for nothing?"), 32),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
}

TEST(Timestamps, CarriersDates_AreRead) {
  const utc_time expected{std::chrono::seconds{1'787'073'270}};
  for (const auto text :
       {"Tue, 18 Aug 2026 17:14:30 +0000", "18 Aug 2026 17:14:30 +0000", "Tue, 18 Aug 2026 17:14:30 GMT",
        "Tue, 18 Aug 2026 19:14:30 +0200", "Tue, 18 Aug 2026 12:44:30 -0430"}) {
    EXPECT_EQ(parse_rfc2822(text), expected) << text;
  }
  for (const auto text : {"2026-08-18T17:14:30Z", "2026-08-18T17:14:30.000000Z", "2026-08-18T19:14:30+02:00",
                          "2026-08-18T17:14:30.0000009Z"}) {
    EXPECT_EQ(parse_rfc3339(text), expected) << text;
  }
  EXPECT_EQ(parse_rfc3339("2026-08-18T17:14:30.5Z"), expected + std::chrono::milliseconds{500});
  EXPECT_EQ(format_rfc3339(expected + std::chrono::milliseconds{999}), "2026-08-18T17:14:30Z");
  EXPECT_EQ(format_rfc3339(utc_time{std::chrono::seconds{-1}}), "1969-12-31T23:59:59Z");
}

TEST(Timestamps, WhatIsNoDate_IsRefused) {
  for (const auto text :
       {"", "Tue, 18 Aug 2026 17:14:30", "Tue, 31 Feb 2026 17:14:30 +0000", "Tue, 18 Foo 2026 17:14:30 +0000",
        "Tue, 18 Aug 2026 24:14:30 +0000", "Tue, 18 Aug 2026 17:14:30 +0000x", "Tue, 18 Aug 26 17:14:30 GMT"}) {
    EXPECT_FALSE(parse_rfc2822(text)) << text;
  }
  for (const auto text :
       {"", "2026-08-18", "2026-08-18T17:14:30", "2026-13-18T17:14:30Z", "2026-02-29T17:14:30Z", "2026-08-18T17:60:30Z",
        "2026-08-18T17:14:30.Z", "2026-08-18T17:14:30Zx", "2026-08-18 17:14:30Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(ForeignText, ControlCharactersAndBrokenUtf8_AreEscaped) {
  EXPECT_EQ(foreign_text("plain é 漢"), "plain é 漢");
  EXPECT_EQ(foreign_text(std::string_view{"a\0b\x1b\x7f\r\n", 7}), "a\\x00b\\x1b\\x7f\\x0d\\x0a");
  EXPECT_EQ(foreign_text("\xc2\x85"), "\\xc2\\x85");  // a C1 control
  EXPECT_EQ(foreign_text("\xc2\xa0"), "\xc2\xa0");    // the first after them
  EXPECT_EQ(foreign_text("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(foreign_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(foreign_text("\xc0\x80"), "\\xc0\\x80");           // overlong
}

TEST(ForeignText, LongText_IsCutBetweenCharacters) {
  EXPECT_EQ(foreign_text(std::string(512, 'a')).size(), 512U);
  EXPECT_EQ(foreign_text(std::string(513, 'a')).size(), 512U);
  EXPECT_EQ(foreign_text(std::string(511, 'a') + "é").size(), 511U);
  EXPECT_EQ(foreign_text(std::string(509, 'a') + "\n").size(), 509U);
}

TEST(OnLoopback, OnlyThisMachine_Counts) {
  const auto at = [](std::string_view url) {
    account value;
    value.base_url = url;
    return on_loopback(value);
  };
  for (const auto url : {"https://127.0.0.1", "https://127.255.255.254:8443", "https://[::1]:9", "https://localhost/x",
                         "https://LocalHost:1", "http://127.0.0.1"}) {
    EXPECT_TRUE(at(url)) << url;
  }
  for (const auto url :
       {"https://api.twilio.com", "https://128.0.0.1", "https://126.255.255.255", "https://[::2]", "", "127.0.0.1",
        "https://localhost.example.com", "https://127.0.0.1.example.com", "https://127.0.0.1.example.com:8443/x",
        "https://0.0.0.0", "https://127.0.0.1@evil.example.com", "https://notlocalhost", "not a url"}) {
    EXPECT_FALSE(at(url)) << url;
  }
}

TEST(CallReportText, EveryField_ComesBack) {
  call_report report;
  report.call_ref = "v3:\"x\\";
  report.phase = call_phase::ended;
  report.if_answered = disposition::voicemail;
  report.if_unanswered = disposition::rejected;
  report.maybe_answered = true;
  report.machine = true;
  report.sip_code = 608;
  report.duration = std::chrono::seconds{0};
  report.at = utc_time{std::chrono::microseconds{1'787'073'270'521'992}};
  report.caller_id_signal = true;
  report.circuit = true;
  report.react = reaction::rest_caller_id;
  const auto got = parse_report(serialize_report(report));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->call_ref, report.call_ref);
  EXPECT_EQ(got->phase, report.phase);
  EXPECT_EQ(got->if_answered, report.if_answered);
  EXPECT_EQ(got->if_unanswered, report.if_unanswered);
  EXPECT_EQ(got->maybe_answered, report.maybe_answered);
  EXPECT_EQ(got->machine, report.machine);
  EXPECT_EQ(got->sip_code, report.sip_code);
  EXPECT_EQ(got->duration, report.duration);
  EXPECT_EQ(got->at, report.at);
  EXPECT_EQ(got->caller_id_signal, report.caller_id_signal);
  EXPECT_EQ(got->circuit, report.circuit);
  EXPECT_EQ(got->react, report.react);
}

TEST(CallReportText, Defaults_AreLeftOutAndComeBack) {
  call_report report;
  report.call_ref = "CA1";
  EXPECT_EQ(serialize_report(report), R"({"ref":"CA1","phase":0})");
  const auto got = parse_report(R"({"ref":"CA1","phase":0,"later":[]})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->if_answered, disposition::answered);
  EXPECT_EQ(got->if_unanswered, disposition::no_answer);
  EXPECT_FALSE(got->sip_code || got->duration || got->machine || got->circuit || got->caller_id_signal);
}

TEST(CallReportText, ForeignText_IsRefused) {
  for (const auto text : {"", "{}", "[]", R"({"ref":"x"})", R"({"ref":1,"phase":0})", R"({"ref":"x","phase":5})",
                          R"({"ref":"x","phase":-1})", R"({"ref":"x","phase":1,"answered":"maybe"})",
                          R"({"ref":"x","phase":1,"machine":1})", R"({"ref":"x","phase":1,"sip":"486"})",
                          R"({"ref":"x","phase":1,"duration_s":-1})", R"({"ref":"x","phase":1}x)"}) {
    EXPECT_FALSE(parse_report(text)) << text;
  }
}

}  // namespace
}  // namespace dialer::carriers
