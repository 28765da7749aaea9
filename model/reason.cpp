#include "model/reason.hpp"

#include <algorithm>
#include <array>

namespace dialer {
namespace {

constexpr reason_text unknown_reason{reason::none, "none", "nothing stands in the way", ""};

constexpr std::array table{
    reason_text{reason::campaign_not_running, "campaign_not_running", "the campaign is a draft or paused",
                "start or resume the campaign"},
    reason_text{reason::campaign_stopped, "campaign_stopped", "the campaign was stopped for good",
                "create a new campaign for the contacts that are left"},
    reason_text{reason::agent_not_published, "agent_not_published",
                "the campaign's agent is a draft or has no answer URL", "publish the agent and give it an answer URL"},
    reason_text{reason::campaign_frozen, "campaign_frozen", "the campaign was frozen",
                "find out why it was frozen, then: dialer unfreeze"},
    reason_text{reason::agent_frozen, "agent_frozen", "the agent was frozen",
                "find out why it was frozen, then: dialer unfreeze"},
    reason_text{reason::contact_done, "contact_done", "the contact has reached its final disposition", ""},
    reason_text{reason::contact_in_flight, "contact_in_flight", "an attempt to this contact is open", ""},
    reason_text{reason::number_in_flight, "number_in_flight", "another contact with this number is being called", ""},
    reason_text{reason::retry_delay, "retry_delay", "the delay after the last attempt has not passed", ""},
    reason_text{reason::attempts_exhausted, "attempts_exhausted", "the retry rule's attempts are used up",
                "raise the attempts of the retry rule"},
    reason_text{reason::attempt_cap_24h, "attempt_cap_24h", "the number was tried as often as 24 hours allow", ""},
    reason_text{reason::attempt_cap_7d, "attempt_cap_7d", "the number was tried as often as 7 days allow", ""},
    reason_text{reason::in_doubt, "in_doubt", "whether the last attempt reached the carrier is not known yet", ""},
    reason_text{reason::national_do_not_call, "national_do_not_call", "the number is on the national do-not-call list",
                ""},
    reason_text{reason::opted_out, "opted_out", "the person opted out", ""},
    reason_text{reason::number_invalid, "number_invalid", "no such number can exist in its numbering plan",
                "correct the number in the list"},
    reason_text{reason::number_reserved_for_fiction, "number_reserved_for_fiction",
                "the number is reserved for fiction",
                "such numbers are dialed only when the carrier is a simulator on this machine"},
    reason_text{reason::number_kind_not_dialable, "number_kind_not_dialable",
                "toll-free, personal and special numbers have no place", "give the contact an explicit time zone"},
    reason_text{reason::country_not_allowed, "country_not_allowed", "the organisation does not call this country",
                "add the country to allowed_countries of the organisation"},
    reason_text{reason::carrier_refuses_destination, "carrier_refuses_destination",
                "the carrier account does not take this destination", "open the destination at the carrier"},
    reason_text{reason::number_premium, "number_premium", "calls to this number are billed at a premium rate",
                "remove the number from the list"},
    reason_text{reason::no_time_zone, "no_time_zone", "where the phone is, and so its local time, cannot be told",
                "add a time zone, state or ZIP code to the contact"},
    reason_text{reason::window_closed, "window_closed", "outside the calling hours where the phone may be", ""},
    reason_text{reason::window_never_opens, "window_never_opens", "the calling windows have no time in common",
                "widen the campaign's window"},
    reason_text{reason::no_account, "no_account", "no carrier account serves this campaign", "add an integration"},
    reason_text{reason::account_stopped, "account_stopped", "the carrier refused the account",
                "check credentials, balance and standing at the carrier"},
    reason_text{reason::account_circuit_open, "account_circuit_open", "the carrier answers with faults", ""},
    reason_text{reason::account_cps, "account_cps", "the carrier account's calls per second are used", ""},
    reason_text{reason::account_concurrency, "account_concurrency", "the carrier account's concurrent calls are used",
                ""},
    reason_text{reason::account_throttled, "account_throttled", "the carrier asked to slow down", ""},
    reason_text{reason::account_unusable, "account_unusable",
                "the carrier account can't be used as it is set up: its secret, base_url or ca_file",
                "set right what the engine's log names"},
    reason_text{reason::account_frozen, "account_frozen", "the carrier account was frozen",
                "find out why it was frozen, then: dialer unfreeze"},
    reason_text{reason::no_caller_id, "no_caller_id", "the agent has no number it may show",
                "assign an active, outbound-enabled voice number to the agent"},
    reason_text{reason::caller_id_caps, "caller_id_caps", "every number of the agent has reached a cap",
                "assign more numbers or raise their caps"},
    reason_text{reason::caller_id_withdrawn, "caller_id_withdrawn", "the chosen number was withdrawn before the call",
                ""},
    reason_text{reason::caller_id_resting, "caller_id_resting", "every number of the agent rests for its health",
                "see why in explain; assign more numbers"},
    reason_text{reason::campaign_rate, "campaign_rate", "the campaign's own calls per second are used", ""},
    reason_text{reason::campaign_concurrency, "campaign_concurrency", "the campaign's concurrent calls are used", ""},
    reason_text{reason::agent_concurrency, "agent_concurrency", "the agent's concurrent calls are used", ""},
    reason_text{reason::workspace_share, "workspace_share", "the workspace's share is used", ""},
    reason_text{reason::rules_stale, "rules_stale", "compliance data is older than allowed",
                "reload the do-not-call list and time zone data"},
    reason_text{reason::ledger_unavailable, "ledger_unavailable", "the database does not answer",
                "restore the database"},
    reason_text{reason::ownership_lost, "ownership_lost", "another engine owns the organisation", ""},
    reason_text{reason::organisation_frozen, "organisation_frozen", "the organisation was frozen",
                "find out why it was frozen, then: dialer unfreeze"},
    reason_text{reason::permit_expired, "permit_expired", "the permission to dial ran out before the call was sent",
                ""},
    reason_text{reason::changed_since_decided, "changed_since_decided", "a rule changed after the decision", ""},
    reason_text{reason::shutting_down, "shutting_down", "the engine is draining", ""},
    reason_text{reason::workspace_frozen, "workspace_frozen", "the workspace was frozen",
                "find out why it was frozen, then: dialer unfreeze"},
};

}  // namespace

std::span<const reason_text> all_reasons() noexcept {
  return table;
}

const reason_text& describe(reason value) noexcept {
  const auto found = std::ranges::find(table, value, &reason_text::value);
  return found == table.end() ? unknown_reason : *found;
}

std::string_view to_string(reason value) noexcept {
  return describe(value).name;
}

}  // namespace dialer
