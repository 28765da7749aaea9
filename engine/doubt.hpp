#pragma once
// Resolving an attempt of unknown fate by the carrier's word only: when to look, how to
// match what the carrier lists, and when "no such call" may be believed. Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carriers/call.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::engine {

/// When a doubt is looked into and when it is over. Defaults: the carriers' documented and observed delays.
struct doubt_timing {
  /// Listings are asked so long after the doubt began; found calls are adopted at any look.
  std::vector<std::chrono::seconds> looks{std::chrono::seconds{2},   std::chrono::seconds{5},
                                          std::chrono::seconds{15},  std::chrono::seconds{45},
                                          std::chrono::seconds{120}, std::chrono::seconds{305}};
  /// "No such call" is believed after two clean answers, the later one at least so long after the doubt began: longer
  /// than the carrier's own request time limit plus the lag of its listing.
  std::chrono::seconds absent_after{300};
  /// Pause between looks once the list above is used up (the carrier could not be asked).
  std::chrono::seconds look_again{60};
  /// A call created so long before our intent can still be ours: clocks differ, and carriers give whole seconds.
  std::chrono::seconds clock_skew{30};
  /// A carrier's Date further off than this is no clock to go by.
  std::chrono::hours clock_off_max{24};
};

/// One attempt's doubt.
struct doubt {
  utc_time intent_at;                          ///< when the attempt was decided
  instant since;                               ///< when the doubt began: the lost answer, or the take-over
  std::uint32_t looks = 0;                     ///< finished looks
  std::uint32_t clean_empty = 0;               ///< of them, those answered cleanly without a match
  std::chrono::microseconds carrier_ahead{0};  ///< the carrier's clock less ours at `since`, by the Date of its answers
  std::vector<carriers::listed_call> found;    ///< matches of the look under way
  bool unnamed = false;                        ///< ... and one that does not say which call it is
  std::vector<std::size_t> not_ours;           ///< hashes of call references known to belong to earlier attempts
};

/// What to do after one page of a listing.
struct doubt_step {
  enum class kind : std::uint8_t { next_page, adopt, look_again, absent, unreachable };
  kind what = kind::look_again;
  carriers::listed_call adopted;     ///< adopt: the earliest match, of those with the attempt's token if there are any
  std::vector<std::string> hang_up;  ///< adopt: the other matches: calls that must not go on
};

/// When the next look is due.
steady_time next_look_at(const doubt& state, const doubt_timing& timing);

/// The earliest creation time, by the carrier's clock, of a call that can be this attempt's.
utc_time created_from(const doubt& state, const doubt_timing& timing);

/// Takes the carrier's clock from an answer received at `now`. Ours may have been set since the doubt began: what it
/// said then goes on by the steady one.
void note_clock(doubt& state, std::optional<utc_time> carrier_time, const doubt_timing& timing, instant now);

/// Digests one page of the look under way. `matches` says whether a listed call can be this attempt's (number pair,
/// creation time, token, not bound to another attempt).
template <class Matches>
doubt_step digest(doubt& state, const carriers::call_page& page, const doubt_timing& timing, steady_time now,
                  const Matches& matches);

/// Keeps a match. One call may be listed twice (Telnyx: among the active ones, then in the events): what says more of
/// it stays. One that names no call shows that there is one: nothing else may be concluded from this look.
void note_match(doubt& state, const carriers::listed_call& call);

/// The part of digest() that does not depend on the matcher: the look is complete.
doubt_step conclude(doubt& state, bool clean, const doubt_timing& timing, steady_time now);

template <class Matches>
doubt_step digest(doubt& state, const carriers::call_page& page, const doubt_timing& timing, steady_time now,
                  const Matches& matches) {
  if (page.ok) {
    for (const carriers::listed_call& call : page.calls) {
      if (matches(call)) note_match(state, call);
    }
    if (!page.next.empty()) return {doubt_step::kind::next_page, {}, {}};
  }
  return conclude(state, page.ok, timing, now);
}

}  // namespace dialer::engine
