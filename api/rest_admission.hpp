#pragma once
// What is settled about a request before any thread or query is spent on it.

#include <boost/json/object.hpp>

#include "api/json_schema.hpp"
#include "api/rest_operation.hpp"

namespace dialer::api {

/// A request that may go to its operation.
struct admitted_request {
  caller who;
  http_params query;
  boost::json::object body;
  std::string idempotency_key;  ///< empty: none was given
  std::string reason;           ///< for the audit log; empty: none was given
};

/// Whose key it is. Throws rest_error.
caller identify_caller(const http_request& request, const key_ring& keys);
/// Throws rest_error unless the key has the operation's scope and reach.
void check_scope(const rest_operation& operation, const caller& who);

/// Query, body and Idempotency-Key as the document has them. Throws rest_error that names every mistake.
admitted_request read_request(const rest_operation& operation, const http_request& request, const caller& who,
                              const json_schemas& schemas);

}  // namespace dialer::api
