#pragma once
// Which number does this call show, and why that one?

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "callerid/inventory.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::callerid {

/// Same numbers as campaigns::caller_id_policy; the engine maps one to the other.
enum class policy : std::uint8_t { sticky = 0, local_presence = 1, least_used_today = 2 };

/// Why a number was chosen. Stored with the intent as its number: append only.
enum class choice : std::uint8_t {
  sticky = 1,          ///< shown to this contact before
  same_area_code = 2,  ///< local presence, longest shared prefix of area code and exchange
  same_state = 3,
  same_country = 4,
  least_used = 5,      ///< fewest calls in the last 24 hours
};
std::string_view to_string(choice value) noexcept;

/// Index of a number in the pool book; stable until the book is rebuilt.
using number_index = std::uint32_t;

struct picked {
  number_index number;
  choice why;
};

/// All pools of one organisation with the numbers' use. Owned by one shard; not synchronised.
///
/// A pool is what one agent may show on one carrier account: assigned numbers that satisfy S4 and S6. Numbers are shared
/// between pools, their use is counted once. Use survives rebuild() by E.164 number.
///
/// Fallback order: sticky -> least_used; local_presence -> same area code (longest shared prefix, then least used)
/// -> same state -> same country -> least_used. Ties break by use, then by number: deterministic.
class pool_book {
 public:
  pool_book();
  ~pool_book();
  pool_book(pool_book&&) noexcept;
  pool_book& operator=(pool_book&&) noexcept;

  /// Replaces numbers and assignments whole; conflicting assignments (check_assignments) are left out.
  void rebuild(sharing_policy sharing, const std::vector<phone_number>& numbers,
               const std::vector<outbound_assignment>& assignments);

  /// A number for a call to `to` by `agent` on `integration`, all caps respected; `last` is the number shown to this
  /// contact before (none if never). nullopt: `why_not` is no_caller_id or caller_id_caps, `until` (when caps) the
  /// earliest instant a cap frees, if that is known. Does not take anything. <= 300 ns with 10,000 numbers.
  std::optional<picked> pick(agent_id agent, integration_id integration, policy how, e164 to, e164 last, utc_time now,
                             reason& why_not, std::optional<utc_time>& until) const;

  /// Takes one use: in flight, and in the rolling hour and day at `now`.
  void take(number_index number, utc_time now);
  /// The call ended or was never placed.
  void release(number_index number);
  /// The request never left: gives the rolling counts back too. `at` is the instant passed to take.
  void retract(number_index number, utc_time at);
  /// Restores use at start-up from the ledger (attempts of the last 24 hours, and those still open).
  void restore(e164 number, utc_time at, bool in_flight);

  e164 number(number_index number) const;
  /// Index of a number that may be shown by `agent` on `integration` right now (S4, S6), or none: the last look.
  std::optional<number_index> find(e164 number) const;
  bool may_show(agent_id agent, integration_id integration, e164 number) const;
  std::uint32_t calls_in_last_day(number_index number, utc_time now) const;
  std::uint32_t in_flight(number_index number) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::callerid
