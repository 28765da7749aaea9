#include "sql/number_rents.hpp"

#include <cstdio>

#include "model/months.hpp"
#include "sql/wallet.hpp"

namespace dialer::sql {
namespace {

std::string date_of(utc_time at) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(at)};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

transfer rent_of(phone_number_id number, utc_time since, int month, money amount, wallet_transfer_id id) {
  transfer one;
  one.id = id;
  one.name = "rent " + number.text() + " " + std::to_string(month);
  one.from = wallet_account::balance;
  one.to = wallet_account::rent;
  one.amount = std::move(amount);
  one.number = number;
  one.note = date_of(months_after(since, month)) + " to " + date_of(months_after(since, month + 1));
  return one;
}

}  // namespace

void start_rent(transaction& in, organisation_id organisation, phone_number_id number, utc_time since) {
  in.run(
      "INSERT INTO number_rent (org_id, number_id, since, due_at) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (org_id, number_id) DO NOTHING",
      params{}.uuid(organisation).uuid(number).time(since).time(months_after(since, 1)));
}

void stop_rent(transaction& in, organisation_id organisation, phone_number_id number) {
  in.run("DELETE FROM number_rent WHERE org_id = $1 AND number_id = $2", params{}.uuid(organisation).uuid(number));
}

std::vector<phone_number_id> read_due_rents(session& on, organisation_id organisation, utc_time now, int count) {
  const result rows =
      on.run("SELECT number_id FROM number_rent WHERE org_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
             params{}.uuid(organisation).time(now).int8(std::int64_t{count}));
  std::vector<phone_number_id> due;
  for (int i = 0; i < rows.rows(); ++i) due.push_back(rows.wide<phone_number_id>(i, 0));
  return due;
}

rent_charge charge_rent(transaction& in, organisation_id organisation, phone_number_id number, utc_time now,
                        wallet_transfer_id id) {
  // Whoever comes second waits for the row, and finds it due no more.
  const params which = params{}.uuid(organisation).uuid(number);
  const result due = in.run(
      "SELECT r.since, r.months, r.unpaid_since IS NOT NULL, p.workspace_id, p.monthly_cost, p.currency "
      "FROM number_rent r JOIN phone_number p ON p.org_id = r.org_id AND p.id = r.number_id "
      "WHERE r.org_id = $1 AND r.number_id = $2 AND r.due_at <= $3 FOR UPDATE OF r",
      params{which}.time(now));
  if (due.rows() == 0) return {};
  const utc_time since = due.time(0, 0);
  const int month = static_cast<int>(due.integer(0, 1)) + 1;
  rent_charge made{
      rent_outcome::charged, due.wide<workspace_id>(0, 3), {due.integer(0, 4), std::string(due.text(0, 5))}};
  const transfer rent = rent_of(number, since, month, made.amount, id);
  switch (move_money(in, organisation, made.workspace, rent)) {
    case transfer_outcome::done:
    case transfer_outcome::done_before:
    case transfer_outcome::done_otherwise:
      // Of several months that are owed, the last one makes the number paid.
      in.run(
          "UPDATE number_rent SET months = $3, due_at = $4, unpaid_since = CASE WHEN $4 <= $5 THEN unpaid_since END "
          "WHERE org_id = $1 AND number_id = $2",
          params{which}.int4(month).time(months_after(since, month + 1)).time(now));
      return made;
    case transfer_outcome::insufficient:
    case transfer_outcome::no_wallet: break;
  }
  made.outcome = due.boolean(0, 2) ? rent_outcome::still_unpaid : rent_outcome::unpaid;
  in.run(
      "UPDATE number_rent SET due_at = $3, unpaid_since = coalesce(unpaid_since, $4) "
      "WHERE org_id = $1 AND number_id = $2",
      params{which}.time(now + rent_retry).time(now));
  return made;
}

std::vector<unpaid_rent> read_unpaid_rents(session& on, organisation_id organisation, workspace_id workspace,
                                           int count) {
  const result rows = on.run(
      "SELECT p.id, p.number, p.monthly_cost, p.currency, r.unpaid_since FROM number_rent r "
      "JOIN phone_number p ON p.org_id = r.org_id AND p.id = r.number_id "
      "WHERE r.org_id = $1 AND r.unpaid_since IS NOT NULL AND p.workspace_id = $2 "
      "ORDER BY r.unpaid_since, p.id LIMIT $3",
      params{}.uuid(organisation).uuid(workspace).int8(std::int64_t{count}));
  std::vector<unpaid_rent> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<phone_number_id>(i, 0),
                   rows.phone(i, 1),
                   {rows.integer(i, 2), std::string(rows.text(i, 3))},
                   rows.time(i, 4)});
  }
  return all;
}

std::uint64_t count_unpaid_rents(session& on, organisation_id organisation) {
  return on
      .run("SELECT count(*) FROM number_rent WHERE org_id = $1 AND unpaid_since IS NOT NULL",
           params{}.uuid(organisation))
      .number(0, 0);
}

void retry_unpaid_rents(transaction& in, organisation_id organisation, workspace_id workspace, utc_time now) {
  in.run(
      "UPDATE number_rent r SET due_at = least(r.due_at, $3) FROM phone_number p WHERE r.org_id = $1 AND "
      "r.unpaid_since IS NOT NULL AND p.org_id = r.org_id AND p.id = r.number_id AND p.workspace_id = $2",
      params{}.uuid(organisation).uuid(workspace).time(now));
}

}  // namespace dialer::sql
