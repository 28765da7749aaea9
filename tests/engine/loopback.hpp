#pragma once
// For tests over real sockets and threads: the machine's clocks, events kept as they come, and permits.

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "compliance/gate.hpp"
#include "engine/ports.hpp"
#include "tests/carriers_http/tls_test_server.hpp"
#include "tests/engine/stage.hpp"

namespace dialer::engine {

/// The machine's time since the program began, which was at noon: calls are lawful then.
class machine_clock : public clock {
 public:
  instant now() const override {
    using std::chrono::microseconds;
    const auto steady = std::chrono::steady_clock::now();
    return {steady_time{std::chrono::duration_cast<microseconds>(steady.time_since_epoch())},
            noon_ + std::chrono::duration_cast<microseconds>(steady - begin_)};
  }

 private:
  inline static const auto begin_ = std::chrono::steady_clock::now();
  inline static const auto noon_ =
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) + std::chrono::hours{12};
};

/// Far too long is a failure.
inline constexpr std::chrono::seconds patience{20};

/// Things seen by other threads, to be waited for.
template <class Thing>
class seen_things {
 public:
  void add(Thing&& one) {
    const std::lock_guard lock{mutex_};
    all_.push_back(std::move(one));
    came_.notify_all();
  }
  /// False when `enough` does not come true.
  bool wait_until(const std::function<bool(const std::vector<Thing>&)>& enough) {
    std::unique_lock lock{mutex_};
    return came_.wait_for(lock, patience, [&] { return enough(all_); });
  }
  bool wait_for(std::size_t count) {
    return wait_until([count](const auto& all) { return all.size() >= count; });
  }
  std::vector<Thing> all() const {
    const std::lock_guard lock{mutex_};
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Thing> all_;
};

/// A Twilio account on the loopback.
inline carriers::account account_at(const test::tls_test_server& server) {
  carriers::account account;
  account.id = integration_id{id128{4, 1}};
  account.base_url = "https://127.0.0.1:" + std::to_string(server.port());
  account.ca_file = test::tls_test_server::ca_file();
  account.account_sid = "AC0123456789abcdef0123456789abcdef";
  account.secret = "0123456789abcdef0123456789abcdef";
  account.calls_per_second = 1000;
  return account;
}

/// The answer of Twilio to a create.
inline std::string created(int number) {
  const std::string digits = std::to_string(number);
  const std::string body = R"({"sid":"CA)" + std::string(32 - digits.size(), '0') + digits +
                           R"(","account_sid":"AC0123456789abcdef0123456789abcdef","status":"queued"})";
  return "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

inline send_call call_for(const carriers::account& account, attempt_id attempt, instant now,
                          std::chrono::microseconds send_within) {
  const compliance::rules_snapshot rules = stage{}.config().rules;
  const compliance::callee_book callees;
  const compliance::window_state window{
      .open = true, .why = reason::none, .closes_at = now.utc + std::chrono::hours{1}, .opens_at = {}};
  const compliance::country_set countries{{"US"}};
  const compliance::subject who{contact_id{attempt.value}, stage::number(attempt.value), &window, {}, &countries};
  const compliance::gate gate{rules, callees};
  const auto judged = gate.screen(who, {.fiction_allowed = true}, now);
  auto permit = compliance::gate::permit(judged, {e164::from_digits(stage::caller_id_digits), account.id, send_within});
  return {account.id,
          attempt,
          campaign_id{id128{6, 1}},
          who.contact,
          std::move(permit.value()),
          std::make_shared<const std::string>("https://agent.example/answer"),
          std::chrono::seconds{30},
          std::chrono::seconds{600},
          false};
}

}  // namespace dialer::engine
