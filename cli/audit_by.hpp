#pragma once

#include <string>

#include "sql/audit_log.hpp"

namespace dialer::cli {

/// What a command leaves in the audit log: done by the user of the machine that it ran on.
sql::audit_entry audit_by_command(std::string action, std::string resource, std::string reason);

}  // namespace dialer::cli
