#include "cli/audit_by.hpp"
#include "cli/campaign_text.hpp"
#include "cli/commands.hpp"
#include "cli/engine_standing.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/new_id.hpp"
#include "cli/over_rest.hpp"
#include "cli/text_table.hpp"
#include "sql/generation.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

using sql::freezable;

/// What is frozen, with the name it has in the audit log and for the person.
struct target {
  freezable kind = freezable::organisation;
  id128 id;
  std::string resource;
  std::string said;
};

template <class Record, class Name>
target find_target(const std::vector<Record>& all, freezable kind, const std::string& what, const std::string& text,
                   Name name) {
  const Record& found = find_one(all, what, text, name);
  return {kind, found.id, found.id.text(), what + " " + name(found)};
}

target find_target(sql::session& on, const freeze_options& options, organisation_id& organisation) {
  if (!options.campaign.empty()) {
    const found_campaign found = find_campaign(on, {options.organisation, options.campaign});
    organisation = found.organisation;
    return {freezable::campaign, found.campaign, found.campaign.text(), "campaign " + found.name};
  }
  organisation = find_organisation(on, options.organisation);
  const auto by_name = [](const auto& one) { return one.name; };
  if (!options.workspace.empty()) {
    return find_target(sql::read_workspaces(on, organisation), freezable::workspace, "workspace", options.workspace,
                       by_name);
  }
  if (!options.agent.empty()) {
    return find_target(sql::read_agents(on, organisation), freezable::agent, "agent", options.agent, by_name);
  }
  if (!options.number.empty()) {
    auto held = sql::read_number_records(on, organisation);
    std::erase_if(held, [](const auto& one) { return one.status == callerid::number_status::released; });
    return find_target(held, freezable::number, "number", options.number,
                       [](const auto& one) { return one.number.text(); });
  }
  if (!options.integration.empty()) {
    std::vector<carriers::account> accounts;
    for (auto& one : sql::read_integrations(on, organisation)) accounts.push_back(std::move(one.account));
    return find_target(accounts, freezable::integration, "integration", options.integration, by_name);
  }
  return {freezable::organisation, organisation, organisation.text(), "the organisation"};
}

const char* action_of(freezable kind, bool frozen) {
  switch (kind) {
    case freezable::organisation: return frozen ? "freezeOrganisation" : "unfreezeOrganisation";
    case freezable::workspace: return frozen ? "freezeWorkspace" : "unfreezeWorkspace";
    case freezable::agent: return frozen ? "freezeAgent" : "unfreezeAgent";
    case freezable::campaign: return frozen ? "freezeCampaign" : "unfreezeCampaign";
    case freezable::integration: return frozen ? "freezeIntegration" : "unfreezeIntegration";
    case freezable::number: return frozen ? "freezeNumber" : "unfreezeNumber";
  }
  return "";
}

}  // namespace

int run_freeze(const freeze_options& options, bool frozen) {
  if (!options.context.empty()) return over_rest::freeze(options, frozen);
  const database store{options.database};
  sql::session on = store.open();
  organisation_id organisation;
  const target what = find_target(on, options, organisation);
  sql::transaction tx{on};
  (void)sql::configuration{tx, new_id}.freeze(organisation, what.kind, what.id, frozen);
  sql::append_audit(tx, organisation, audit_by_command(action_of(what.kind, frozen), what.resource, options.reason));
  const std::uint64_t generation = sql::read_generation(tx, organisation);
  tx.commit();
  const engine_standing standing = await_engine(on, organisation, generation);
  print(freeze_text(what.resource, what.said, frozen, standing, options.output));
  return exit_ok;
}

}  // namespace dialer::cli
