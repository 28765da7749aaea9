#include "api/rest_resources.hpp"

namespace dialer::api {

std::vector<rest_resource> rest_resources() {
  return {organisation_resource(),  workspace_resource(),    agent_resource(),
          integration_resource(),   campaign_resource(),     contact_resource(),
          attempt_resource(),       opt_out_resource(),      suppression_list_resource(),
          key_resource(),           phone_number_resource(), number_market_resource(),
          number_import_resource(), freeze_resource(),       audit_resource(),
          stats_resource(),         event_resource(),        webhook_resource(),
          wallet_resource()};
}

}  // namespace dialer::api
