#pragma once
// Takes what happened from the ledger to the endpoints that asked for it: at least once, under one id however often.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "api/metrics.hpp"
#include "api/sealed_secret.hpp"
#include "api/webhook_post.hpp"
#include "engine/circuit_breaker.hpp"
#include "model/clock.hpp"
#include "model/random.hpp"
#include "sql/session.hpp"
#include "sql/webhooks.hpp"

namespace dialer::api {

/// As post_webhooks().
using post_function = std::function<std::vector<webhook_answer>(
    const webhook_target& to, const std::vector<webhook_message>& messages, const std::stop_token& stop)>;

struct webhook_stats {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;    ///< tries; most are repeated
  std::uint64_t given_up = 0;  ///< after the last try of the schedule
};
void write_metrics(const webhook_stats& stats, metric_writer& out);

class webhook_deliverer {
 public:
  /// Waits before the next try, each up to a tenth longer, so that what failed together does not come back together.
  static constexpr std::array<std::chrono::seconds, 9> retry_after{
      std::chrono::seconds{5}, std::chrono::minutes{5}, std::chrono::minutes{30},
      std::chrono::hours{2},   std::chrono::hours{5},   std::chrono::hours{10},
      std::chrono::hours{14},  std::chrono::hours{20},  std::chrono::hours{24}};
  /// What is younger is not read yet: by then what other owners stamped by their clocks is there, too.
  static constexpr std::chrono::seconds settled_after{2};
  /// An outcome has the time at which it was decided and is there when its batch could be committed, in the order of
  /// those times: an empty stretch is passed by only when it is so old.
  static constexpr std::chrono::minutes late_max{15};
  /// An endpoint with as many on their way is given no more: the ledger keeps the rest.
  static constexpr std::uint64_t waiting_max = 1'000;
  static constexpr int page = 500;      ///< outcomes read at once
  static constexpr int batch_max = 64;  ///< messages posted at once

  /// `time` must outlive it. `warn` gets a line, with no secret and no number in it; any thread.
  webhook_deliverer(const clock& time, secret_keys secrets, post_function post, std::uint64_t seed,
                    std::function<void(const std::string&)> warn);

  /// What is known of an endpoint from one turn to the next.
  struct endpoint {
    engine::circuit_breaker breaker;
    std::chrono::seconds window{2};  // of the ledger that is read at once
  };

  /// One endpoint's turn: takes up what is new and posts what is due. Answers how long it has nothing to do. Throws
  /// sql::sql_error. Any number of threads, each with its own session; one endpoint's turns one after the other. What
  /// is being posted when it is asked to stop is posted again by the next turn.
  std::chrono::milliseconds turn(sql::session& on, const sql::enabled_webhook& of, endpoint& state,
                                 const std::stop_token& stop = {});

  webhook_stats stats() const { return {delivered_, failed_, given_up_}; }

 private:
  bool take_up(sql::session& on, const sql::enabled_webhook& of, endpoint& state, sql::claimed_webhook& claimed);
  std::vector<webhook_message> sign(const sql::enabled_webhook& of, const sql::webhook_record& what,
                                    const std::vector<sql::delivery_record>& due, utc_time now) const;
  void settle(sql::session& on, const sql::enabled_webhook& of, const sql::webhook_record& what, endpoint& state,
              const std::vector<sql::delivery_record>& due, const std::vector<webhook_answer>& answers, instant now);
  std::chrono::milliseconds jittered(std::chrono::seconds wait);

  const clock& time_;
  const secret_keys secrets_;
  const post_function post_;
  const std::function<void(const std::string&)> warn_;
  std::atomic<std::uint64_t> delivered_{0}, failed_{0}, given_up_{0};
  std::mutex mutex_;
  random_source random_;
};

}  // namespace dialer::api
