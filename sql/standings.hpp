#pragma once
// Where campaigns and imports of several organisations stand: small reads that are repeated for as long as somebody
// follows.

#include <string>
#include <vector>

#include "campaigns/contact_sink.hpp"
#include "campaigns/settings.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

struct campaign_standing {
  organisation_id organisation;
  campaign_id campaign;
  workspace_id workspace;
  std::string name;
  campaigns::campaign_state state = campaigns::campaign_state::draft;
};
std::vector<campaign_standing> read_campaign_standings(session& on, const std::vector<organisation_id>& organisations);

struct import_standing {
  organisation_id organisation;
  campaign_id campaign;
  workspace_id workspace;
  std::string source;  ///< the importer's own name for what it imports
  campaigns::import_progress progress;
};
/// Those that are not finished, and those that moved within the last hour.
std::vector<import_standing> read_import_standings(session& on, const std::vector<organisation_id>& organisations);
/// Of one campaign: the hundred that moved last, the latest first.
std::vector<import_standing> read_campaign_imports(session& on, organisation_id organisation, campaign_id campaign);

}  // namespace dialer::sql
