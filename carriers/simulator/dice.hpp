#pragma once
// Chance that does not depend on the order of events: every draw is a pure function of the seed and of what it is
// about.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "carriers/simulator/scenario.hpp"
#include "model/random.hpp"

namespace dialer::carriers::simulator {

/// A generator for one subject: the same seed, subject and ordinal give the same numbers on every machine.
random_source draws_for(std::uint64_t seed, std::string_view subject, std::uint64_t ordinal) noexcept;

std::int64_t draw(random_source& random, range_ms range) noexcept;

/// How one call goes, fixed before it is dialed. All times in milliseconds, each counted from the step before.
struct call_plan {
  call_fate fate = call_fate::human;
  int sip = 200;
  std::int64_t post_dial = 0;
  std::int64_t ring = 0;     ///< no_answer: how long it rings before it gives up
  std::int64_t verdict = 0;  ///< never after the end of the talk
  std::int64_t talk = 0;
};

/// The plan of the `ordinal`-th call (from 0) to `to`.
call_plan plan_call(const scenario& rules, std::uint64_t seed, std::string_view to, std::uint64_t ordinal);

/// What bites one request.
struct request_faults {
  std::optional<fault_rule> before;  ///< at most one of before and after
  std::optional<fault_rule> after;
  std::int64_t delay_ms = 0;
};

/// What bites one callback.
struct callback_faults {
  bool lost = false;
  bool twice = false;
  bool reordered = false;
  std::int64_t delay_ms = 0;
};

/// Applies the scenario's fault rules for one carrier. Skips and limits count in the order of asking.
class fault_dice {
 public:
  fault_dice(const scenario& rules, carrier_name carrier, std::uint64_t seed);

  /// `subject` and `ordinal` name the request: for a create-call the destination and its n-th create.
  request_faults roll_request(api_operation operation, std::string_view subject, std::uint64_t ordinal);
  callback_faults roll_callback(std::string_view call_ref, std::uint64_t sequence);

 private:
  struct counted_rule {
    fault_rule rule;
    std::uint64_t salt;  ///< place in the file, so that rules draw apart
    std::uint64_t seen = 0;
    std::uint64_t bitten = 0;
  };
  bool bites(counted_rule& entry, random_source& random);

  std::uint64_t seed_;
  std::vector<counted_rule> rules_;
};

}  // namespace dialer::carriers::simulator
