#pragma once
// The REST API: operations as routes of the listener.
//
// On the listener's thread: the key, its budget, its scope. On a worker's: the form of the request, a packed body made
// plain, and one transaction per request, as the role under row-level security, that holds everything the operation
// does and, with an Idempotency-Key, its answer. What asks a carrier runs on threads of its own, with several
// transactions: the answer that a repeat gets is stored with the first change, and again at the end.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/http_server.hpp"
#include "api/key_ring.hpp"
#include "api/list_uploads.hpp"
#include "api/metrics.hpp"
#include "api/request_budget.hpp"
#include "api/rest_operation.hpp"
#include "api/sealed_secret.hpp"
#include "campaigns/place_finder.hpp"
#include "model/clock.hpp"
#include "sql/opt_outs.hpp"
#include "sql/session.hpp"

namespace dialer::api {

struct rest_resource;
class number_desk;

struct rest_options {
  sql::connect_options database;  ///< as the engine connects; the tenant's role is taken from there
  unsigned threads = 4;
  request_rate rate{};            ///< of each key; beyond it 429
  std::size_t waiting_max = 256;  ///< requests that wait for a thread; beyond it 503
  std::chrono::milliseconds acknowledged_within = sql::applied_within;
  std::filesystem::path uploads;  ///< directory of lists under way and of the verdicts of each
  disk_space space = system_disk_space();
  std::filesystem::path suppression_lists;  ///< directory of those that came over the API
  campaigns::place_finder place;            ///< where an imported phone is
  secret_keys secrets;                      ///< that secrets in the database are sealed with
  engine_views views;                       ///< must be there
  sql::rules_loader rules;                  ///< must be there; what it throws refuses what needs them
  const number_desk* desk = nullptr;        ///< asks carriers about numbers; without it, who needs one is refused
};

/// Requests answered, by operation. Label values come from the table of operations, never from a request.
struct rest_stats {
  struct line {
    std::string method;
    std::string path;
    std::string status;  ///< "2xx"
    std::uint64_t answered = 0;
  };
  std::vector<line> lines;
};
void write_metrics(const rest_stats& stats, metric_writer& out);

class rest_service {
 public:
  /// `keys` and `time` must outlive the service, the service the server that has its routes. `warn` gets a line for
  /// each failure that is ours, with the request's id; any thread.
  rest_service(rest_options options, std::vector<rest_resource> resources, const key_ring& keys, const clock& time,
               std::function<id128()> make_id, std::function<void(const std::string&)> warn);
  ~rest_service();
  rest_service(const rest_service&) = delete;
  rest_service& operator=(const rest_service&) = delete;

  /// One for each operation, and GET /v1/openapi.json, which needs no key.
  std::vector<route> routes();
  rest_stats stats() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace dialer::api
