#pragma once
// The way of permitted calls from the shard that decided them to whichever shard's connection is free next.

#include <concurrentqueue/concurrentqueue.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "carriers/account.hpp"
#include "carriers/attempt_token.hpp"
#include "carriers/call_budget.hpp"
#include "engine/events.hpp"
#include "model/clock.hpp"

namespace dialer::engine {

/// A call that may be written to the carrier once. Owner and sender race for it; exactly one wins.
class send_ticket {
 public:
  send_ticket(send_call&& what, carriers::attempt_token identity) : call{std::move(what)}, token{std::move(identity)} {}

  /// The sender, just before the write. True: it may write, and nobody can veto any more.
  bool claim() { return change(state::queued, state::claimed); }
  /// The owner. True: it will never be written.
  bool veto() { return change(state::queued, state::vetoed); }
  bool vetoed() const { return state_.load(std::memory_order_acquire) == state::vetoed; }

  send_call call;
  carriers::attempt_token token;

 private:
  enum class state : std::uint8_t { queued, claimed, vetoed };
  bool change(state from, state to) { return state_.compare_exchange_strong(from, to, std::memory_order_acq_rel); }
  std::atomic<state> state_{state::queued};
};

/// A question to the carrier about one attempt or account.
struct question_ticket {
  organisation_id organisation;
  carrier_question what;
};

/// Counts in an account's budget what the last owner may have sent. A call decided at d may have left until
/// d + send_within, but not after its owner had ended: each counts from the later end of that. REQUIRES: `now` was read
/// after the take-over.
void remember_starts(carriers::call_budget& budget, integration_id account, const std::vector<past_start>& starts,
                     std::chrono::milliseconds send_within, instant now);

/// One carrier account's calls and questions waiting to be written. Shared by all shards; lock-free queues.
class send_queue {
 public:
  explicit send_queue(carriers::account account)
      : budget{account.kind, account.calls_per_second}, account_{std::make_shared<const carriers::account>(account)} {}

  moodycamel::ConcurrentQueue<std::shared_ptr<send_ticket>> calls;
  moodycamel::ConcurrentQueue<question_ticket> questions;
  carriers::call_budget budget;

  std::shared_ptr<const carriers::account> account() const { return std::atomic_load(&account_); }
  void set_account(carriers::account account) {
    budget.set_limit(account.calls_per_second);
    std::atomic_store(&account_, std::make_shared<const carriers::account>(std::move(account)));
  }

  /// Registers a sender's wake-up, which answers false once the sender is gone. Any thread.
  void on_wake(std::function<bool()> wake) {
    const std::lock_guard lock{wakers_mutex_};
    wakers_.push_back(std::move(wake));
  }
  /// Something was enqueued. Any thread; once per batch.
  void wake_all() {
    const std::lock_guard lock{wakers_mutex_};
    std::erase_if(wakers_, [](const auto& wake) { return !wake(); });
  }

 private:
  std::shared_ptr<const carriers::account> account_;
  std::mutex wakers_mutex_;
  std::vector<std::function<bool()>> wakers_;
};

}  // namespace dialer::engine
