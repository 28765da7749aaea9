#include "tests/sim/edges.hpp"

#include <array>

#include "engine/attempt.hpp"

namespace {

using dialer::engine::attempt_event;
using dialer::engine::attempt_state;
using dialer::engine::attempt_step;

constexpr std::size_t states = static_cast<std::size_t>(attempt_state::closed) + 1;
constexpr std::size_t events = static_cast<std::size_t>(attempt_event::absent) + 1;
std::array<std::array<bool, events>, states> taken{};

}  // namespace

// The linker's names for the function wrapped and for what stands in its place.
std::optional<attempt_step> real_transition(attempt_state, attempt_event) __asm__(
    "__real__ZN6dialer6engine10transitionENS0_13attempt_stateENS0_13attempt_eventE");
std::optional<attempt_step> seen_transition(attempt_state, attempt_event) __asm__(
    "__wrap__ZN6dialer6engine10transitionENS0_13attempt_stateENS0_13attempt_eventE");

std::optional<attempt_step> seen_transition(attempt_state state, attempt_event event) {
  taken[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)] = true;
  return real_transition(state, event);
}

namespace dialer::sim {

std::vector<std::string> edges_not_taken() {
  const auto seen = taken;  // asking the table below takes every edge
  std::vector<std::string> missing;
  for (std::size_t state = 0; state < states; ++state) {
    for (std::size_t event = 0; event < events; ++event) {
      const auto from = static_cast<attempt_state>(state);
      const auto what = static_cast<attempt_event>(event);
      if (seen[state][event] || !engine::transition(from, what)) continue;
      // No answer to a create comes five minutes late.
      if (from == attempt_state::held && what == attempt_event::accepted) continue;
      missing.push_back(std::string{to_string(from)} + " + event " + std::to_string(event));
    }
  }
  return missing;
}

}  // namespace dialer::sim
