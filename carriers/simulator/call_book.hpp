#pragma once
// The calls of one simulated carrier and the ways to find them. Memory only; nothing is ever forgotten during a run.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "carriers/simulator/dice.hpp"
#include "model/clock.hpp"

namespace dialer::carriers::simulator {

enum class call_phase : std::uint8_t { queued, initiated, ringing, in_progress, ended };
enum class call_end : std::uint8_t { none, completed, busy, no_answer, failed, canceled };
inline constexpr std::array<std::string_view, 6> call_end_names{"",          "completed", "busy",
                                                                "no-answer", "failed",    "canceled"};

enum class detection : std::uint8_t { off, verdict, message_end };

/// Steps of a call that a customer may want to hear about.
enum class call_event : std::uint8_t { initiated, ringing, answered, verdict, ended };
inline constexpr std::array<std::string_view, 5> call_event_names{"initiated", "ringing", "answered", "verdict",
                                                                  "ended"};

/// Where callbacks go and how stubbornly (Twilio: the URL's fragment decides).
struct callback_target {
  std::string url;  ///< without fragment; empty = none
  int attempts_max = 2;
  bool retry_connect = true;
  bool retry_no_answer = false;
  bool retry_4xx = false;
  bool retry_5xx = false;
  bool retry_408_429 = false;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{15000};
};

struct callback_order {
  callback_target status;
  std::vector<std::pair<std::string, std::string>> by_event;  ///< Telnyx: URLs of events that do not go to status.url
  std::string agent;  ///< Twilio: the document's URL, or the SIP address that the document names
  callback_target machine;
  unsigned events = 0;  ///< bit n = call_event n
};

/// What create-call asks for, in no carrier's dialect.
struct create_order {
  std::string to;
  std::string from;
  std::string token;       ///< for the log
  std::string command_id;  ///< Telnyx
  std::string client_state;
  std::int64_t ring_timeout_s = 60;
  std::int64_t time_limit_s = 14'400;
  detection machine_detection = detection::off;
  bool no_answer_cause = false;  ///< Telnyx retry_on_timeout = false
  std::unique_ptr<callback_order> callbacks;
};

struct call_record {
  std::uint64_t ref_high = 0;
  std::uint64_t ref_low = 0;
  std::size_t index = 0;  ///< in order of creation
  std::size_t account = 0;
  std::uint64_t ordinal = 0;  ///< n-th call to this number, from 0
  utc_time created{};
  utc_time started{};  ///< these are the epoch until they happen
  utc_time answered{};
  utc_time ended{};
  utc_time updated{};
  utc_time listed_from{};
  utc_time fetched_from{};
  call_phase phase = call_phase::queued;
  call_end end = call_end::none;
  bool ended_by_customer = false;
  bool verdict_known = false;
  bool handed_over = false;
  int sip = 0;  ///< once ended
  int next_sequence = 0;
  std::int64_t queue_ms = 0;
  call_plan plan;
  create_order order;  ///< its callbacks are dropped with the last one

  bool was_answered() const noexcept { return answered != utc_time{}; }
  /// Whole seconds from answer to end, rounded up as carriers bill; 0 without an answer.
  std::int64_t talk_seconds(utc_time until) const noexcept;
};

struct account_state {
  std::string id;
  std::string secret;
  account_limits limits;
  std::uint32_t requests_in_flight = 0;
  std::set<std::size_t> live;     ///< calls not ended, by index
  std::deque<std::size_t> queue;  ///< waiting for the call rate; canceled ones are skipped when their turn comes
  std::size_t waiting = 0;        ///< of those, not canceled
  utc_time next_start{};          ///< earliest start the call rate allows
  bool slot_scheduled = false;
  std::deque<utc_time> window;     ///< Telnyx: dials taken in the last five seconds
  std::vector<std::size_t> calls;  ///< all, oldest first
};

class call_book {
 public:
  /// `reference_salt`: equal salts give equal references.
  explicit call_book(std::uint64_t reference_salt) noexcept : references_{reference_salt} {}

  /// Ordinal and references are given here; the rest of the record is the caller's to fill.
  call_record& add(std::size_t account, create_order order);
  call_record& at(std::size_t index) { return *calls_[index]; }
  const call_record& at(std::size_t index) const { return *calls_[index]; }
  call_record* find(std::uint64_t ref_high, std::uint64_t ref_low);
  /// Calls to one number, oldest first; empty when there is none.
  const std::vector<std::size_t>& calls_to(std::string_view to) const;

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct ref_key {
    std::uint64_t high, low;
    friend bool operator==(const ref_key&, const ref_key&) = default;
  };
  struct ref_hash {
    std::size_t operator()(const ref_key& key) const noexcept { return static_cast<std::size_t>(key.high ^ key.low); }
  };

  random_source references_;
  std::vector<std::unique_ptr<call_record>> calls_;
  boost::unordered_flat_map<ref_key, std::size_t, ref_hash> by_ref_;
  boost::unordered_flat_map<std::string, std::vector<std::size_t>, text_hash, std::equal_to<>> by_to_;
};

}  // namespace dialer::carriers::simulator
