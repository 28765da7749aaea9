#pragma once
// The REST API as commands use it: JSON in, JSON out, refusals as exceptions.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/contexts.hpp"

namespace dialer::cli {

/// The service did not answer; or not whether it made a change.
class service_unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The service refused (application/problem+json); what() names the field and the remedy.
class service_refusal : public std::runtime_error {
 public:
  service_refusal(int status, const std::string& what) : std::runtime_error(what), status_{status} {}
  int status() const noexcept { return status_; }

 private:
  int status_;
};

/// Told the name and the data of an event.
using event_taker = std::function<void(std::string_view, const boost::json::object&)>;

/// Names and values of a query.
using query_params = std::vector<std::pair<std::string, std::string>>;

/// For a change that is none when it was made before.
inline constexpr const char* run_again = "run the command again, it changes nothing twice";

/// Talks to one service over one connection. Redirects are not followed: the key goes nowhere else. Texts come without
/// control characters but line ends and tabs: a terminal would obey them. Blocks; one thread. All throw
/// service_unreachable and service_refusal.
class rest_client {
 public:
  /// Reads the key. `reason`, for the audit log, goes with every change.
  explicit rest_client(const service_context& where, const std::string& reason = {});
  ~rest_client();
  rest_client(const rest_client&) = delete;
  rest_client& operator=(const rest_client&) = delete;

  boost::json::object get(const std::string& path, const query_params& query = {});
  /// All of a list, page by page.
  boost::json::array list(const std::string& path, query_params query = {});
  /// `when_unsure`: what to do when nobody knows whether it was done.
  boost::json::object post(const std::string& path, const boost::json::object& body = {},
                           const std::string& when_unsure = run_again);
  boost::json::object patch(const std::string& path, const boost::json::object& body);
  boost::json::object remove(const std::string& path, const query_params& query = {});
  /// The file as it is, of any size; waits for as long as the service works on it.
  boost::json::object upload(const std::string& path, const query_params& query, const std::string& file);
  /// Server-sent events: `take` gets the name and the data of each. `go_on` is asked about once a second, and whenever
  /// something came. True when the service ended it, false when go_on did. What they throw comes out.
  bool follow(const std::string& path, const event_taker& take, const std::function<bool()>& go_on);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The text of a JSON value as rest_client hands it out. Throws boost::system::system_error when it is none.
boost::json::value parse_clean(std::string_view text);

/// What an answer other than success says, for a person: each field with what is wrong and what to do.
std::string describe_refusal(int status, std::string_view body);

}  // namespace dialer::cli
