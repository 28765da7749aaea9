#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "api/campaign_json.hpp"
#include "api/list_text.hpp"
#include "cli/audit_by.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/lookup.hpp"
#include "cli/text_table.hpp"
#include "sql/campaign_report.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t print_at = 1 << 16;

std::string to_json(const found_campaign& campaign, campaigns::campaign_state state,
                    const sql::campaign_status& status) {
  json::object all{
      {"campaign", campaign.campaign.text()}, {"name", campaign.name}, {"state", std::string(sql::to_string(state))}};
  for (auto& [name, value] : api::status_json(status)) all.emplace(name, std::move(value));
  return json::serialize(all) + "\n";
}

std::string to_table(const found_campaign& campaign, campaigns::campaign_state state,
                     const sql::campaign_status& status) {
  text_table head, done, not_dialed, waiting;
  head.row({"contacts", std::to_string(status.contacts)});
  for (const sql::contact_stage stage : sql::all_stages) {
    head.row({"  " + std::string(to_string(stage)), std::to_string(status.by_stage[static_cast<std::size_t>(stage)])});
  }
  head.row({"attempts", std::to_string(status.attempts)});
  for (const disposition how : all_dispositions) {
    const auto n = status.done_by_disposition[static_cast<std::size_t>(how)];
    if (n != 0) done.row({std::string(to_string(how)), std::to_string(n)});
  }
  for (const reason_text& why : all_reasons()) {
    const auto n = status.done_without_attempt[static_cast<std::size_t>(why.value)];
    if (n != 0) not_dialed.row({std::string(why.name), std::to_string(n), std::string(why.meaning)});
  }
  for (const auto& one : status.waiting) {
    waiting.row({std::string(to_string(one.why)), std::to_string(one.contacts), one.place,
                 "first due " + to_text(one.first_due)});
  }
  std::string text =
      campaign.name + " (" + campaign.campaign.text() + "), " + std::string(sql::to_string(state)) + "\n" + head.text();
  const auto section = [&](const char* title, const text_table& table) {
    if (const std::string rows = table.text("  "); !rows.empty()) text += std::string(title) + "\n" + rows;
  };
  section("done, by disposition", done);
  section("never dialed", not_dialed);
  section("waiting", waiting);
  if (status.misplaced != 0) {
    text += std::to_string(status.misplaced) + " contacts are in no stage or in several: the ledger is damaged\n";
  }
  return text;
}

}  // namespace

int run_campaign_action(const campaign_options& options, sql::campaign_action action) {
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  sql::campaign_change made;
  try {
    sql::transaction tx{on};
    made = sql::change_campaign_state(tx, campaign.organisation, campaign.campaign, action);
    sql::append_audit(
        tx, campaign.organisation,
        audit_by_command(std::string(sql::to_string(action)) + "Campaign", campaign.campaign.text(), options.reason));
    tx.commit();
  } catch (const sql::configuration_error& refused) {
    throw std::runtime_error(refused.what());  // the campaign's state stands in the way, not a setting
  }
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"campaign", campaign.campaign.text()},
                                       {"state", std::string(sql::to_string(made.state))}}) +
          "\n");
  } else {
    print("Campaign " + campaign.name + " is " + std::string(sql::to_string(made.state)) + ".\n");
  }
  return exit_ok;
}

int run_campaign_status(const campaign_options& options) {
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const auto state = sql::read_campaign(on, campaign.organisation, campaign.campaign).value().state;
  const sql::campaign_status status = sql::read_status(on, campaign.organisation, campaign.campaign);
  print(options.output == output_format::json ? to_json(campaign, state, status) : to_table(campaign, state, status));
  return status.misplaced == 0 ? exit_ok : exit_failed;
}

int run_campaign_export(const campaign_options& options) {
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const auto format = options.output == output_format::table ? api::export_format::csv : api::export_format::ndjson;
  std::string out;
  api::append_head(out, format, api::contact_json(campaign.campaign, {}));
  sql::export_contacts(on, campaign.organisation, campaign.campaign, [&](const sql::contact_row& row) {
    api::append_row(out, format, api::contact_json(campaign.campaign, row));
    if (out.size() >= print_at) {
      print(out);
      out.clear();
    }
  });
  print(out);
  return exit_ok;
}

}  // namespace dialer::cli
