#pragma once
// The decision core of a simulated carrier: a state machine over requests, callback results and virtual time. No
// sockets, no clock, no threads; the dialects (twilio_api, telnyx_api) say how it speaks.
//
// Thread-safety: none; one thread. Time given to the members must never go back.
// Each call ends with exactly one `ended` or `canceled` line in the log.

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "carriers/simulator/api_message.hpp"
#include "carriers/simulator/call_book.hpp"
#include "carriers/simulator/callback_desk.hpp"
#include "carriers/simulator/dice.hpp"
#include "carriers/simulator/number_shelf.hpp"
#include "carriers/simulator/wire_text.hpp"

namespace dialer::carriers::simulator {

struct account_setup {
  std::string id;      ///< Twilio: account SID; Telnyx: connection id
  std::string secret;  ///< Twilio: auth token; Telnyx: API key
};

struct carrier_setup {
  std::vector<account_setup> accounts;
  scenario rules;
  std::uint64_t seed = 1;
  /// Call references are drawn from it: distinct per run, or a restarted simulator would hand out known references.
  std::uint64_t reference_salt = 1;
};

class simulated_carrier {
 public:
  virtual ~simulated_carrier();
  simulated_carrier(const simulated_carrier&) = delete;
  simulated_carrier& operator=(const simulated_carrier&) = delete;

  /// Answers one complete request that was read at `now`. Everything due before is done first.
  api_answer handle(const api_request& request, utc_time now);
  /// The answer with this `account` has left or was abandoned.
  void answer_finished(int account);
  void callback_done(std::uint64_t id, callback_result result, utc_time now);
  /// Does everything due at or before `now`, each thing at its own instant.
  void advance(utc_time now);
  std::optional<utc_time> next_due() const;

 protected:
  enum class endpoint : std::uint8_t {
    none,
    create_call,
    fetch_call,
    list_calls,
    list_events,
    change_call,
    read_account,
    read_balance,
    search_numbers,
    buy_number,
    list_orders,
    fetch_order,
    list_numbers,
    fetch_number,
    change_number,
    release_number,
    command_call,
    agent,
    ring_number,
  };

  /// A request as the dialect understands it.
  struct routed_request {
    endpoint where = endpoint::none;
    std::optional<std::size_t> account;  ///< none: not authenticated
    std::string claimed_account;         ///< as the request names it, for the log
    std::string ref;                     ///< of the call it is about
    std::string action;                  ///< Telnyx: command_call
    form_fields query;
    form_fields form;                   ///< Twilio's body; of Telnyx's for numbers, the texts by name
    create_order order;                 ///< create_call: what could be read; buy_number: `to` is the number
    std::optional<api_answer> refusal;  ///< already known to be wrong
    std::string refusal_code;
  };

  /// A call to a number of an account's.
  struct inbound_call {
    std::string ref;
    std::size_t account = 0;
    std::string to;
    std::string from;
    std::string url;  ///< where it is asked what becomes of it
    int sequence = 0;
    bool answered = false;
    bool over = false;
  };

  simulated_carrier(carrier_name carrier, carrier_setup setup, outputs& out);

  // The dialect.
  virtual routed_request route(const api_request& request, utc_time now) = 0;
  virtual api_answer act(routed_request& request, utc_time now) = 0;
  /// The dialect's error body for 401, 429, 500 and 503.
  virtual api_answer failure(int status) = 0;
  virtual std::string inbound_ref(std::uint64_t high, std::uint64_t low) const = 0;
  virtual std::string ref_text(const call_record& call) const = 0;
  /// Composes and submits the callback for a step of the call, if anybody asked for it.
  virtual void announce(call_record& call, call_event event, utc_time now) = 0;
  virtual void finish_callback(const callback_draft& draft, int delivery, utc_time now, callback_post& post) = 0;
  /// Headers that every authenticated answer carries.
  virtual std::string answer_headers(std::size_t account) const = 0;
  /// Telnyx: an order for numbers has been pending long enough.
  virtual void settle_order(std::size_t, utc_time) {}
  /// A leg to an agent has rung long enough.
  virtual void settle_leg(std::size_t index, utc_time now) = 0;
  /// Somebody calls a number that the account holds.
  virtual void ask_about(inbound_call& call, utc_time now) = 0;
  /// What became of a question about a call.
  virtual void hear(const callback_draft&, const callback_result&, utc_time) {}

  // What the dialects build on.
  /// "POST /simulator/ring" with `to` and `from` as a form: not the carrier's API, but what makes a number ring.
  bool route_ring(const api_request& request, routed_request& routed) const;
  api_answer ring_number(const routed_request& request, utc_time now);
  inbound_call* find_inbound(std::string_view ref);
  void instruct(const inbound_call& call, std::string what, utc_time now);
  void end_inbound(inbound_call& call, std::string_view outcome, utc_time now);
  void hand_over(inbound_call& call, std::string_view agent, utc_time now);
  log_entry entry_for(const inbound_call& call, log_event event, utc_time now) const;
  /// How an agent's leg goes: as the scenario says of its address, else it is answered.
  call_plan plan_leg(const std::string& to, std::int64_t timeout_s, std::uint64_t ordinal) const;
  account_state& account(std::size_t index) { return accounts_[index]; }
  const account_state& account(std::size_t index) const { return accounts_[index]; }
  std::size_t account_count() const noexcept { return accounts_.size(); }
  const carrier_setup& setup() const noexcept { return setup_; }
  call_book& calls() noexcept { return calls_; }
  const call_book& calls() const noexcept { return calls_; }
  callback_desk& desk() noexcept { return desk_; }
  number_shelf& shelf() noexcept { return shelf_; }
  /// Under which account its numbers are held: Telnyx's belong to the key, whichever of its connections asks.
  std::size_t key_holder(std::size_t index) const;
  /// False: the scenario wants only held numbers as caller ID, and this one is not.
  bool may_show(std::size_t index, std::string_view from);
  /// The number of the request in hand.
  std::uint64_t request_number() const noexcept { return requests_; }

  /// Makes the call and starts or queues it by the account's call rate (`paced`), or starts it at once.
  call_record& place_call(std::size_t account_index, create_order order, bool paced, utc_time now);
  /// Wait of a call placed now, by the account's call rate.
  std::chrono::microseconds expected_wait(const account_state& account, utc_time now) const;
  /// Ends a call that has not ended, by the customer's wish.
  void end_by_customer(call_record& call, utc_time now);
  /// Logs a refusal of the create-call in hand and passes the answer on.
  /// The same for a purchase of a number.
  api_answer refuse_create(const routed_request& request, api_answer answer, std::string_view code, utc_time now);
  void record_number(log_event event, const routed_request& request, std::string_view number, std::string_view ref,
                     utc_time now);
  /// Calls settle_order(index) then.
  void schedule_order(utc_time at, std::size_t index) { schedule(at, step::order, index); }
  /// The same for settle_leg(index).
  void schedule_leg(utc_time at, std::size_t index) { schedule(at, step::leg, index); }
  /// An agent has the call from now on.
  void hand_over(call_record& call, std::string_view agent, utc_time now);
  void record_lookup(log_event event, const routed_request& request, int status, std::int64_t count, utc_time now);
  log_entry entry_for(const call_record& call, log_event event, utc_time now) const;
  log_entry entry_for(const routed_request& request, log_event event, utc_time now) const;
  void record(const log_entry& entry) { out_.record(entry); }

 private:
  enum class step : std::uint8_t { slot, ring, answer, verdict, finish, order, leg };
  struct due {
    utc_time at;
    std::uint64_t order;  ///< keeps equal instants in the order of scheduling
    step what;
    std::size_t subject;  ///< account of a slot, order of an order, call of the others
    bool operator>(const due& other) const noexcept { return at != other.at ? at > other.at : order > other.order; }
  };

  void hold_scripted_numbers();
  static api_operation operation_of(endpoint where) noexcept;
  api_answer answer_with_faults(routed_request& request, const request_faults& faults, utc_time now);
  api_answer refuse_by_fault(const routed_request& request, const fault_rule& rule, utc_time now);
  void spoil_answer(api_answer& answer, const routed_request& request, const fault_rule& rule, utc_time now);
  void schedule(utc_time at, step what, std::size_t subject);
  void run(const due& item);
  void run_slot(std::size_t account_index, utc_time now);
  void start(call_record& call, utc_time now);
  void ring(call_record& call, utc_time now);
  void answer(call_record& call, utc_time now);
  void verdict(call_record& call, utc_time now);
  void finish_as_planned(call_record& call, utc_time now);
  void finish(call_record& call, call_end end, int sip, utc_time now);

  carrier_name carrier_;
  carrier_setup setup_;
  outputs& out_;
  fault_dice dice_;
  call_book calls_;
  random_source inbound_refs_;
  number_shelf shelf_;
  std::vector<account_state> accounts_;
  std::deque<inbound_call> inbound_;  // stay where they are
  std::priority_queue<due, std::vector<due>, std::greater<>> timeline_;
  std::uint64_t scheduled_ = 0;
  std::uint64_t requests_ = 0;
  std::string placed_ref_;  ///< of the call the request in hand has made
  boost::unordered_flat_map<std::string, std::uint64_t> creates_to_, buys_of_;
  callback_desk desk_;
};

/// Throws std::invalid_argument when an account is given twice.
std::unique_ptr<simulated_carrier> make_twilio(carrier_setup setup, outputs& out);
/// `key_seed`: the webhook signing key. Throws std::invalid_argument like make_twilio.
std::unique_ptr<simulated_carrier> make_telnyx(carrier_setup setup, const std::array<std::uint8_t, 32>& key_seed,
                                               outputs& out);

}  // namespace dialer::carriers::simulator
