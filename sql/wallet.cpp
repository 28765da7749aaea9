#include "sql/wallet.hpp"

#include <stdexcept>

#include "sql/storable_text.hpp"

namespace dialer::sql {
namespace {

constexpr std::size_t note_max = 500;

void check(const transfer& what) {
  const bool in = what.to == wallet_account::balance;
  const bool out = what.from == wallet_account::balance;
  if (in == out) throw std::invalid_argument("a transfer moves money into the balance or out of it");
  if (what.amount.minor < 0) throw std::invalid_argument("a transfer moves an amount that is not below 0");
}

// What moved under the name before, out of `from` and into `to`.
std::optional<transfer_outcome> before(transaction& in, const params& wallet, const transfer& what) {
  const result rows =
      in.run("SELECT account, amount FROM wallet_entry WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
             params{wallet}.text(what.name));
  if (rows.rows() == 0) return std::nullopt;
  for (int i = 0; i < rows.rows(); ++i) {
    const auto account = rows.enumerator<wallet_account>(i, 0);
    const std::int64_t amount = rows.integer(i, 1);
    const bool same =
        (account == what.from && amount == -what.amount.minor) || (account == what.to && amount == what.amount.minor);
    if (!same) return transfer_outcome::done_otherwise;
  }
  return transfer_outcome::done_before;
}

}  // namespace

transfer_outcome move_money(transaction& in, organisation_id organisation, workspace_id workspace,
                            const transfer& what) {
  check(what);
  if (what.amount.minor == 0) return transfer_outcome::done;
  const params wallet = params{}.uuid(organisation).uuid(workspace);
  if (what.from == wallet_account::paid_in) {
    in.run(
        "INSERT INTO wallet (org_id, workspace_id, currency) VALUES ($1, $2, $3) "
        "ON CONFLICT (org_id, workspace_id) DO NOTHING",
        params{wallet}.text(what.amount.currency));
  }
  // Locked first and read by later statements: they see what the transfer before this one committed.
  const result locked = in.run(
      "SELECT currency, balance, transfers FROM wallet WHERE org_id = $1 AND workspace_id = $2 FOR UPDATE", wallet);
  if (locked.rows() == 0) return transfer_outcome::no_wallet;
  if (const auto happened = before(in, wallet, what)) return *happened;
  if (locked.text(0, 0) != what.amount.currency) return transfer_outcome::no_wallet;
  const bool out = what.from == wallet_account::balance;
  if (out && locked.integer(0, 1) < what.amount.minor) return transfer_outcome::insufficient;
  // The clock is read with the row locked: instants are in the order of the positions.
  in.run(
      "WITH clock AS (SELECT clock_timestamp() AS at) "
      "INSERT INTO wallet_entry (org_id, workspace_id, position, id, name, account, amount, at, number_id, note) "
      "SELECT $1, $2, $3, $4, $5, account, amount, clock.at, $9, $10 "
      "FROM clock, (VALUES ($6, -$8), ($7, $8)) AS two (account, amount)",
      params{wallet}
          .int8(locked.integer(0, 2) + 1)
          .uuid(what.id)
          .text(what.name)
          .int2(what.from)
          .int2(what.to)
          .int8(what.amount.minor)
          .uuid(what.number)
          .text(storable_text(what.note, note_max)));
  in.run("UPDATE wallet SET balance = balance + $3, transfers = transfers + 1 WHERE org_id = $1 AND workspace_id = $2",
         params{wallet}.int8(out ? -what.amount.minor : what.amount.minor));
  return transfer_outcome::done;
}

std::optional<money> read_wallet(session& on, organisation_id organisation, workspace_id workspace) {
  const result found = on.run("SELECT balance, currency FROM wallet WHERE org_id = $1 AND workspace_id = $2",
                              params{}.uuid(organisation).uuid(workspace));
  if (found.rows() == 0) return std::nullopt;
  return money{found.integer(0, 0), std::string(found.text(0, 1))};
}

std::vector<wallet_entry> read_wallet_entries(session& on, organisation_id organisation, workspace_id workspace,
                                              const wallet_entry_filter& which) {
  const result rows = on.run(
      "SELECT e.position, e.id, e.name, e.at, o.account, e.amount, w.currency, e.number_id, e.note "
      "FROM wallet_entry e JOIN wallet w USING (org_id, workspace_id) JOIN wallet_entry o ON o.org_id = e.org_id AND "
      "o.workspace_id = e.workspace_id AND o.position = e.position AND o.account <> 1 "
      "WHERE e.org_id = $1 AND e.workspace_id = $2 AND e.account = 1 AND ($3 = 0 OR e.position < $3) AND "
      "($4::uuid IS NULL OR e.number_id = $4) ORDER BY e.position DESC LIMIT $5",
      params{}
          .uuid(organisation)
          .uuid(workspace)
          .int8(which.before)
          .uuid(which.number)
          .int8(std::int64_t{which.count}));
  std::vector<wallet_entry> all;
  for (int i = 0; i < rows.rows(); ++i) {
    wallet_entry one;
    one.position = rows.number(i, 0);
    one.id = rows.wide<wallet_transfer_id>(i, 1);
    one.name = rows.text(i, 2);
    one.at = rows.time(i, 3);
    one.other = rows.enumerator<wallet_account>(i, 4);
    one.amount = {rows.integer(i, 5), std::string(rows.text(i, 6))};
    if (!rows.null(i, 7)) one.number = rows.wide<phone_number_id>(i, 7);
    one.note = rows.text(i, 8);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<number_price> read_number_prices(session& on, organisation_id organisation) {
  const result rows = on.run(
      "SELECT country, type, purchase, monthly, currency FROM number_price WHERE org_id = $1 ORDER BY country, type",
      params{}.uuid(organisation));
  std::vector<number_price> all;
  for (int i = 0; i < rows.rows(); ++i) {
    const std::string currency{rows.text(i, 4)};
    all.push_back({std::string(rows.text(i, 0)),
                   rows.enumerator<number_type>(i, 1),
                   {rows.integer(i, 2), currency},
                   {rows.integer(i, 3), currency}});
  }
  return all;
}

}  // namespace dialer::sql
