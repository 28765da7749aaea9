#include "cli/log.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr utc_time at{std::chrono::microseconds{1'790'000'003'004'999}};

TEST(log, text_is_for_people) {
  EXPECT_EQ(log_line(log_format::text, at, "info", "draining", {{"signal", "SIGTERM"}, {"waited_s", "10"}}),
            "[2026-09-21 14:13:23.004] [info] draining signal=SIGTERM waited_s=10");
  EXPECT_EQ(log_line(log_format::text, at, "error", "a\nb", {{"why", "c\r\n\x1b[2Jd"}}),
            "[2026-09-21 14:13:23.004] [error] a b why=c   [2Jd")
      << "an event is a line, whatever it holds";
}

TEST(log, json_is_one_object_a_line) {
  const std::string line =
      log_line(log_format::json, at, "warning", "it \"broke\"\n", {{"why", "a\nb"}, {"organisation", "org_1"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(json::serialize(json::parse(line)),
            R"({"time":"2026-09-21T14:13:23.004Z","level":"warning","message":"it \"broke\"\n",)"
            R"("fields":{"why":"a\nb","organisation":"org_1"}})");
  EXPECT_EQ(json::parse(log_line(log_format::json, at, "info", "x", {})).at("fields").as_object().size(), 0U);
}

TEST(log, canaries_are_masked_wherever_they_stand) {
  for (const log_format format : {log_format::text, log_format::json}) {
    const std::string line =
        log_line(format, at, "info", "called +12125550123 with dlr_01kdc2v4qje7gb9nyf4sfkmab1_canary",
                 {{"why", "Key (number)=(12125550123) exists"},
                  {"at", "postgresql://dialer:canary@db.example/dialer"},
                  {"secret", "whsec_canary"}});
    EXPECT_EQ(line.find("2125550"), std::string::npos) << line;
    EXPECT_EQ(line.find("canary"), std::string::npos) << line;
    EXPECT_NE(line.find("+*********23"), std::string::npos) << line;
  }
}

TEST(log, format_is_chosen_by_its_name) {
  EXPECT_EQ(parse_log_format("text"), log_format::text);
  EXPECT_EQ(parse_log_format("json"), log_format::json);
}

}  // namespace
}  // namespace dialer::cli
