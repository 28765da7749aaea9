#pragma once
// What a request that failed is answered.

#include <exception>
#include <string>
#include <utility>

#include "api/rest_operation.hpp"

namespace dialer::api {

http_response to_response(const rest_error& refused);

/// Something failed after the request had committed a part of what it does.
struct half_done : std::exception {
  explicit half_done(std::exception_ptr by) : cause{std::move(by)} {}
  const char* what() const noexcept override { return "a part of the request is committed"; }
  std::exception_ptr cause;
};

struct told_failure {
  http_response response;
  std::string ours;  ///< for our log; empty: nothing failed here, the request was refused
};

/// Of anything that was thrown. The answer quotes nobody's words but our own: the database's hold values, phone numbers
/// among them.
told_failure explain_failure(const std::exception_ptr& failed);

}  // namespace dialer::api
