#pragma once
// What a number of the platform costs every month. A month's rent is a transfer of its own ("rent phn_… 3"), so that it
// is charged once, by however many engines.

#include <cstdint>
#include <vector>

#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "model/money.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// From a month after `since` on, in the transaction in which a purchase succeeded: the number's monthly_cost each
/// month. A second time it changes nothing.
void start_rent(transaction& in, organisation_id organisation, phone_number_id number, utc_time since);
/// In the transaction that releases the number. What is unpaid then is not asked for any more.
void stop_rent(transaction& in, organisation_id organisation, phone_number_id number);

/// Whose next month has begun, or whose unpaid one is to be tried again; the longest due first.
std::vector<phone_number_id> read_due_rents(session& on, organisation_id organisation, utc_time now, int count);

enum class rent_outcome : std::uint8_t {
  charged,       ///< one month; the next one can be due, too
  unpaid,        ///< the wallet does not cover it, which it did before
  still_unpaid,  ///< and did not before
  not_due,       ///< charged meanwhile, or the number is released
};
struct rent_charge {
  rent_outcome outcome = rent_outcome::not_due;
  workspace_id workspace;
  money amount;
};
/// One month of one number, in the caller's transaction. An unpaid one is due again after `rent_retry`.
rent_charge charge_rent(transaction& in, organisation_id organisation, phone_number_id number, utc_time now,
                        wallet_transfer_id id);
inline constexpr std::chrono::hours rent_retry{24};

struct unpaid_rent {
  phone_number_id id;
  e164 number;
  money amount;  ///< a month's
  utc_time since{};
};
/// The longest unpaid first.
std::vector<unpaid_rent> read_unpaid_rents(session& on, organisation_id organisation, workspace_id workspace,
                                           int count);
/// Numbers whose rent is unpaid.
std::uint64_t count_unpaid_rents(session& on, organisation_id organisation);

/// What a workspace owes is due now: before money that is paid in moves.
void retry_unpaid_rents(transaction& in, organisation_id organisation, workspace_id workspace, utc_time now);

}  // namespace dialer::sql
