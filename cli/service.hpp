#pragma once
// What an engine is reached through: a listener with the carriers' callbacks, the REST API, health and metrics, and the
// workers that tell webhooks, settle orders of numbers and charge rents.

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "api/carrier_callbacks.hpp"
#include "api/health.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"
#include "sql/session.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {

struct runtime_options;

/// What it asks the engine for, from any thread, from the first request on.
struct service_ports {
  std::function<api::account_snapshot()> accounts;
  std::function<std::vector<engine::organisation_view>()> views;
  std::function<std::vector<api::readiness_check>()> readiness;
  sql::rules_loader rules;
  sql::secret_resolver secrets;
  api::callback_inbox& inbox;
};

class service {
 public:
  /// Listens. Throws when the database does not answer or the address can't be listened on. `time` and what `ports`
  /// refer to must outlive the service.
  service(const runtime_options& options, const sql::connect_options& database, const clock& time, service_ports ports);
  ~service();

  /// Starts the workers, or says why there are none.
  void tell_webhooks(sql::session& on);
  /// Settles orders of numbers, and charges their rents, from here on.
  void look_after_numbers();
  /// As http_server::turns().
  bool turns();
  /// Ends the workers, then the listener; requests under way get `drain`.
  void stop(std::chrono::milliseconds drain);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::cli
