#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/http_server.hpp"

namespace dialer::api {

/// One condition of being ready to dial.
struct readiness_check {
  std::string name;  ///< "ledger"
  bool ok = false;
  std::string detail;  ///< why not, for an operator; no secrets, no phone numbers
};

/// What is known right now, from memory: called on the listener's thread, must not wait for anything.
using readiness_source = std::function<std::vector<readiness_check>()>;

/// GET /healthz: 200 while the listener turns, whatever the database does; a restart would not mend that.
/// GET /readyz: 200 when every check holds, else 503; `?verbose` lists the checks, one a line.
std::vector<route> health_routes(readiness_source checks);

}  // namespace dialer::api
