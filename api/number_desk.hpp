#pragma once
// Asks carriers about numbers, and sees to it that what was asked of one is settled: bought once and charged once, or
// not bought and refunded; given up here and there.
//
// An order is durable before its request leaves, and so is that it may have left (asked_at). Who finds one that may
// have left - after a lost answer, after a crash - asks what became of it before anything else; nobody asks twice at a
// time.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "api/carrier_exchange.hpp"
#include "api/rest_operation.hpp"
#include "carriers/number_codec.hpp"
#include "model/clock.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {

struct number_desk_options {
  ask_carrier ask;
  sql::secret_resolver resolve_secret;
  std::function<std::string(carriers::carrier_kind)> voice_url;  ///< where calls to our numbers are to go
  std::function<id128()> make_id;
  std::function<void(const std::string&)> warn;  ///< a line with no number in it; any thread
};

/// How an order stands after it was looked at.
struct order_standing {
  bool settled = false;
  std::string why;    ///< in words, when the carrier refused or can't tell
  bool gone = false;  ///< refused because somebody else has the number
};

/// Any thread, each with its own session.
class number_desk {
 public:
  /// A carrier is done with a request by then, whether or not its answer came.
  static constexpr std::chrono::seconds answered_within{35};
  /// What it does not know then, it never got.
  static constexpr std::chrono::minutes known_within{5};
  /// A purchase that could not even be asked for, as often as this with ever longer waits, is given up: after some 85
  /// minutes.
  static constexpr int tries_max = 9;

  /// `time` must outlive it.
  number_desk(number_desk_options options, const clock& time) : options_{std::move(options)}, time_{time} {}

  /// With its secrets. Throws std::runtime_error, with the remedy, for one that is not in force or can't be used.
  carriers::account account(sql::session& on, organisation_id organisation, integration_id integration) const;

  // These wait for the carrier, for each answer as long as options.ask does. That it failed is in what they return.
  carriers::number_page<carriers::offered_number> search(const carriers::account& over,
                                                         const carriers::number_search& query) const;
  /// All pages; those of `only` when it is given.
  carriers::number_page<carriers::held_number> held(const carriers::account& over, std::optional<e164> only = {}) const;
  /// Calls to it come to us from now on.
  carriers::number_answer route(const carriers::account& over, const std::string& carrier_ref) const;
  /// What route() sets, as held() shows it.
  std::string webhook_of(const carriers::account& over) const;

  void warn(const std::string& line) const { options_.warn(line); }

  /// Does what is next about the order of a number. Not inside a transaction. Throws sql::sql_error.
  order_standing settle(sql::session& on, organisation_id organisation, phone_number_id number) const;

 private:
  order_standing purchase(sql::session& on, const carriers::account& over, sql::number_order order) const;
  order_standing release(sql::session& on, const carriers::account& over, sql::number_order order) const;
  void bought(sql::session& on, const sql::number_order& order, const std::string& carrier_ref) const;
  void refund(sql::session& on, const sql::number_order& order, const std::string& why) const;
  order_standing not_asked(sql::session& on, const sql::number_order& order, const std::string& why) const;
  void put_off(sql::session& on, sql::number_order order, const std::string& why) const;

  const number_desk_options options_;
  const clock& time_;
};

/// For a request: refuses with 409 what can't be used.
carriers::account account_of(carrier_call& call, organisation_id organisation, integration_id integration);

/// Threads that settle the orders that nobody waits for, or whose engine died.
class number_workers {
 public:
  static constexpr std::chrono::milliseconds look_every{5'000};

  /// `connection` sees every organisation (not the tenant's role). `desk` and `time` must outlive the workers.
  number_workers(const sql::connect_options& connection, unsigned threads, const number_desk& desk, const clock& time);
  /// Waits for what is being asked: some seconds at most.
  ~number_workers();
  number_workers(const number_workers&) = delete;
  number_workers& operator=(const number_workers&) = delete;

 private:
  void run(sql::session session);
  void settle(sql::session& on, const sql::number_order& due);

  const number_desk& desk_;
  const clock& time_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::stop_source stop_;
  std::vector<std::thread> threads_;
};

}  // namespace dialer::api
