#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/wallet_json.hpp"
#include "cli/audit_by.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/lookup.hpp"
#include "cli/new_id.hpp"
#include "cli/system_clock.hpp"
#include "cli/text_table.hpp"
#include "sql/storable_text.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t reference_max = 100;              // bytes
constexpr std::int64_t top_up_max = 1'000'000'000'000;  // minor units: sums stay far from 64 bits
constexpr int shown_max = 20;                           // entries and unpaid rents

money amount_of(const wallet_top_up_options& options) {
  if (!parse_money("0", options.currency)) {
    throw usage_error("--currency \"" + options.currency + "\" is none; write three capital letters, such as USD");
  }
  const auto amount = parse_money(options.amount, options.currency);
  if (!amount || amount->minor <= 0) {
    throw usage_error("--amount \"" + options.amount + "\" is no amount of " + options.currency +
                      " above 0; write it like " + (fraction_digits(options.currency) == 0 ? "2500" : "25.00"));
  }
  if (amount->minor > top_up_max) {
    throw usage_error("--amount " + options.amount + " is more than " + to_string(money{top_up_max, options.currency}) +
                      "; pay it in parts");
  }
  return *amount;
}

void check_reference(const std::string& reference) {
  if (!reference.empty() && sql::storable_text(reference, reference_max) == reference) return;
  throw usage_error("--reference must be a text of up to 100 bytes, such as the payment's number");
}

[[noreturn]] void refuse(sql::transfer_outcome outcome, const wallet_top_up_options& options, const money& balance) {
  if (outcome == sql::transfer_outcome::no_wallet) {
    throw usage_error("--currency " + options.currency + ": the wallet of workspace \"" + options.workspace +
                      "\" is in " + balance.currency + "; pay in that");
  }
  throw usage_error("--reference \"" + options.reference +
                    "\" was paid in before with another amount; give another payment a reference of its own");
}

}  // namespace

int run_wallet_top_up(const wallet_top_up_options& options) {
  sql::transfer paid;
  paid.amount = amount_of(options);
  check_reference(options.reference);
  paid.id = wallet_transfer_id{new_id()};
  paid.name = "top-up " + options.reference;
  paid.from = sql::wallet_account::paid_in;
  paid.to = sql::wallet_account::balance;
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  const workspace_id workspace = find_workspace(on, organisation, options.workspace);
  sql::transaction tx{on};
  sql::retry_unpaid_rents(tx, organisation, workspace, system_clock{}.now().utc);
  const sql::transfer_outcome outcome = sql::move_money(tx, organisation, workspace, paid);
  const money balance = sql::read_wallet(on, organisation, workspace).value_or(money{});
  const bool now = outcome == sql::transfer_outcome::done;
  if (!now && outcome != sql::transfer_outcome::done_before) refuse(outcome, options, balance);
  if (now) sql::append_audit(tx, organisation, audit_by_command("topUpWallet", paid.id.text(), options.reason));
  tx.commit();
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"workspace_id", workspace.text()},
                                       {"paid_in_before", !now},
                                       {"balance", balance.minor},
                                       {"currency", balance.currency}}) +
          "\n");
  } else {
    print((now ? to_string(paid.amount) + " are paid in" : "\"" + options.reference + "\" was paid in before") +
          "; the balance of workspace \"" + options.workspace + "\" is " + to_string(balance) + ".\n");
  }
  return exit_ok;
}

int run_wallet_show(const wallet_options& options) {
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  const workspace_id workspace = find_workspace(on, organisation, options.workspace);
  const sql::transaction tx{on, sql::transaction::mode::snapshot};
  const auto balance = sql::read_wallet(on, organisation, workspace);
  const auto unpaid = sql::read_unpaid_rents(on, organisation, workspace, shown_max);
  const auto entries = sql::read_wallet_entries(on, organisation, workspace, {.count = shown_max});
  if (options.output == output_format::json) {
    json::object all = api::wallet_json(workspace, balance, unpaid);
    json::array newest;
    for (const sql::wallet_entry& one : entries) newest.push_back(api::wallet_entry_json(one));
    all["entries"] = std::move(newest);
    print(json::serialize(all) + "\n");
    return exit_ok;
  }
  std::string text = "balance  " + (balance ? to_string(*balance) : "0; nothing was ever paid in") + "\n";
  if (!unpaid.empty()) {
    text_table rents;
    rents.row({"unpaid rent of", "a month", "since"});
    for (const sql::unpaid_rent& one : unpaid) {
      rents.row({one.number.text(), to_string(one.amount), to_text(one.since)});
    }
    text += "\n" + rents.text();
  }
  if (!entries.empty()) {
    text_table newest;
    newest.row({"at", "amount", "account", "name", "note"});
    for (const sql::wallet_entry& one : entries) {
      newest.row(
          {to_text(one.at), to_string(one.amount), std::string(api::name_of_account(one.other)), one.name, one.note});
    }
    text += "\n" + newest.text();
  }
  print(text);
  return exit_ok;
}

}  // namespace dialer::cli
