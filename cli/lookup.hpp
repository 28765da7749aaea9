#pragma once

#include <string>

#include "cli/commands.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

struct found_campaign {
  organisation_id organisation;
  campaign_id campaign;
  std::string name;
};

/// By id or name; empty: the only one. Throws usage_error listing what there is.
organisation_id find_organisation(sql::session& on, const std::string& text);
/// By id or name, of that organisation. Throws usage_error listing what there is.
workspace_id find_workspace(sql::session& on, organisation_id organisation, const std::string& text);
/// By id or name, in the named organisation or, without one, in all. Throws usage_error listing what there is.
found_campaign find_campaign(sql::session& on, const campaign_choice& which);

}  // namespace dialer::cli
