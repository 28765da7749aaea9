#pragma once
// The rings joined: shards, ledger, senders and listener of one engine process.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/api_key.hpp"
#include "api/request_budget.hpp"
#include "api/sealed_secret.hpp"
#include "carriers/attempt_token.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"

namespace dialer::cli {

struct runtime_options {
  std::string database;                ///< libpq connection string; migrated already
  std::uint64_t node = 1;              ///< distinct among engines on one database
  std::string listen = "127.0.0.1:0";  ///< REST API, callbacks, metrics, health
  std::string public_url;              ///< how carriers reach the listener; empty: http://<listen>
  carriers::token_key token_key{};
  api::key_pepper key_pepper{};
  std::filesystem::path uploads;            ///< directory of uploaded lists and their verdicts
  std::filesystem::path suppression_lists;  ///< directory of national lists that came over the API
  std::function<std::string(const std::string& reference)> resolve_secret;  ///< those kept outside of the database
  api::secret_keys secret_keys;                                             ///< of those sealed in it
  unsigned shards = 0;                                                      ///< 0 = one per core
  std::size_t connections = 64;                                             ///< to a carrier account, per shard
  std::size_t event_streams = 512;                                          ///< clients that may follow events
  api::request_rate requests;                                               ///< of each API key
  std::chrono::seconds drain{10};
};

/// Thread-safety: start() and stop() on one thread; the rest from any.
class engine_runtime {
 public:
  /// `time` must outlive the runtime.
  engine_runtime(runtime_options options, const clock& time);
  ~engine_runtime();
  engine_runtime(const engine_runtime&) = delete;
  engine_runtime& operator=(const engine_runtime&) = delete;

  /// Takes over every organisation of the database and dials. Throws when the database does not answer, the listener
  /// can't listen, or nothing that is set up can be used; what can't be used beside others is logged, stands as
  /// account_unusable in the views, and is tried again.
  void start();
  /// Drain, then release: no new decisions, calls on their way to their answers, at most `drain`; then closes.
  void stop();

  std::vector<engine::organisation_view> views() const;

  /// Whether the listener and every shard have come round since the last asking; the first answer is yes. Not the
  /// ledger: a database that does not answer is not mended by a new process. Between start() and stop(), for one
  /// thread.
  bool turns();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dialer::cli
