#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_server.hpp"

namespace dialer::api {

/// A route with its path taken apart and the requests that wait in it.
struct served_route {
  route what;
  std::vector<std::string> segments;  ///< a parameter keeps its braces
  std::size_t parameters = 0;
  std::shared_ptr<std::atomic<std::size_t>> unanswered = std::make_shared<std::atomic<std::size_t>>(0);
};

/// Which route answers what. Constant after construction.
class route_table {
 public:
  struct match {
    const served_route* found = nullptr;  ///< none: the path is unknown, or known under the methods of `allow`
    http_params params;
    std::string allow;  ///< "GET, POST"
  };

  /// Throws std::invalid_argument when two routes answer the same requests.
  explicit route_table(std::vector<route> routes);
  match find(std::string_view method, std::string_view path) const;

 private:
  std::vector<served_route> routes_;  // fewest parameters first: a literal segment is closer than a parameter
};

}  // namespace dialer::api
