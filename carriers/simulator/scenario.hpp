#pragma once
// What a simulated carrier is told to be like: limits, how calls end, how long they take, and which faults it has.
// Read from TOML (examples/carrier-faults.toml documents every key); plain values inside.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "carriers/simulator/log_entry.hpp"

namespace dialer::carriers::simulator {

/// A scenario that cannot be used; what() names file, line, key and remedy.
class scenario_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Milliseconds, both ends included.
struct range_ms {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// What becomes of a call that goes out to the network.
enum class call_fate : std::uint8_t { human, voicemail, busy, no_answer, rejected, failed, invalid };
inline constexpr std::array<std::string_view, 7> call_fate_names{"human",    "voicemail", "busy",   "no_answer",
                                                                 "rejected", "failed",    "invalid"};

struct timing {
  range_ms post_dial{20, 60};      ///< from leaving the queue to ringing, or to a refusal by the network
  range_ms ring{200, 1500};        ///< until a person, a machine or a refusal
  range_ms no_answer{1500, 2500};  ///< ringing without an answer; the request's own ring timeout still caps it
  range_ms talk{500, 3000};
  range_ms verdict{100, 400};  ///< machine detection, after the answer
};

/// Of calls; of the account; of numbers.
enum class api_operation : std::uint8_t {
  create,
  fetch,
  list,
  change,
  account,
  number_read,
  number_buy,
  number_change,
  number_release,
  unknown
};

enum class number_kind : std::uint8_t { local, national, mobile, toll_free };
inline constexpr std::array<std::string_view, 4> number_kind_names{"local", "national", "mobile", "toll_free"};

/// One row of `fault_traits` for each, in this order.
enum class fault_kind : std::uint8_t {
  answer_late,
  throttled_429,
  error_500_before,
  error_500_after,
  unavailable_503,
  unauthorized_401,
  redirect_302,
  html_502_before,
  html_502_after,
  drop_before,
  drop_after,
  reset_before,
  reset_after,
  partial_answer,
  trickled_answer,
  bad_json,
  huge_answer,
  callback_lost,
  callback_late,
  callback_twice,
  callback_reordered,
};

/// late: delays the answer. before: the request is not acted on. after: it is, and the answer is spoiled.
enum class fault_phase : std::uint8_t { late, before, after, callback };

struct fault_trait {
  std::string_view name;
  fault_phase phase;
};

inline constexpr std::array fault_traits{
    fault_trait{"answer_late", fault_phase::late},
    fault_trait{"throttled_429", fault_phase::before},
    fault_trait{"error_500_before", fault_phase::before},
    fault_trait{"error_500_after", fault_phase::after},
    fault_trait{"unavailable_503", fault_phase::before},
    fault_trait{"unauthorized_401", fault_phase::before},
    fault_trait{"redirect_302", fault_phase::before},
    fault_trait{"html_502_before", fault_phase::before},
    fault_trait{"html_502_after", fault_phase::after},
    fault_trait{"drop_before", fault_phase::before},
    fault_trait{"drop_after", fault_phase::after},
    fault_trait{"reset_before", fault_phase::before},
    fault_trait{"reset_after", fault_phase::after},
    fault_trait{"partial_answer", fault_phase::after},
    fault_trait{"trickled_answer", fault_phase::after},
    fault_trait{"bad_json", fault_phase::after},
    fault_trait{"huge_answer", fault_phase::after},
    fault_trait{"callback_lost", fault_phase::callback},
    fault_trait{"callback_late", fault_phase::callback},
    fault_trait{"callback_twice", fault_phase::callback},
    fault_trait{"callback_reordered", fault_phase::callback},
};

struct fault_rule {
  fault_kind kind = fault_kind::answer_late;
  carrier_name carrier = carrier_name::none;                       ///< none = both
  std::optional<api_operation> operation = api_operation::create;  ///< nullopt = every one
  double probability = 1;
  std::uint64_t skip = 0;   ///< opportunities passed over first
  std::uint64_t limit = 0;  ///< bites at most so often; 0 = without end
  range_ms delay{0, 0};     ///< answer_late, callback_late; per byte of trickled_answer
  int retry_after_s = -1;   ///< throttled_429, unavailable_503; -1 = no such header
};

/// Limits of one account.
struct account_limits {
  double calls_per_second = 0;               ///< Twilio CPS, Telnyx DPS; 0 = none
  std::uint32_t concurrent_calls_max = 0;    ///< 0 = none
  std::uint32_t requests_in_flight_max = 0;  ///< Twilio's 20429; 0 = none
  std::vector<std::string> owned_numbers;    ///< Twilio: any other From is 21210; empty = all are owned
  bool held_numbers_only = false;            ///< any From that the account does not hold is refused
};

/// What a certain destination does, whatever the shares say.
struct destination_script {
  std::optional<call_fate> fate;
  std::optional<int> sip;  ///< of a failed call
  std::string refusal;     ///< error code or D-token with which create-call is refused
};

/// A number that the shelf does not have by itself, or that goes its own way.
struct scripted_number {
  carrier_name carrier = carrier_name::twilio;
  std::string number;
  std::string account;  ///< SID or connection id that holds it from the start; empty: for sale
  number_kind kind = number_kind::local;
  std::string friendly_name;
  std::string voice_url;  ///< Twilio
  std::string refusal;    ///< error code with which a purchase is refused; "failure": Telnyx's order fails
};

struct carrier_scenario {
  account_limits limits;
  std::map<std::string, account_limits, std::less<>> accounts;  ///< by SID or connection id; complete values
  std::map<std::string, std::string, std::less<>> voice_urls;   ///< Telnyx: a connection's webhook URL
  range_ms listing_lag{0, 0};                                   ///< until a new call shows in listings
  range_ms fetch_lag{0, 0};                                     ///< until GET of a new call finds it
};

struct scenario {
  std::optional<std::uint64_t> seed;
  carrier_scenario twilio;
  carrier_scenario telnyx;
  double queue_hours_max = 24;  ///< Twilio; above: 22005
  std::optional<std::array<std::uint8_t, 32>> telnyx_key_seed;
  range_ms order_settle{500, 500};                       ///< Telnyx: how long an order for numbers stays pending
  int callback_attempts_max = 3;                         ///< Telnyx; Twilio's follow from the callback URL
  std::int64_t callback_retry_ms = 1000;                 ///< before the n-th repetition: n times this
  std::int64_t callback_timeout_ms = 0;                  ///< 0 = the carrier's own (Twilio 15 s, Telnyx 5 s)
  std::array<double, 7> shares{45, 20, 8, 20, 3, 2, 2};  ///< by call_fate, any scale
  std::vector<int> failed_sip{503, 480, 500};            ///< drawn evenly for failed calls
  timing times;
  std::map<std::string, destination_script, std::less<>> destinations;  ///< by To
  int agent_status = 200;                                               ///< what the agents' applications answer
  std::vector<scripted_number> numbers;
  std::vector<fault_rule> faults;  ///< tried in this order

  scenario();  ///< the carriers' default limits: 1 CPS, 30 DPS

  const account_limits& limits_of(carrier_name carrier, std::string_view account) const;
  const carrier_scenario& of(carrier_name carrier) const { return carrier == carrier_name::telnyx ? telnyx : twilio; }
};

/// `name` stands for the file in messages. Throws scenario_error.
scenario parse_scenario(std::string_view toml, std::string_view name);
/// Throws scenario_error when the file cannot be read or used.
scenario load_scenario(const std::string& path);

}  // namespace dialer::carriers::simulator
