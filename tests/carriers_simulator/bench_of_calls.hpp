#pragma once
// A simulated carrier on the bench: virtual time, recorded effects, requests in the shape clients send them.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

using namespace std::chrono_literals;

inline constexpr std::string_view twilio_sid = "AC00000000000000000000000000000001";
inline constexpr std::string_view twilio_token = "a-token";
inline constexpr std::string_view telnyx_key = "KEY1";
inline constexpr std::string_view telnyx_connection = "1494404757140276705";
inline constexpr std::string_view caller = "+12125550199";

struct recorder final : outputs {
  std::vector<log_entry> log;
  std::vector<callback_post> posts;
  void record(const log_entry& entry) override { log.push_back(entry); }
  void post(callback_post callback) override { posts.push_back(std::move(callback)); }

  std::vector<log_entry> of(log_event event) const {
    std::vector<log_entry> out;
    for (const auto& entry : log) {
      if (entry.event == event) out.push_back(entry);
    }
    return out;
  }
  std::string trace() const {
    std::string out;
    for (const auto& entry : log) append_log_line(out, entry);
    for (const auto& each : posts) out.append(each.url).append(each.headers).append(each.body).append("\n");
    return out;
  }
};

/// A parsed answer; the parser lives with it.
class json_body {
 public:
  explicit json_body(const std::string& text) : parser_{std::make_unique<simdjson::dom::parser>()} {
    EXPECT_EQ(parser_->parse(text).get(root_), simdjson::SUCCESS) << text;
  }
  simdjson::dom::element at(std::string_view pointer) const {
    simdjson::dom::element out;
    EXPECT_EQ(root_.at_pointer(pointer).get(out), simdjson::SUCCESS) << pointer;
    return out;
  }
  std::string text(std::string_view pointer) const {
    std::string_view out;
    EXPECT_EQ(at(pointer).get(out), simdjson::SUCCESS) << pointer << " is no string";
    return std::string(out);
  }
  std::int64_t number(std::string_view pointer) const {
    std::int64_t out = 0;
    EXPECT_EQ(at(pointer).get(out), simdjson::SUCCESS) << pointer << " is no number";
    return out;
  }
  bool null(std::string_view pointer) const { return at(pointer).is_null(); }
  std::size_t size(std::string_view pointer) const { return simdjson::dom::array(at(pointer)).size(); }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
};

/// Everybody answers: calls end as a conversation with a person.
inline scenario calm() {
  scenario rules;
  rules.shares = {1, 0, 0, 0, 0, 0, 0};
  rules.times = {{10, 10}, {100, 100}, {500, 500}, {1000, 1000}, {200, 200}};
  return rules;
}

class bench_of_calls {
 public:
  bench_of_calls(carrier_name carrier, scenario rules, std::uint64_t seed = 7) : carrier_{carrier} {
    carrier_setup setup;
    setup.rules = std::move(rules);
    setup.seed = seed;
    if (carrier == carrier_name::twilio) {
      setup.accounts = {{std::string(twilio_sid), std::string(twilio_token)}};
      subject = make_twilio(std::move(setup), out);
    } else {
      setup.accounts = {{std::string(telnyx_connection), std::string(telnyx_key)}};
      std::array<std::uint8_t, 32> key{};
      key.fill(9);
      subject = make_telnyx(std::move(setup), key, out);
    }
  }

  api_answer send(std::string_view method, const std::string& target, const std::string& body = {}) {
    const auto answer = subject->handle({method, target, authorization(), body}, now);
    if (finish_answers) subject->answer_finished(answer.account);
    return answer;
  }

  /// Twilio create-call; `extra` are further encoded fields, each starting with '&'.
  api_answer create(std::string_view to, const std::string& extra = {}) {
    form_fields form;
    form.add("To", to);
    form.add("From", caller);
    form.add("Url", "https://agent.example.com/answer");
    return send("POST", path("/Calls.json"), form.encode() + extra);
  }
  /// Telnyx dial; `extra` are further members, each starting with ','.
  api_answer dial(std::string_view to, const std::string& extra = {}) {
    return send("POST", "/v2/calls",
                R"({"connection_id":")" + std::string(telnyx_connection) + R"(","from":")" + std::string(caller) +
                    R"(","to":")" + std::string(to) + "\"" + extra + "}");
  }
  std::string path(const std::string& rest) const { return "/2010-04-01/Accounts/" + std::string(twilio_sid) + rest; }

  std::string authorization() const {
    if (!wrong_secret.empty()) return wrong_secret;
    return carrier_ == carrier_name::twilio
               ? "Basic " + base64_encode(std::string(twilio_sid) + ":" + std::string(twilio_token))
               : "Bearer " + std::string(telnyx_key);
  }

  /// Lets time pass, step by due step.
  void wait(std::chrono::microseconds duration) {
    const auto until = now + duration;
    while (subject->next_due() && *subject->next_due() <= until) subject->advance(*subject->next_due());
    subject->advance(until);
    now = until;
  }
  /// Answers every post so far with `status`, at once.
  void acknowledge(int status = 200) {
    for (; acknowledged < out.posts.size(); ++acknowledged) {
      subject->callback_done(out.posts[acknowledged].id, {callback_outcome::answered, status}, now);
    }
  }

  recorder out;
  std::unique_ptr<simulated_carrier> subject;
  utc_time now = utc_time{1'795'000'000s};
  std::string wrong_secret;
  bool finish_answers = true;
  std::size_t acknowledged = 0;

 private:
  carrier_name carrier_;
};

inline std::string number(int n) {
  return "+1212555010" + std::to_string(n);
}

}  // namespace dialer::carriers::simulator
