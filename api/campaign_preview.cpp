#include "api/campaign_preview.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <string>

#include "callerid/pick.hpp"
#include "campaigns/retry.hpp"
#include "compliance/calling_window.hpp"
#include "compliance/numbering_plan.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

json::value reason_json(reason why) {
  if (why == reason::none) return nullptr;
  return json::value(std::string(to_string(why)));
}

json::object by_reason(const std::array<std::uint64_t, reason_slots>& counts) {
  json::object all;
  for (const reason_text& why : all_reasons()) {
    const auto n = counts[static_cast<std::size_t>(why.value)];
    if (n != 0) all[std::string(why.name)] = n;
  }
  return all;
}

json::object counts_json(const standing_counts& counts) {
  return {{"held", reason_json(counts.held)},      {"eligible", counts.eligible},
          {"waiting", by_reason(counts.waiting)},  {"ending", by_reason(counts.ending)},
          {"ends_when_due", counts.ends_when_due}, {"attempts_left_max", counts.attempts_left}};
}

const char* word(contact_standing::kind kind) {
  switch (kind) {
    case contact_standing::kind::eligible: return "eligible";
    case contact_standing::kind::waiting: return "waiting";
    case contact_standing::kind::ending: return "ending";
  }
  return "waiting";
}

engine::campaign_surroundings surroundings_of(const engine::organisation_snapshot& organisation,
                                              const campaigns::settings& campaign) {
  engine::campaign_surroundings around;
  around.organisation_frozen = organisation.frozen;
  const auto workspace = std::ranges::find(organisation.workspaces, campaign.workspace, &engine::workspace_record::id);
  around.workspace_frozen = workspace != organisation.workspaces.end() && workspace->frozen;
  const auto agent = std::ranges::find(organisation.agents, campaign.agent, &engine::agent_record::id);
  if (agent != organisation.agents.end()) around.agent = &*agent;
  callerid::pool_book pools{[](e164 number) { return compliance::find_numbering_fact(number).country; }};
  pools.rebuild(organisation.sharing, organisation.numbers, organisation.assignments, organisation.restrictions);
  around.has_caller_id =
      std::ranges::any_of(pools.integrations_of(campaign.agent, campaign.fixed_caller_id()), [&](integration_id id) {
        return std::ranges::find(organisation.accounts, id, &carriers::account::id) != organisation.accounts.end();
      });
  return around;
}

}  // namespace

standing_judge::standing_judge(const engine::organisation_snapshot& organisation, campaigns::settings settings,
                               utc_time now)
    : organisation_{organisation},
      settings_{std::move(settings)},
      now_{now},
      rules_{engine::rules_over(organisation.accounts)},
      countries_{compliance::countries_called(organisation.allowed_countries, settings_.default_country)},
      attempts_possible_{campaigns::attempts_possible(settings_)} {
  counts_.held = engine::held_by(settings_, surroundings_of(organisation, settings_));
  for (const engine::lane_record& lane : organisation.lanes) {
    if (lane.campaign != settings_.id) continue;
    if (lane.lane >= windows_.size()) windows_.resize(lane.lane + std::size_t{1});
    windows_[lane.lane] = compliance::evaluate_window(lane.where, settings_.window, *organisation.rules.zones, now);
  }
}

contact_standing standing_judge::judge(const sql::undecided_contact& contact) {
  using kind = contact_standing::kind;
  const bool due = contact.what.fresh || contact.what.due_at <= now_;
  const contact_standing found = due ? judge_due(contact) : contact_standing{kind::waiting, contact.why};
  count(contact, found);
  return found;
}

contact_standing standing_judge::judge_due(const sql::undecided_contact& contact) {
  using kind = contact_standing::kind;
  const compliance::window_state& lane = windows_.at(contact.what.lane);
  if (!engine::is_dialable(lane)) return {kind::waiting, lane.why};
  const e164 number = contact.what.number;
  const compliance::gate gate{organisation_.rules, callees_};
  if (contact.opted_out) callees_.opt_out(number);
  for (const utc_time at : contact.called_number) callees_.record(number, at);
  const engine::contact_step step = engine::judge(
      settings_, contact.what.attempts,
      gate.screen(engine::subject_of(settings_, contact.what.id, number, lane, &countries_), rules_, {{}, now_})
          .result(),
      contact.in_flight);
  if (contact.opted_out) callees_.opt_in(number);
  for (const utc_time at : contact.called_number) callees_.retract(number, at);
  switch (step.what) {
    case engine::contact_step::kind::dial: return {kind::eligible, reason::none};
    case engine::contact_step::kind::end: return {kind::ending, step.why};
    case engine::contact_step::kind::put_off:
    case engine::contact_step::kind::lane_closed:
    case engine::contact_step::kind::campaign_held: break;
  }
  return {kind::waiting, step.why};
}

void standing_judge::count(const sql::undecided_contact& contact, const contact_standing& found) {
  const auto why = static_cast<std::size_t>(found.why);
  const bool used_up = contact.what.attempts >= settings_.attempts_per_contact_max;
  switch (found.what) {
    case contact_standing::kind::ending: ++counts_.ending.at(why); return;
    case contact_standing::kind::waiting:
      ++counts_.waiting.at(why);
      if (used_up) ++counts_.ends_when_due;
      break;
    case contact_standing::kind::eligible: ++counts_.eligible; break;
  }
  // Whose turn comes is called once, whatever the rules say of those who were called as often.
  if (!used_up)
    counts_.attempts_left += std::max<unsigned>(attempts_possible_, contact.what.attempts + 1U) - contact.what.attempts;
}

json::object preview_json(const campaign_preview& preview) {
  json::array changes;
  for (const auto& [change, contacts] : preview.changes) {
    const auto& [from, to] = change;
    changes.push_back(json::object{{"from", word(from.what)},
                                   {"from_reason", reason_json(from.why)},
                                   {"to", word(to.what)},
                                   {"to_reason", reason_json(to.why)},
                                   {"contacts", contacts}});
  }
  return {{"contacts", preview.contacts},
          {"before", counts_json(preview.before)},
          {"after", counts_json(preview.after)},
          {"changes", std::move(changes)}};
}

}  // namespace dialer::api
