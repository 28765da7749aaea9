#pragma once
// A workspace's money, by double entry: a transfer moves an amount between the wallet's balance and one other account,
// its two entries sum to zero, and it happens once under its name.
//
// Order of locks: the organisation's row, those of numbers, orders and rents, the wallet's, the audit log's head. Money
// moves when all else of the transaction is done, so that nobody waits for a wallet longer than for a few statements.

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

/// A transfer. `name`: what it is for, and the reason that it happens once ("purchase phn_…", "rent phn_… 3"). One of
/// `from` and `to` is the balance.
struct transfer {
  wallet_transfer_id id;  ///< new
  std::string name;
  wallet_account from = wallet_account::balance;
  wallet_account to = wallet_account::purchases;
  money amount;  ///< 0: nothing moves, and that is done
  std::optional<phone_number_id> number;
  std::string note;
};

enum class transfer_outcome : std::uint8_t {
  done,
  done_before,     ///< under this name: nothing moved now
  done_otherwise,  ///< under this name, with another amount or other accounts: nothing moved now
  insufficient,    ///< the balance does not cover it: nothing moved
  no_wallet,       ///< the workspace has none, or one in another currency: nothing moved
};

/// Moves the money in the caller's transaction. The wallet's row is locked until its end. A transfer that pays in makes
/// the wallet of a workspace that has none. Throws std::invalid_argument when the amount is below 0 or not one of the
/// accounts is the balance.
transfer_outcome move_money(transaction& in, organisation_id organisation, workspace_id workspace,
                            const transfer& what);

/// The balance; nothing when the workspace has no wallet.
std::optional<money> read_wallet(session& on, organisation_id organisation, workspace_id workspace);

/// A transfer as its wallet saw it.
struct wallet_entry {
  std::uint64_t position = 0;  ///< among the wallet's: 1, 2, 3, … without a gap
  wallet_transfer_id id;
  std::string name;
  utc_time at{};
  wallet_account other = wallet_account::paid_in;  ///< where it came from or went to
  money amount;                                    ///< into the balance: below 0 when it went out
  std::optional<phone_number_id> number;
  std::string note;
};

struct wallet_entry_filter {
  std::optional<phone_number_id> number{};
  std::uint64_t before = 0;  ///< position; 0: from the newest on
  int count = 50;
};
/// The newest first.
std::vector<wallet_entry> read_wallet_entries(session& on, organisation_id organisation, workspace_id workspace,
                                              const wallet_entry_filter& which);

struct number_price {
  std::string country;
  number_type type = number_type::local;
  money purchase;
  money monthly;  ///< of the same currency
  friend bool operator==(const number_price&, const number_price&) = default;
};
/// By country and type.
std::vector<number_price> read_number_prices(session& on, organisation_id organisation);

}  // namespace dialer::sql
