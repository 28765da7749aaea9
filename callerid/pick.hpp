#pragma once
// Which number does this call show, and why that one?

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "callerid/number_rules.hpp"
#include "callerid/rolling_use.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::callerid {

/// Same numbers as campaigns::caller_id_policy; the engine maps one to the other.
enum class policy : std::uint8_t { sticky = 0, local_presence = 1, least_used_today = 2, weighted = 3, fixed = 4 };

/// Why a number was chosen. Stored with the intent as its number: append only.
enum class choice : std::uint8_t {
  sticky = 1,          ///< shown to this contact before
  same_area_code = 2,  ///< local presence, longest shared prefix of area code and exchange
  same_state = 3,
  same_country = 4,
  least_used = 5,  ///< fewest calls in the last 24 hours
  weighted = 6,    ///< fewest calls in the last 24 hours for its weight
  fixed = 7,       ///< the campaign's one number
};
std::string_view to_string(choice value) noexcept;

/// "US-CA", "US", or empty when not known: where a number belongs. The port to whoever holds the area codes. Called by
/// rebuild() and by pick(); pure, and the text lives as long as the program.
using region_of = std::string_view (*)(e164 number);

/// The country that S8 judges a number by: as stated, else by `region`; empty when neither is known.
std::string_view country_of(const phone_number& number, region_of region);

struct picked {
  number_index number;
  choice why;
};

/// All pools of one organisation with the numbers' use. Owned by one shard; not synchronised.
///
/// A pool is what one agent may show on one carrier account: assigned numbers that satisfy S4, S6 and S8. Numbers are
/// shared between pools, their use is counted once. Use survives rebuild() by E.164 number; a number_index stays good
/// for the book's life, so a call that outlives its number's withdrawal is still released. A number listed twice (one
/// row per account) has the stricter of its caps, and the lesser weight.
///
/// Fallback order: sticky -> least_used; local_presence -> same area code (longest shared prefix, then least used)
/// -> same state -> same country -> least_used; weighted takes the fewest calls for its weight among all that are free,
/// fixed the number it names or none: neither falls back. Ties break by use, then by number: deterministic. Where area
/// codes have no fixed length (outside +1), the first three digits after the calling code stand for one. Countries that
/// share a calling code are told apart where both regions are known.
///
/// Windows: see rolling_use.hpp. No cap is ever exceeded; one frees at most a minute late.
class pool_book {
 public:
  /// `region`: null = no number's region is known but those that the inventory states.
  explicit pool_book(region_of region = nullptr);
  ~pool_book();
  pool_book(pool_book&&) noexcept;
  pool_book& operator=(pool_book&&) noexcept;

  /// Replaces numbers and assignments whole; what conflicts (number_rules.hpp) is left out, and what is not
  /// an outbound assignment.
  void rebuild(sharing_policy sharing, const std::vector<phone_number>& numbers,
               const std::vector<assignment>& assignments, const std::vector<number_restriction>& restrictions = {});

  /// A number for a call to `to` by `agent` on `integration`, all caps respected. `preferred`: for sticky the number
  /// shown to this contact before (none if never), for fixed the one that the campaign names. nullopt: `why_not` is
  /// no_caller_id, caller_id_caps or, when all rest, caller_id_resting; `until` (of the latter two) the earliest
  /// instant a number frees by time alone, if that is known: one that waits for a call to end frees at its release().
  /// Does not take anything. <= 300 ns with 10,000 numbers.
  std::optional<picked> pick(agent_id agent, integration_id integration, policy how, e164 to, e164 preferred,
                             utc_time now, reason& why_not, std::optional<utc_time>& until) const;

  /// Takes one use: in flight, and in the rolling hour and day at `now`.
  void take(number_index number, utc_time now);
  /// The call ended: no longer in flight.
  void release(number_index number);
  /// The request never left: release(), and the rolling counts back too. `at` is the instant passed to take.
  void retract(number_index number, utc_time at);
  /// What its health leaves of the number's use, in place of what was said before.
  void limit(number_index number, const number_limits& limits);
  /// The number's index, made at first sight.
  number_index index_of(e164 number);
  /// Restores use at start-up from the ledger (attempts of the last 24 hours, and those still open), in any order,
  /// before or after rebuild(). The index is for the release() of a call in flight.
  number_index restore(e164 number, utc_time at, bool in_flight);

  e164 number(number_index number) const;
  /// Index of a number that some agent may show right now (S4, S6), or none.
  std::optional<number_index> find(e164 number) const;
  /// The last look: may `agent` show it on `integration` right now (S4, S6)? Caps are not asked.
  bool may_show(agent_id agent, integration_id integration, e164 number) const;
  /// The accounts on which the agent has a number to show, in order of their ids. `only`: none but that number counts.
  std::vector<integration_id> integrations_of(agent_id agent, e164 only = {}) const;
  std::uint32_t calls_in_last_day(number_index number, utc_time now) const;
  std::uint32_t in_flight(number_index number) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::callerid
