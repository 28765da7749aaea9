#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "sql/configuration.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Which secret of which account: a sealed one opens in its own place only.
struct secret_place {
  organisation_id organisation;
  integration_id integration;
  bool secondary = false;
};

/// Turns what is stored for a secret ("env:NAME", "file:/path", "sealed:...") into the secret. Given by the wiring;
/// what it throws makes its account unusable and says why. An empty reference is not asked for.
using secret_resolver = std::function<std::string(const std::string& reference, const secret_place& of)>;

/// Throws what keeps an account from being used, its secrets aside.
using account_check = std::function<void(const carriers::account&)>;

/// Opens the lists in force. Given by the wiring; what it throws comes out of the call that needed the rules, because
/// without them nothing may be dialed.
using rules_loader = std::function<compliance::rules_snapshot(const std::vector<do_not_call_record>& lists)>;

/// Everything about an organisation that people change, as of one generation, but for the rules. REQUIRES a snapshot
/// transaction. Throws std::invalid_argument when there is no such organisation, std::runtime_error when a stored place
/// is unreadable.
engine::organisation_snapshot read_snapshot(transaction& in, organisation_id organisation,
                                            const secret_resolver& resolve_secret);

/// All settings of one campaign, whatever its state; std::nullopt when it does not exist.
std::optional<campaigns::settings> read_campaign(session& on, organisation_id organisation, campaign_id campaign);

/// What a campaign's settings were from an instant on.
struct campaign_version {
  utc_time at{};
  campaigns::settings what;  ///< its version, agent and settings; the rest is the campaign's
};
/// The newest first, below version `before` (0: from the newest on).
std::vector<campaign_version> read_campaign_versions(session& on, organisation_id organisation, campaign_id campaign,
                                                     std::uint64_t before, int count);

/// All of the organisation, in the order of their making.
std::vector<engine::workspace_record> read_workspaces(session& on, organisation_id organisation);
std::vector<engine::agent_record> read_agents(session& on, organisation_id organisation);
/// In their order.
std::vector<callerid::number_restriction> read_number_restrictions(session& on, organisation_id organisation);
std::vector<campaigns::settings> read_campaigns(session& on, organisation_id organisation);

}  // namespace dialer::sql
