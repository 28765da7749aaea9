#pragma once

#include <boost/json/object.hpp>

#include "campaigns/settings.hpp"
#include "sql/campaign_report.hpp"

namespace dialer::api {

/// {"contacts", "stages", "attempts", "dispositions", "not_dialed", "waiting", "misplaced"}
boost::json::object status_json(const sql::campaign_status& status);

/// What a manager sets; the schema CampaignSettings.
boost::json::object settings_json(const campaigns::settings& settings);

/// Takes over what `given`, which is valid by CampaignSettings, holds; the rest stays. Throws rest_error for what the
/// schema can't say, with `path` before the parameter's name.
void read_settings_json(const boost::json::object& given, const std::string& path, campaigns::settings& settings);

}  // namespace dialer::api
