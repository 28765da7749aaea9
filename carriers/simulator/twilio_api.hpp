#pragma once
// Twilio's dialect: the Calls resource of API version 2010-04-01.

#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

class twilio_api final : public simulated_carrier {
 public:
  twilio_api(carrier_setup setup, outputs& out);

 private:
  routed_request route(const api_request& request, utc_time now) override;
  api_answer act(routed_request& request, utc_time now) override;
  api_answer failure(int status) override;
  std::string ref_text(const call_record& call) const override;
  void announce(call_record& call, call_event event, utc_time now) override;
  void finish_callback(const callback_draft& draft, int delivery, utc_time now, callback_post& post) override;
  std::string answer_headers(std::size_t account) const override;

  void route_path(const api_request& request, routed_request& routed);
  void read_order(routed_request& routed);
  api_answer create(routed_request& request, utc_time now);
  api_answer fetch(const routed_request& request, utc_time now);
  api_answer list(routed_request& request, utc_time now);
  api_answer change(routed_request& request, utc_time now);
  api_answer read_account(const routed_request& request);

  // Calls to numbers (twilio_inbound.cpp).
  struct dialed_leg {
    std::string call;
    std::string to;
    std::string action;  ///< absolute; empty: none
    call_plan plan;
  };
  void ask_about(inbound_call& call, utc_time now) override;
  void hear(const callback_draft& draft, const callback_result& result, utc_time now) override;
  void settle_leg(std::size_t index, utc_time now) override;
  std::string inbound_ref(std::uint64_t high, std::uint64_t low) const override;
  void ask(inbound_call& call, const std::string& url, form_fields more, utc_time now);
  void follow(inbound_call& call, std::string_view document, const std::string& url, utc_time now);

  // Numbers (twilio_numbers.cpp).
  void route_number_path(std::string_view method, std::string_view rest, routed_request& routed);
  api_answer search_numbers(const routed_request& request, utc_time now);
  api_answer buy_number(const routed_request& request, utc_time now);
  api_answer list_numbers(const routed_request& request, utc_time now);
  api_answer one_number(const routed_request& request, utc_time now);
  held_number* find_number(std::size_t account, std::string_view sid);
  void write_number(std::string& out, const held_number& held) const;
  call_record* find_call(std::size_t account, std::string_view sid);
  bool matches(const call_record& call, const routed_request& request, utc_time now) const;
  form_fields status_fields(call_record& call, call_event event, utc_time now) const;
  void write_call(std::string& out, const call_record& call, utc_time now) const;

  std::vector<dialed_leg> legs_;
  std::vector<std::string> credentials_;  // "Basic ..." of each account
};

/// A callback URL and what its fragment says about retries ("#rc=3&rp=5xx,ct").
callback_target twilio_target(std::string_view url, const scenario& rules);
bool callback_url_is_valid(std::string_view url);
/// "(212) 555-0123" in the North American plan; as it is elsewhere.
std::string formatted_number(std::string_view number);
/// {"code":…,"message":…,"more_info":…,"status":…}
api_answer twilio_error(int status, int code, std::string_view message);
/// "queued", "ringing", "in-progress", "completed", …: the status of the resource.
std::string_view twilio_status(const call_record& call) noexcept;
/// "human", "machine_start", "machine_end_beep"; empty before a verdict.
std::string_view twilio_answered_by(const call_record& call) noexcept;

}  // namespace dialer::carriers::simulator
