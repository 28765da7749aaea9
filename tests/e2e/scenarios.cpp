#include "tests/e2e/scenarios.hpp"

#include <algorithm>

namespace dialer::e2e {
namespace {

constexpr const char* quick_calls = R"(
[outcomes]
human = 46
voicemail = 22
busy = 8
no_answer = 18
rejected = 3
failed = 2
invalid = 1
[timing]
post_dial_ms = [20, 60]
ring_ms = [50, 200]
no_answer_ms = [200, 400]
talk_ms = [50, 300]
verdict_ms = [20, 50]
)";

// With five callbacks a call, engine and carriers together get no further on two cores; a busy line has two.
constexpr unsigned answered_calls_per_second_max = 1'500;
constexpr const char* busy_lines = R"(
[outcomes]
busy = 1
[timing]
post_dial_ms = [20, 60]
ring_ms = [0, 0]
)";

}  // namespace

rig_options quick_rig(const account_limits& accounts) {
  const auto twilio_cps = static_cast<unsigned>(accounts.twilio_calls_per_second);
  const auto telnyx_dps = static_cast<unsigned>(accounts.telnyx_calls_per_second);
  rig_options made;
  made.accounts = accounts;
  made.scenario = "[twilio]\ncps = " + std::to_string(twilio_cps) + "\n[telnyx]\ndps = " + std::to_string(telnyx_dps) +
                  (twilio_cps + telnyx_dps <= answered_calls_per_second_max ? quick_calls : busy_lines);
  made.wanted = unhindered();
  return made;
}

rig_options quick_rig(unsigned calls_per_second) {
  // The signature of each Telnyx callback takes 90 us to verify: at high rates the machine would do little else.
  const unsigned telnyx = std::min(calls_per_second / 3, 300U);
  return quick_rig({static_cast<double>(calls_per_second - telnyx), static_cast<double>(telnyx)});
}

std::string acting_faults() {
  std::string text;
  const auto fault = [&](const char* kind, const char* probability, const char* more = "") {
    text += "[[fault]]\nkind = \"" + std::string{kind} + "\"\nprobability = " + probability + "\n" + more + "\n";
  };
  fault("answer_late", "1.0", "on = \"any\"\ndelay_ms = [2, 15]");
  fault("error_500_before", "0.003");
  fault("drop_before", "0.003");
  fault("reset_before", "0.002");
  fault("throttled_429", "0.0005");
  fault("error_500_after", "0.01");
  fault("html_502_after", "0.003");
  fault("drop_after", "0.01");
  fault("reset_after", "0.005");
  fault("partial_answer", "0.003");
  fault("bad_json", "0.002");
  fault("huge_answer", "0.0002");
  fault("callback_lost", "0.02");
  fault("callback_late", "0.02", "delay_ms = [500, 5000]");
  fault("callback_twice", "0.05");
  fault("callback_reordered", "0.05");
  return text;
}

}  // namespace dialer::e2e
