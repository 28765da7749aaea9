#pragma once
// What commands print about campaigns and changes, whether they work on a database or through a service.

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/engine_standing.hpp"

namespace dialer::cli {

struct listed_campaign {
  std::string id;
  std::string name;
  std::string state;
  bool frozen = false;
};

std::string campaigns_text(const std::vector<listed_campaign>& all, output_format output);
std::string campaign_state_text(const std::string& id, const std::string& name, const std::string& state,
                                output_format output);
/// `stats`: the schema CampaignStats of the REST API.
std::string campaign_status_text(const listed_campaign& campaign, const boost::json::object& stats,
                                 output_format output);
std::string opt_out_text(std::size_t numbers, bool withdrawn, engine_standing standing, output_format output);
/// `said`: "agent Ann".
std::string freeze_text(const std::string& id, const std::string& said, bool frozen, engine_standing standing,
                        output_format output);

}  // namespace dialer::cli
