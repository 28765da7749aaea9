#pragma once
// Telnyx's dialect: Call Control of API version 2.

#include "carriers/simulator/signing.hpp"
#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

class telnyx_api final : public simulated_carrier {
 public:
  telnyx_api(carrier_setup setup, const ed25519_key::seed& key_seed, outputs& out);
  ~telnyx_api() override;

 private:
  routed_request route(const api_request& request, utc_time now) override;
  api_answer act(routed_request& request, utc_time now) override;
  api_answer failure(int status) override;
  std::string ref_text(const call_record& call) const override;
  void announce(call_record& call, call_event event, utc_time now) override;
  void finish_callback(const callback_draft& draft, int delivery, utc_time now, callback_post& post) override;
  std::string answer_headers(std::size_t account) const override;

  void route_path(const api_request& request, routed_request& routed);
  void read_order(const api_request& request, routed_request& routed);
  api_answer dial(routed_request& request, utc_time now);
  std::optional<api_answer> refuse_dial(routed_request& request, utc_time now);
  /// Room in the sliding five-second window; forgets what has left it.
  bool window_has_room(account_state& account, utc_time now) const;
  call_record* find_call(const routed_request& request);
  api_answer fetch(routed_request& request, utc_time now);
  api_answer hang_up(routed_request& request, utc_time now);

  // Commands and the legs they open (telnyx_commands.cpp).
  struct agent_leg {
    std::size_t call = 0;
    std::string inbound;  ///< instead of `call`: of an inbound call
    std::string ref;
    std::string to;
    std::string client_state;
    call_plan plan;
    bool answered = false;
    bool over = false;
  };
  void read_command(const api_request& request, routed_request& routed);
  void read_agent_request(const api_request& request, routed_request& routed);
  api_answer answer_as_agent(const routed_request& request, utc_time now);
  /// A command that the call was told before is not done again.
  bool is_repeated(const routed_request& request);
  api_answer command(const routed_request& request, utc_time now);
  api_answer transfer(call_record& call, const routed_request& request, utc_time now);
  void open_leg(agent_leg leg, const routed_request& request, utc_time now);
  void settle_leg(std::size_t index, utc_time now) override;
  void end_leg(agent_leg& leg, std::string_view cause, int sip, utc_time now);
  void end_legs_of(const call_record& call, utc_time now);
  void announce_leg(const agent_leg& leg, call_event event, std::string_view cause, int sip, utc_time now);

  // Calls to numbers (telnyx_inbound.cpp).
  void ask_about(inbound_call& call, utc_time now) override;
  std::string inbound_ref(std::uint64_t high, std::uint64_t low) const override;
  api_answer command_inbound(inbound_call& call, const routed_request& request, utc_time now);
  void announce_inbound(inbound_call& call, std::string_view leg, std::string_view name, std::string_view client_state,
                        const std::vector<std::pair<std::string_view, std::string>>& more, utc_time now);

  // What is told of calls (telnyx_resource.cpp).
  callback_draft draft_for(call_record& call, call_event event, std::string_view name) const;
  api_answer list_active(const routed_request& request, utc_time now);
  api_answer list_events(const routed_request& request, utc_time now);
  void write_call(std::string& out, const call_record& call, utc_time now, bool alive) const;
  void write_event(std::string& out, const call_record& call, std::string_view name, utc_time at) const;

  // Numbers (telnyx_numbers.cpp).
  struct number_order {
    std::string id;
    std::size_t holder = 0;  ///< account of its key
    std::vector<shelf_number> numbers;
    std::string connection_id;
    std::string messaging_profile_id;
    std::string customer_reference;
    std::string status = "pending";
    utc_time created{};
    utc_time updated{};
  };
  void route_number_path(const api_request& request, std::string_view path, routed_request& routed);
  void settle_order(std::size_t index, utc_time now) override;
  api_answer search_numbers(const routed_request& request, utc_time now);
  api_answer order_numbers(const routed_request& request, utc_time now);
  api_answer list_orders(const routed_request& request, utc_time now);
  api_answer fetch_order(const routed_request& request, utc_time now);
  api_answer list_numbers(const routed_request& request, utc_time now);
  api_answer one_number(const routed_request& request, utc_time now);
  bool knows_connection(std::size_t holder, std::string_view connection) const;
  void write_order(std::string& out, const number_order& order) const;

  struct json_reader;
  std::unique_ptr<json_reader> reader_;
  ed25519_key key_;
  boost::unordered_flat_map<std::string, std::size_t> commands_;  // account and command_id -> call
  std::deque<std::pair<utc_time, std::string>> command_ages_;     // when each of them was first seen
  std::vector<agent_leg> legs_;
  boost::unordered_flat_set<std::string> call_commands_;  // call and command_id
  std::vector<number_order> orders_;
  boost::unordered_flat_set<std::string> searched_;  // key and number: only what was found can be ordered
};

/// {"errors":[{"code":"…","title":"…","detail":"…"[,"source":{"pointer":"…"}]}]}
api_answer telnyx_error(int status, std::string_view code, std::string_view title, std::string_view detail,
                        std::string_view pointer = {});
/// Answers to commands.
api_answer telnyx_unknown_call();
api_answer telnyx_call_over();
api_answer telnyx_no_destination();
api_answer telnyx_done();
/// page[limit] or page[size], within what Telnyx allows.
std::size_t telnyx_page_size(const form_fields& query, std::int64_t fallback);
std::size_t telnyx_page_number(const form_fields& query);
/// hangup_cause of an ended call.
std::string_view telnyx_hangup_cause(const call_record& call) noexcept;

}  // namespace dialer::carriers::simulator
