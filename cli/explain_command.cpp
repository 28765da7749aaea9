#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/explain.hpp"
#include "cli/instants.hpp"
#include "cli/lookup.hpp"
#include "cli/rules.hpp"
#include "cli/text_table.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
using compliance::gate_step;
using compliance::verdict;

const gate_step* first_blocker(const std::vector<gate_step>& steps) {
  for (const gate_step& step : steps) {
    if (!step.result.is_allowed()) return &step;
  }
  return nullptr;
}

const char* word(verdict::kind kind) {
  switch (kind) {
    case verdict::kind::allowed: return "allowed";
    case verdict::kind::not_yet: return "not_yet";
    case verdict::kind::never: return "never";
  }
  return "never";
}

sql::contact_facts find(sql::session& on, const found_campaign& campaign, const explain_options& options) {
  std::optional<sql::contact_facts> found;
  if (!options.contact.empty()) {
    const auto id = contact_id::parse(options.contact);
    if (!id)
      throw usage_error("--contact \"" + options.contact + "\" is no contact id; they look like con_0123456789abc");
    found = sql::find_contact(on, campaign.organisation, campaign.campaign, *id);
  } else {
    const auto number = e164::parse(options.number);
    if (!number) throw usage_error("--number \"" + options.number + "\" is not E.164; write + and 7 to 15 digits");
    found = sql::find_contact(on, campaign.organisation, campaign.campaign, *number);
  }
  if (!found) {
    throw std::runtime_error("campaign " + campaign.name + " has no contact " +
                             (options.contact.empty() ? options.number : options.contact) +
                             "; was the row rejected at import? its verdict file says so");
  }
  return *found;
}

std::string conclusion(const gate_step* blocker) {
  if (blocker == nullptr) return "Nothing stands in the way: the contact is called as soon as it is its turn.\n";
  const reason_text& why = describe(blocker->result.why);
  std::string text = "First in the way: " + std::string(why.name) + " - " + std::string(why.meaning) + "\n";
  if (!why.remedy.empty()) text += "Remedy: " + std::string(why.remedy) + "\n";
  if (blocker->result.what == verdict::kind::never) return text + "Next: never.\n";
  return text + "Next: " +
         (blocker->result.until ? to_text(*blocker->result.until)
                                : std::string("when this changes, not by time alone")) +
         "\n";
}

std::string to_table(const explain_inputs& in, const std::vector<gate_step>& steps) {
  text_table table;
  for (const gate_step& step : steps) {
    std::string inputs;
    for (const auto& [name, value] : step.inputs) inputs += (inputs.empty() ? "" : ", ") + name + " " + value;
    std::string result = word(step.result.what);
    if (!step.result.is_allowed()) result += " (" + std::string(to_string(step.result.why)) + ")";
    table.row({std::string(step.name), result, inputs});
  }
  std::string text = "Contact " + in.contact.state.contact.text() + ", row " + std::to_string(in.contact.state.row) +
                     ", " + in.contact.state.number.text() + ", as of " + to_text(in.now) + "\n";
  text += table.text();
  for (const sql::attempt_row& attempt : in.contact.attempts) {
    text += "attempt " + std::to_string(attempt.number) + " " + attempt.attempt.text() + " at " +
            to_text(attempt.decided_at) + " from " + attempt.from.text();
    if (!attempt.outcomes.empty()) {
      const engine::outcome& last = attempt.outcomes.back();
      if (last.ended_as) text += ": " + std::string(to_string(*last.ended_as));
      if (!last.carrier_code.empty()) text += " (" + last.carrier_code + ")";
    }
    text += "\n";
  }
  return text + conclusion(first_blocker(steps));
}

std::string to_json(const explain_inputs& in, const std::vector<gate_step>& steps) {
  json::array list;
  for (const gate_step& step : steps) {
    json::object inputs;
    for (const auto& [name, value] : step.inputs) inputs[name] = value;
    json::object one{{"check", step.name}, {"verdict", word(step.result.what)}, {"inputs", std::move(inputs)}};
    if (!step.result.is_allowed()) one["reason"] = to_string(step.result.why);
    if (step.result.until) one["until"] = to_text(*step.result.until);
    list.push_back(std::move(one));
  }
  json::object all{{"contact", in.contact.state.contact.text()},
                   {"number", in.contact.state.number.text()},
                   {"at", to_text(in.now)},
                   {"place", in.contact.place},
                   {"attempts", in.contact.attempts.size()},
                   {"checks", std::move(list)}};
  const gate_step* blocker = first_blocker(steps);
  all["blocked_by"] = blocker == nullptr ? json::value() : json::value(to_string(blocker->result.why));
  all["next"] =
      blocker != nullptr && blocker->result.until ? json::value(to_text(*blocker->result.until)) : json::value();
  return json::serialize(all) + "\n";
}

}  // namespace

int run_explain(const explain_options& options) {
  explain_inputs in;
  in.now = read_at(options.at);
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  in.contact = find(on, campaign, options);
  in.campaign = sql::read_campaign(on, campaign.organisation, campaign.campaign).value();
  in.rules = rules_reader{}.load(sql::read_do_not_call(on, campaign.organisation));
  {
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    in.organisation =
        sql::read_snapshot(tx, campaign.organisation, [](const std::string&, const auto&) { return std::string(); });
  }
  const auto steps = explain(on, in);
  print(options.output == output_format::json ? to_json(in, steps) : to_table(in, steps));
  return exit_ok;
}

}  // namespace dialer::cli
