#pragma once
// Delivery of callbacks by a carrier's rules: when, how often, in which order, and when to give up. Pure: it decides,
// the outputs post.

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "carriers/simulator/api_message.hpp"
#include "carriers/simulator/call_book.hpp"
#include "carriers/simulator/dice.hpp"

namespace dialer::carriers::simulator {

/// A callback before its first delivery.
struct callback_draft {
  std::string ref;  ///< of the call
  std::string to;
  std::uint64_t call_ordinal = 0;
  call_event event = call_event::initiated;
  int sequence = 0;
  bool is_question = false;  ///< the answer says what becomes of the call
  callback_target target;
  std::string content_type;
  std::string body;
  std::string headers;
};

class callback_desk {
 public:
  /// Last changes before each delivery: the attempt's number (from 1), time stamps, signatures over them.
  using finisher = std::function<void(const callback_draft&, int delivery, utc_time now, callback_post& post)>;
  /// What became of a question, after the last repetition.
  using listener = std::function<void(const callback_draft&, const callback_result&, utc_time now)>;

  callback_desk(carrier_name carrier, const scenario& rules, fault_dice& dice, outputs& out, finisher finish,
                listener hear);

  void submit(callback_draft draft, utc_time now);
  /// The outputs' word on one post.
  void done(std::uint64_t id, callback_result result, utc_time now);
  void advance(utc_time now);
  std::optional<utc_time> next_due() const;

 private:
  struct pending {
    callback_draft draft;
    int deliveries = 0;
  };
  struct due {
    utc_time at;
    std::uint64_t id;
    bool operator>(const due& other) const noexcept { return at != other.at ? at > other.at : id > other.id; }
  };

  void enqueue(callback_draft draft, std::int64_t delay_ms, utc_time now);
  void deliver(std::uint64_t id, utc_time now);
  void record(log_event event, const pending& subject, utc_time now, int status, std::string_view reason) const;

  carrier_name carrier_;
  const scenario& rules_;
  fault_dice& dice_;
  outputs& out_;
  finisher finish_;
  listener hear_;
  std::uint64_t last_id_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<pending>> pending_;
  boost::unordered_flat_map<std::string, callback_draft> held_;  ///< by call, waiting to be overtaken
  std::priority_queue<due, std::vector<due>, std::greater<>> due_;
};

}  // namespace dialer::carriers::simulator
