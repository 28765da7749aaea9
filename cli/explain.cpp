#include "cli/explain.hpp"

#include <algorithm>
#include <array>

#include "api/campaign_words.hpp"
#include "callerid/pick.hpp"
#include "carriers/account.hpp"
#include "cli/instants.hpp"
#include "cli/place_finder.hpp"
#include "cli/settings_file.hpp"
#include "engine/judgement.hpp"

namespace dialer::cli {
namespace {

using compliance::gate_step;
using compliance::verdict;

constexpr std::array<const char*, 5> state_names{"draft", "running", "paused", "stopped", "finished"};
constexpr std::array<const char*, 4> stage_names{"fresh", "open", "waiting", "done"};

verdict check_campaign(campaigns::campaign_state state) {
  switch (state) {
    case campaigns::campaign_state::running: return verdict::allowed();
    case campaigns::campaign_state::stopped:
    case campaigns::campaign_state::finished: return verdict::never(reason::campaign_stopped);
    default: return verdict::not_yet(reason::campaign_not_running, std::nullopt);
  }
}

verdict check_stage(const sql::contact_row& contact, utc_time now) {
  switch (contact.stage) {
    case sql::contact_stage::done:
      return verdict::never(contact.why == reason::none ? reason::contact_done : contact.why);
    case sql::contact_stage::open: return verdict::not_yet(reason::contact_in_flight, std::nullopt);
    case sql::contact_stage::waiting:
      if (contact.due_at && *contact.due_at > now) return verdict::not_yet(contact.why, contact.due_at);
      return verdict::allowed();
    case sql::contact_stage::fresh: return verdict::allowed();
  }
  return verdict::allowed();
}

// An attempt that certainly never reached the carrier counts for nothing.
unsigned counted_attempts(const sql::contact_facts& contact) {
  return static_cast<unsigned>(std::ranges::count_if(contact.attempts, [](const sql::attempt_row& attempt) {
    return std::ranges::none_of(attempt.outcomes,
                                [](const engine::outcome& one) { return one.kind == engine::outcome_kind::not_sent; });
  }));
}

struct recent_calls {
  compliance::callee_book callees;
  callerid::pool_book book{region_of_number};
  bool in_flight = false;                                      ///< a call to the number, by whichever contact
  std::vector<std::pair<std::string, std::string>> held_back;  ///< numbers, and why their health limits them
};

// As the engine does, which has the newest records.
void limit_by_health(const explain_inputs& in, recent_calls& calls) {
  callerid::health_book health;
  std::vector<callerid::number_index> numbers;
  for (const callerid::health_record& record : in.organisation.number_health) {
    const callerid::number_index number = calls.book.index_of(record.number);
    health.restore(number, record);
    numbers.push_back(number);
  }
  health.advance(in.now);
  for (const callerid::number_index number : numbers) {
    calls.book.limit(number, health.limits(number, in.now));
    const callerid::health_record& now = health.record(number);
    if (now.state == callerid::health::healthy) continue;
    const bool assigned = std::ranges::any_of(in.organisation.numbers, [&](const callerid::phone_number& held) {
      return held.number == now.number &&
             std::ranges::any_of(in.organisation.assignments, [&](const callerid::assignment& to) {
               return to.number == held.id && to.agent == in.campaign.agent;
             });
    });
    if (!assigned) continue;
    std::string words{to_string(now.state)};
    if (now.until) words += " until " + to_text(*now.until);
    calls.held_back.emplace_back(now.number.text(), words + ": " + now.why);
  }
}

void read_recent(sql::session& on, const explain_inputs& in, recent_calls& calls) {
  calls.book.rebuild(in.organisation.sharing, in.organisation.numbers, in.organisation.assignments,
                     in.organisation.restrictions);
  limit_by_health(in, calls);
  const e164 number = in.contact.state.number;
  if (in.contact.opted_out) calls.callees.opt_out(number);
  on.for_each_row(
      "SELECT i.to_number, i.from_number, i.decided_at, coalesce(max(o.kind), 0) < 10 AS open FROM intent i "
      "LEFT JOIN outcome o ON o.org_id = i.org_id AND o.attempt_id = i.attempt_id "
      "WHERE i.org_id = $1 AND i.decided_at > $2 AND i.decided_at <= $3 "
      "GROUP BY i.org_id, i.attempt_id HAVING coalesce(bool_or(o.kind = 10), false) = false",
      sql::params{}.uuid(in.organisation.id).time(in.now - std::chrono::days{7}).time(in.now),
      [&](const sql::result& row) {
        const utc_time at = row.time(0, 2);
        const bool open = row.boolean(0, 3);
        if (row.phone(0, 0) == number) {
          calls.callees.record(number, at);
          calls.in_flight |= open;
        }
        if (open || at > in.now - std::chrono::days{1}) calls.book.restore(row.phone(0, 1), at, open);
      });
}

/// What keeps the agent's numbers from being shown, of the first few.
void add_refusals(const explain_inputs& in, gate_step& step) {
  constexpr std::size_t most = 5;
  for (const callerid::assignment& one : in.organisation.assignments) {
    if (one.agent != in.campaign.agent || one.as != callerid::profile::outbound) continue;
    const auto number = std::ranges::find(in.organisation.numbers, one.number, &callerid::phone_number::id);
    if (number == in.organisation.numbers.end()) continue;
    auto why = callerid::check_number(*number, callerid::number_use::call);
    if (!why)
      why = callerid::check_restrictions(*number, callerid::country_of(*number, region_of_number),
                                         in.organisation.restrictions);
    if (!why) continue;
    step.inputs.emplace_back("rule " + std::string(why->rule), why->obstacle + "; " + why->remedy);
    if (step.inputs.size() > most) return;
  }
}

gate_step explain_caller_id(const explain_inputs& in, const recent_calls& calls) {
  gate_step step{"caller_id",
                 {{"policy", std::string(api::find_name(api::caller_id_names, in.campaign.caller_id))}},
                 verdict::allowed()};
  const e164 fixed = in.campaign.fixed_caller_id();
  if (fixed) step.inputs.emplace_back("number", fixed.text());
  const auto accounts = calls.book.integrations_of(in.campaign.agent, fixed);
  std::optional<utc_time> earliest;
  reason why_not = reason::no_caller_id;
  bool some = false;
  for (const integration_id id : accounts) {
    const auto account = std::ranges::find(in.organisation.accounts, id, &carriers::account::id);
    const std::string name = account == in.organisation.accounts.end() ? id.text() : account->name;
    std::optional<utc_time> until;
    const auto picked =
        calls.book.pick(in.campaign.agent, id, static_cast<callerid::policy>(in.campaign.caller_id),
                        in.contact.state.number, fixed ? fixed : in.contact.last_caller_id, in.now, why_not, until);
    if (account != in.organisation.accounts.end() && account->frozen) {
      why_not = reason::account_frozen;
      step.inputs.emplace_back(name, std::string(to_string(why_not)));
    } else if (picked) {
      some = true;
      step.inputs.emplace_back(
          name, calls.book.number(picked->number).text() + " (" + std::string(callerid::to_string(picked->why)) + ")");
    } else {
      step.inputs.emplace_back(name, std::string(to_string(why_not)));
      if (until && (!earliest || *until < *earliest)) earliest = until;
    }
  }
  if (accounts.empty()) {
    step.inputs.emplace_back("accounts", fixed ? "none has this number, or the agent may not show it"
                                               : "none has a number that the agent may show");
    add_refusals(in, step);
  }
  std::ranges::copy(calls.held_back, std::back_inserter(step.inputs));
  if (!some) step.result = verdict::not_yet(why_not, earliest);
  return step;
}

void add_gate(const explain_inputs& in, const recent_calls& calls, std::vector<gate_step>& steps) {
  const compliance::place where = compliance::parse_place(in.contact.place).value_or(compliance::place{});
  const compliance::window_state window =
      compliance::evaluate_window(where, in.campaign.window, *in.rules.zones, in.now);
  const compliance::gate gate{in.rules, calls.callees};
  const compliance::country_set countries =
      compliance::countries_called(in.organisation.allowed_countries, in.campaign.default_country);
  const compliance::subject subject{in.contact.state.contact,
                                    in.contact.state.number,
                                    where.zones.empty() ? nullptr : &window,
                                    {in.campaign.attempts_per_number_24h, in.campaign.attempts_per_number_7d},
                                    &countries};
  auto gate_steps = gate.explain(subject, where, engine::rules_over(in.organisation.accounts), {{}, in.now});
  std::ranges::move(gate_steps, std::back_inserter(steps));
}

/// The kill switches above a call; of accounts and numbers it has a choice.
gate_step explain_freezing(const explain_inputs& in) {
  const auto frozen = [](const auto& all, const auto& id) {
    using record = typename std::decay_t<decltype(all)>::value_type;
    const auto found = std::ranges::find(all, id, &record::id);
    return found != all.end() && found->frozen;
  };
  struct kill_switch {
    const char* name;
    bool frozen;
    reason why;
  };
  const std::array switches{
      kill_switch{"organisation", in.organisation.frozen, reason::organisation_frozen},
      kill_switch{"workspace", frozen(in.organisation.workspaces, in.campaign.workspace), reason::workspace_frozen},
      kill_switch{"campaign", in.campaign.frozen, reason::campaign_frozen},
      kill_switch{"agent", frozen(in.organisation.agents, in.campaign.agent), reason::agent_frozen}};
  gate_step step{"frozen", {}, verdict::allowed()};
  for (const kill_switch& one : switches) {
    step.inputs.emplace_back(one.name, one.frozen ? "yes" : "no");
    if (one.frozen && step.result.why == reason::none) step.result = verdict::not_yet(one.why, std::nullopt);
  }
  return step;
}

}  // namespace

std::vector<gate_step> explain(sql::session& on, const explain_inputs& in) {
  recent_calls calls;
  read_recent(on, in, calls);
  std::vector<gate_step> steps;
  steps.push_back(explain_freezing(in));
  steps.push_back({"campaign_running",
                   {{"state", state_names[static_cast<std::size_t>(in.campaign.state)]}},
                   check_campaign(in.campaign.state)});
  const auto agent = std::ranges::find(in.organisation.agents, in.campaign.agent, &engine::agent_record::id);
  const bool published = agent != in.organisation.agents.end() && agent->published;
  steps.push_back(
      {"agent_published",
       {{"agent", agent == in.organisation.agents.end() ? "" : agent->name}, {"published", published ? "yes" : "no"}},
       published ? verdict::allowed() : verdict::not_yet(reason::agent_not_published, std::nullopt)});
  const sql::contact_row& contact = in.contact.state;
  gate_step stage{
      "contact_stage", {{"stage", stage_names[static_cast<std::size_t>(contact.stage)]}}, check_stage(contact, in.now)};
  if (contact.due_at) stage.inputs.emplace_back("due_at", to_text(*contact.due_at));
  if (contact.ended_as) stage.inputs.emplace_back("last ended as", std::string(to_string(*contact.ended_as)));
  steps.push_back(std::move(stage));
  const unsigned attempts = counted_attempts(in.contact);
  steps.push_back(
      {"attempts_per_contact",
       {{"attempts", std::to_string(attempts)}, {"most", std::to_string(in.campaign.attempts_per_contact_max)}},
       attempts < in.campaign.attempts_per_contact_max ? verdict::allowed()
                                                       : verdict::never(reason::attempts_exhausted)});
  add_gate(in, calls, steps);
  steps.push_back({"number_in_flight",
                   {{"call on the line", calls.in_flight ? "yes" : "no"}},
                   calls.in_flight ? verdict::not_yet(reason::number_in_flight, std::nullopt) : verdict::allowed()});
  steps.push_back(explain_caller_id(in, calls));
  return steps;
}

}  // namespace dialer::cli
