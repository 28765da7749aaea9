#pragma once
// What a request that failed is answered.

#include <exception>
#include <string>

#include "api/rest_operation.hpp"

namespace dialer::api {

http_response to_response(const rest_error& refused);

struct told_failure {
  http_response response;
  std::string ours;  ///< for our log; empty: nothing failed here, the request was refused
};

/// Of anything that was thrown. The answer quotes nobody's words but our own: the database's hold values, phone numbers
/// among them.
told_failure explain_failure(const std::exception_ptr& failed);

}  // namespace dialer::api
