#include <algorithm>
#include <array>

#include "sql/configuration.hpp"
#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

using campaigns::campaign_state;

constexpr std::array<std::string_view, 5> state_names{"draft", "running", "paused", "stopped", "finished"};
constexpr std::array<std::string_view, 5> action_names{"start", "pause", "resume", "stop", "finish"};

struct transition {
  campaign_state from;
  campaign_action by;
  campaign_state to;
};

constexpr std::array transitions{
    transition{campaign_state::draft, campaign_action::start, campaign_state::running},
    transition{campaign_state::running, campaign_action::pause, campaign_state::paused},
    transition{campaign_state::paused, campaign_action::resume, campaign_state::running},
    transition{campaign_state::draft, campaign_action::stop, campaign_state::stopped},
    transition{campaign_state::running, campaign_action::stop, campaign_state::stopped},
    transition{campaign_state::paused, campaign_action::stop, campaign_state::stopped},
    transition{campaign_state::running, campaign_action::finish, campaign_state::finished},
};

[[noreturn]] void refuse(campaign_id campaign, campaign_state state, campaign_action action) {
  std::string legal;
  for (const transition& one : transitions) {
    if (one.from != state) continue;
    legal += (legal.empty() ? "" : ", ") + std::string(to_string(one.by));
  }
  throw configuration_error("campaign " + campaign.text() + " is " + std::string(to_string(state)) + ", so it cannot " +
                            std::string(to_string(action)) +
                            "; possible: " + (legal.empty() ? "nothing, create a new campaign" : legal));
}

}  // namespace

std::string_view to_string(campaign_state state) noexcept {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view to_string(campaign_action action) noexcept {
  return action_names[static_cast<std::size_t>(action)];
}

std::optional<campaign_state> parse_campaign_state(std::string_view text) noexcept {
  const auto* found = std::ranges::find(state_names, text);
  return found == state_names.end() ? std::nullopt
                                    : std::optional{static_cast<campaign_state>(found - state_names.begin())};
}

campaign_change change_campaign_state(session& on, organisation_id organisation, campaign_id campaign,
                                      campaign_action action) {
  transaction tx{on};
  const campaign_change made = change_campaign_state(tx, organisation, campaign, action);
  tx.commit();
  return made;
}

campaign_change change_campaign_state(transaction& tx, organisation_id organisation, campaign_id campaign,
                                      campaign_action action) {
  lock_organisation(tx, organisation);
  const params key = params{}.uuid(organisation).uuid(campaign);
  const result found = tx.run(
      "SELECT c.state, o.generation FROM campaign c JOIN org_owner o ON o.org_id = c.org_id "
      "WHERE c.org_id = $1 AND c.id = $2",
      key);
  if (found.rows() == 0) throw configuration_error("there is no campaign " + campaign.text());
  const auto state = found.enumerator<campaign_state>(0, 0);
  const bool already =
      std::ranges::any_of(transitions, [&](const transition& one) { return one.by == action && one.to == state; });
  if (already) return {state, found.number(0, 1)};
  const auto legal =
      std::ranges::find_if(transitions, [&](const transition& one) { return one.by == action && one.from == state; });
  if (legal == transitions.end()) refuse(campaign, state, action);
  tx.run("UPDATE campaign SET state = $3, state_changed_at = clock_timestamp() WHERE org_id = $1 AND id = $2",
         params{key}.int2(legal->to));
  return {legal->to, raise_generation(tx, organisation)};
}

}  // namespace dialer::sql
