#pragma once

#include <vector>

#include "api/rest_document.hpp"

namespace dialer::api {

/// The whole REST API.
std::vector<rest_resource> rest_resources();

rest_resource organisation_resource();
rest_resource workspace_resource();
rest_resource agent_resource();
rest_resource campaign_resource();
rest_resource contact_resource();
rest_resource attempt_resource();
rest_resource opt_out_resource();
rest_resource suppression_list_resource();
rest_resource integration_resource();
rest_resource key_resource();
rest_resource phone_number_resource();
rest_resource number_market_resource();
rest_resource number_import_resource();
rest_resource freeze_resource();
rest_resource audit_resource();
rest_resource stats_resource();
rest_resource event_resource();
rest_resource webhook_resource();
rest_resource wallet_resource();

}  // namespace dialer::api
