#pragma once

#include <boost/json/object.hpp>

#include "campaigns/settings.hpp"
#include "engine/stats.hpp"
#include "sql/campaign_report.hpp"

namespace dialer::api {

/// {"contacts", "stages", "attempts", "dispositions", "not_dialed", "misplaced"}
boost::json::object contact_counts_json(const sql::campaign_status& status);
/// The same and "waiting".
boost::json::object status_json(const sql::campaign_status& status);

/// The schema CampaignNow.
boost::json::object now_json(const engine::campaign_view& campaign);

/// What a manager sets; the schema CampaignSettings.
boost::json::object settings_json(const campaigns::settings& settings);

/// Takes over what `given`, which is valid by CampaignSettings, holds; the rest stays. Throws rest_error for what the
/// schema can't say, with `path` before the parameter's name.
void read_settings_json(const boost::json::object& given, const std::string& path, campaigns::settings& settings);

}  // namespace dialer::api
