#pragma once
// A workspace's money, by double entry: a transfer moves an amount between the wallet's balance and one other account,
// its two entries sum to zero, and it happens once under its name.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"
#include "model/ids.hpp"
#include "model/money.hpp"
#include "model/phone_number.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Stored as its number: append only.
enum class wallet_account : std::uint8_t { balance = 1, paid_in = 2, purchases = 3, rent = 4 };

/// A transfer. `name`: what it is for, and the reason that it happens once ("purchase phn_…", "rent phn_… 3").
struct transfer {
  wallet_transfer_id id;  ///< new
  std::string name;
  wallet_account from = wallet_account::balance;
  wallet_account to = wallet_account::purchases;
  money amount;  ///< above 0
  std::optional<phone_number_id> number;
  std::string note;
};

enum class transfer_outcome : std::uint8_t {
  done,
  done_before,   ///< under this name: nothing moved now
  insufficient,  ///< the balance does not cover it: nothing moved
  no_wallet,     ///< the workspace has none, or one in another currency: nothing moved
};

/// Moves the money in the caller's transaction. The wallet's row is locked until its end. A transfer that pays in makes
/// the wallet of a workspace that has none.
transfer_outcome move_money(transaction& in, organisation_id organisation, workspace_id workspace,
                            const transfer& what);

struct wallet_record {
  workspace_id workspace;
  money balance;
};
std::optional<wallet_record> read_wallet(session& on, organisation_id organisation, workspace_id workspace);

struct number_price {
  std::string country;
  number_type type = number_type::local;
  money purchase;
  money monthly;  ///< of the same currency
  friend bool operator==(const number_price&, const number_price&) = default;
};
std::vector<number_price> read_number_prices(session& on, organisation_id organisation);

}  // namespace dialer::sql
