#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "api/campaign_json.hpp"
#include "api/list_text.hpp"
#include "cli/audit_by.hpp"
#include "cli/campaign_text.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/lookup.hpp"
#include "cli/over_rest.hpp"
#include "cli/text_table.hpp"
#include "sql/campaign_report.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t print_at = 1 << 16;

}  // namespace

int run_campaign_list(const organisation_options& options) {
  if (!options.context.empty()) return over_rest::campaign_list(options);
  const database store{options.database};
  sql::session on = store.open();
  std::vector<listed_campaign> all;
  for (const campaigns::settings& one : sql::read_campaigns(on, find_organisation(on, options.organisation))) {
    all.push_back({one.id.text(), one.name, std::string(sql::to_string(one.state)), one.frozen});
  }
  print(campaigns_text(all, options.output));
  return exit_ok;
}

int run_campaign_action(const campaign_options& options, sql::campaign_action action) {
  if (!options.context.empty()) return over_rest::campaign_action(options, action);
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
  print(campaign_state_text(campaign.campaign.text(), campaign.name, std::string(sql::to_string(made.state)),
                            options.output));
  return exit_ok;
}

int run_campaign_status(const campaign_options& options) {
  if (!options.context.empty()) return over_rest::campaign_status(options);
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const auto state = sql::read_campaign(on, campaign.organisation, campaign.campaign).value().state;
  const sql::campaign_status status = sql::read_status(on, campaign.organisation, campaign.campaign);
  print(campaign_status_text({campaign.campaign.text(), campaign.name, std::string(sql::to_string(state)), false},
                             api::status_json(status), options.output));
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
