#pragma once
// Things of a service as people name them: by id or name, from its lists.

#include <boost/json/object.hpp>
#include <string>

#include "cli/commands.hpp"
#include "cli/engine_standing.hpp"
#include "cli/rest_client.hpp"

namespace dialer::cli {

/// To the service of options.context. Throws usage_error when none is named.
rest_client connect_to_service(const command_options& options);

/// The one of a list with this id or name. Throws usage_error listing what there is. `what`: "campaign"; `name`: the
/// member that people know it by.
boost::json::object find_at_service(rest_client& service, const std::string& path, const char* what,
                                    const std::string& text, const char* name = "name");

/// A member that is always there.
std::string text_of(const boost::json::object& from, const char* key);

/// `engine` of the answer to a change.
engine_standing standing_of(const boost::json::object& answer);

void print_json(const boost::json::object& what);

}  // namespace dialer::cli
