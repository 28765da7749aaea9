// Settings -> the database: names become ids, and what changes is told.

#include <algorithm>
#include <map>
#include <stdexcept>

#include "callerid/number_rules.hpp"
#include "cli/audit_by.hpp"
#include "cli/errors.hpp"
#include "cli/new_id.hpp"
#include "cli/settings_description.hpp"
#include "cli/settings_file.hpp"
#include "compliance/do_not_call_list.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

std::string no_secret(const std::string&, const sql::secret_place&) {
  return {};
}

described describe_stored(sql::session& on, const std::string& organisation) {
  described all;
  const auto id = sql::find_organisation(on, organisation);
  if (!id) return all;
  engine::organisation_snapshot snapshot;
  {
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    snapshot = sql::read_snapshot(tx, *id, no_secret);
  }
  return describe(organisation, snapshot, sql::read_integrations(on, *id), sql::read_number_records(on, *id),
                  sql::read_do_not_call(on, *id), sql::read_number_prices(on, *id));
}

/// Opens every list that the file names, which reads it to its end.
std::vector<sql::do_not_call_record> read_lists(const settings& wanted) {
  std::vector<sql::do_not_call_record> records;
  for (const do_not_call_settings& one : wanted.do_not_call) {
    try {
      const auto list = compliance::do_not_call_list::open(one.file);
      records.push_back({one.name, one.file.string(), list->version(), list->as_of(), list->size()});
    } catch (const std::runtime_error& wrong) {
      throw settings_error("[[do_not_call]] \"" + one.name + "\" file: " + wrong.what() +
                           "; make it with: dialer dnc build");
    }
  }
  return records;
}

/// One transaction's worth of changes, in the order in which things refer to each other.
class applying {
 public:
  applying(sql::transaction& tx, const settings& wanted, const std::vector<sql::do_not_call_record>& lists,
           const described& before)
      : tx_{tx}, config_{tx, new_id}, wanted_{wanted}, lists_{lists}, before_{before}, after_{describe(wanted)} {
    keep_unsaid(wanted, before, after_);
  }

  std::vector<settings_change> run() {
    const auto organisation = config_.organisation(wanted_.organisation, wanted_.sharing, wanted_.allowed_countries);
    organisation_ = organisation.id;
    note("organisation " + wanted_.organisation, organisation.what);
    for (const auto& one : wanted_.workspaces) {
      const auto made = config_.workspace(organisation_, one);
      workspaces_[one.name] = made.id;
      note("workspace " + one.name, made.what);
    }
    for (const auto& one : wanted_.integrations) {
      const auto made = config_.integration(organisation_, one);
      integrations_[one.account.name] = made.id;
      note("integration " + one.account.name, made.what);
    }
    apply_agents();
    apply_numbers();
    for (const auto& one : wanted_.campaigns) {
      campaigns::settings what = one.what;
      what.workspace = workspaces_.at(one.workspace);
      what.agent = agents_.at({one.workspace, one.agent});
      note("campaign " + one.workspace + "/" + what.name, config_.campaign(organisation_, what).what);
    }
    // What the file does not name stays.
    if (!wanted_.restrictions.empty()) {
      note("number restrictions", config_.number_restrictions(organisation_, wanted_.restrictions));
    }
    if (!lists_.empty()) note("do-not-call lists", config_.do_not_call(organisation_, lists_));
    if (!wanted_.number_prices.empty()) {
      note("number prices", config_.number_prices(organisation_, wanted_.number_prices));
    }
    refuse_conflicts();
    return std::move(changes_);
  }

  organisation_id organisation() const { return organisation_; }

 private:
  void note(const std::string& what, sql::change how) {
    if (how == sql::change::none) return;
    settings_change change{what, how, {}};
    if (how == sql::change::updated) change.fields = differences(before_, after_, what);
    changes_.push_back(std::move(change));
  }

  void apply_agents() {
    for (const auto& one : wanted_.agents) {
      engine::agent_record what = one.what;
      what.workspace = workspaces_.at(one.workspace);
      const auto made = config_.agent(organisation_, what);
      agents_[{one.workspace, what.name}] = made.id;
      note("agent " + one.workspace + "/" + what.name, made.what);
    }
  }

  void apply_numbers() {
    std::map<agent_name, std::vector<phone_number_id>> shown;
    for (const auto& [name, id] : agents_) shown[name];
    for (const auto& one : wanted_.numbers) {
      callerid::phone_number what = one.what;
      what.workspace = workspaces_.at(one.workspace);
      what.integration = integrations_.at(one.integration);
      const auto made = apply_number(what, one);
      note("number " + what.number.text(), made.what);
      for (const auto& agent : one.shown_by) shown[agent].push_back(made.id);
    }
    for (const auto& [name, numbers] : shown) {
      note("numbers shown by " + name.workspace + "/" + name.name,
           config_.assignments(organisation_, agents_.at(name), numbers));
    }
  }

  sql::applied<phone_number_id> apply_number(const callerid::phone_number& what, const number_settings& one) {
    sql::number_details more;
    more.friendly_name = one.friendly_name;
    more.voicemail_message = one.voicemail_message;
    if (one.fallback) more.fallback_agent = id_of(*one.fallback);
    sql::applied<phone_number_id> made;
    try {
      made = config_.number(organisation_, what, more);
    } catch (const sql::configuration_error& refused) {
      throw settings_error("[[numbers]] list: " + std::string(refused.what()));
    }
    const auto use = [&](callerid::profile as, const std::vector<agent_name>& agents) {
      std::vector<agent_id> ids;
      for (const agent_name& each : agents) {
        if (const auto id = id_of(each)) ids.push_back(*id);
      }
      const sql::change how = config_.number_users(organisation_, made.id, as, ids);
      if (made.what == sql::change::none) made.what = how;
    };
    if (what.status == callerid::number_status::released) return made;
    if (one.answered_by) use(callerid::profile::inbound, {*one.answered_by});
    if (one.sms_by) use(callerid::profile::sms, *one.sms_by);
    return made;
  }

  std::optional<agent_id> id_of(const agent_name& who) const {
    return who.name.empty() ? std::nullopt : std::optional{agents_.at(who)};
  }

  // The picker leaves conflicting assignments out; whoever wrote the file must hear of it instead.
  void refuse_conflicts() {
    const engine::organisation_snapshot now = sql::read_snapshot(tx_, organisation_, no_secret);
    std::vector<std::string> lines;
    const auto refuse = [&](const callerid::assignment& asked, const char* key, const callerid::refusal& why) {
      const auto agent = std::ranges::find(now.agents, asked.agent, &engine::agent_record::id);
      const auto number = std::ranges::find(now.numbers, asked.number, &callerid::phone_number::id);
      lines.push_back("list \"" + (number == now.numbers.end() ? asked.number.text() : number->number.text()) + "\" " +
                      key + " \"" + agent->name + "\": rule " + std::string(why.rule) + ": " +
                      callerid::named_obstacle(why) + "; " + why.remedy);
    };
    for (const callerid::conflict& each : callerid::find_conflicts(now.sharing, now.numbers, now.assignments)) {
      refuse(each.asked, key_of(each.asked.as), each.why);
    }
    // A fallback takes nobody's place, but must be one that could be given the number.
    for (const sql::number_record& number : sql::read_number_records(tx_.on(), organisation_)) {
      if (!number.fallback_agent || number.status == callerid::number_status::released) continue;
      const auto agent = std::ranges::find(now.agents, *number.fallback_agent, &engine::agent_record::id);
      const callerid::assignment asked{number.id, agent->id, agent->workspace, callerid::profile::inbound};
      const callerid::phone_number alone = number;
      if (const auto why = callerid::check_assignment(now.sharing, {&alone, 1}, {}, asked)) {
        refuse(asked, "fallback", *why);
      }
    }
    if (lines.empty()) return;
    std::ranges::sort(lines);  // by number: ids made in one millisecond come in any order
    std::string all = "[[numbers]]: " + std::to_string(lines.size()) + " uses that the sharing policy refuses";
    for (const std::string& line : lines) all += "\n  " + line;
    throw settings_error(all);
  }

  static const char* key_of(callerid::profile as) {
    switch (as) {
      case callerid::profile::outbound: return "shown_by";
      case callerid::profile::inbound: return "answered_by";
      case callerid::profile::sms: break;
    }
    return "sms_by";
  }

  sql::transaction& tx_;
  sql::configuration config_;
  const settings& wanted_;
  const std::vector<sql::do_not_call_record>& lists_;
  const described& before_;
  described after_;
  organisation_id organisation_;
  std::map<std::string, workspace_id> workspaces_;
  std::map<std::string, integration_id> integrations_;
  std::map<agent_name, agent_id> agents_;
  std::vector<settings_change> changes_;
};

}  // namespace

std::vector<settings_change> apply(sql::session& on, const settings& wanted, bool dry_run, const std::string& reason) {
  const described before = describe_stored(on, wanted.organisation);
  // Before the transaction: the organisation dials nothing while that has its row.
  const std::vector<sql::do_not_call_record> lists = read_lists(wanted);
  sql::transaction tx{on};
  applying run{tx, wanted, lists, before};
  auto changes = run.run();
  if (dry_run) return changes;
  if (!changes.empty()) {
    sql::append_audit(tx, run.organisation(), audit_by_command("applySettings", run.organisation().text(), reason));
  }
  tx.commit();
  return changes;
}

std::vector<settings_change> apply_file(sql::session& on, const std::filesystem::path& file) {
  return apply(on, read_settings_file(file), false, file.string());
}

sql::applied<campaign_id> apply_campaign(sql::session& on, organisation_id organisation,
                                         const campaign_settings& wanted, const std::string& reason) {
  sql::transaction tx{on};
  campaigns::settings what = wanted.what;
  const sql::params workspace = sql::params{}.uuid(organisation).text(wanted.workspace);
  const sql::result found = tx.run("SELECT id FROM workspace WHERE org_id = $1 AND name = $2", workspace);
  if (found.rows() == 0) {
    throw settings_error("there is no workspace \"" + wanted.workspace + "\"; add it with: dialer apply -f FILE");
  }
  what.workspace = found.wide<workspace_id>(0, 0);
  const sql::result agent = tx.run("SELECT id FROM agent WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
                                   sql::params{}.uuid(organisation).uuid(what.workspace).text(wanted.agent));
  if (agent.rows() == 0) {
    throw settings_error("workspace \"" + wanted.workspace + "\" has no agent \"" + wanted.agent +
                         "\"; add it with: dialer apply -f FILE");
  }
  what.agent = agent.wide<agent_id>(0, 0);
  const auto made = sql::configuration{tx, new_id}.campaign(organisation, what);
  if (made.what != sql::change::none) {
    const char* action = made.what == sql::change::created ? "createCampaign" : "changeCampaign";
    sql::append_audit(tx, organisation, audit_by_command(action, made.id.text(), reason));
  }
  tx.commit();
  return made;
}

}  // namespace dialer::cli
