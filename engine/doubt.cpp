#include "engine/doubt.hpp"

#include <algorithm>
#include <utility>

namespace dialer::engine {

steady_time next_look_at(const doubt& state, const doubt_timing& timing) {
  if (state.looks < timing.looks.size()) return state.since.steady + timing.looks[state.looks];
  const auto beyond = static_cast<std::int64_t>(state.looks - timing.looks.size() + 1);
  const auto last = timing.looks.empty() ? std::chrono::seconds{0} : timing.looks.back();
  return state.since.steady + last + beyond * timing.look_again;
}

utc_time created_from(const doubt& state, const doubt_timing& timing) {
  return state.intent_at + state.carrier_ahead - timing.clock_skew;
}

void note_clock(doubt& state, std::optional<utc_time> carrier_time, const doubt_timing& timing, instant now) {
  if (!carrier_time) return;
  const utc_time ours = state.since.utc + (now.steady - state.since.steady);
  const auto ahead = *carrier_time - ours;
  if (std::chrono::abs(ahead) <= timing.clock_off_max) state.carrier_ahead = ahead;
}

void note_match(doubt& state, const carriers::listed_call& call) {
  if (call.report.call_ref.empty()) {
    state.unnamed = true;
    return;
  }
  const auto known = std::ranges::find(state.found, call.report.call_ref,
                                       [](const carriers::listed_call& each) { return each.report.call_ref; });
  if (known == state.found.end()) {
    state.found.push_back(call);
  } else {
    if (known->created_at == utc_time{}) known->created_at = call.created_at;
    if (known->token.empty()) known->token = call.token;
    carriers::join(known->report, carriers::call_report{call.report});
  }
}

doubt_step conclude(doubt& state, bool clean, const doubt_timing& timing, steady_time now) {
  ++state.looks;
  clean &= !std::exchange(state.unnamed, false);
  if (!state.found.empty()) {
    // Several matches would mean the carrier placed the call more than once: keep the earliest, end the others. What
    // has this attempt's token is its call, what has only its numbers may be another's.
    const auto order = [](const carriers::listed_call& call) {
      const bool dated = call.created_at != utc_time{};  // Telnyx's active calls are not
      return std::pair{call.token.empty(), dated ? call.created_at : utc_time::max()};
    };
    const auto first = std::ranges::min_element(state.found, {}, order);
    doubt_step step{doubt_step::kind::adopt, *first, {}};
    for (const carriers::listed_call& call : state.found) {
      if (&call != &*first && call.report.phase != carriers::call_phase::ended) {
        step.hang_up.push_back(call.report.call_ref);
      }
    }
    state.found.clear();
    return step;
  }
  if (clean) {
    ++state.clean_empty;
    if (state.clean_empty >= 2 && now - state.since.steady >= timing.absent_after)
      return {doubt_step::kind::absent, {}, {}};
    return {doubt_step::kind::look_again, {}, {}};
  }
  const bool asked_for_long = now - state.since.steady >= timing.absent_after;
  return {asked_for_long ? doubt_step::kind::unreachable : doubt_step::kind::look_again, {}, {}};
}

}  // namespace dialer::engine
