#pragma once
// The life of an attempt as a pure state machine. Terminal is terminal; every edge that exists is in the table of
// attempt.cpp, and whoever applies an edge writes the outcome row it names before anything is shown to anyone.

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/ledger.hpp"

namespace dialer::engine {

enum class attempt_state : std::uint8_t {
  deciding,  ///< chosen in memory; its intent is being committed
  ready,     ///< intent durable; waiting for its call start or for the carrier's answer
  accepted,  ///< the carrier has the call
  in_doubt,  ///< may or may not have reached the carrier; live for every cap until the carrier was asked
  held,      ///< in doubt, and the carrier can't be asked
  closed,
};

enum class attempt_event : std::uint8_t {
  committed,    ///< the intent is durable
  rolled_back,  ///< the intent certainly is not
  not_sent,     ///< certainly never processed by the carrier
  rejected,     ///< the carrier said no
  accepted,     ///< the carrier said yes
  unanswered,   ///< sent, and no usable answer
  reported,     ///< a genuine callback or look-up shows the call alive
  ended,        ///< ... or over
  unreachable,  ///< the carrier could not be asked for long
  absent,       ///< the carrier was asked often enough and has no such call
};

struct attempt_step {
  attempt_state next;
  std::optional<outcome_kind> write;  ///< the row that must become durable with this step
};

/// nullopt: the event has no meaning in this state and changes nothing (a late, repeated or reordered fact).
std::optional<attempt_step> transition(attempt_state state, attempt_event event) noexcept;

std::string_view to_string(attempt_state state) noexcept;

}  // namespace dialer::engine
