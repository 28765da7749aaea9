// How the scenario's faults change answers.

#include "carriers/simulator/simulated_carrier.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr std::string_view gateway_page =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n";
constexpr std::size_t huge_answer_bytes = 8 * 1024 * 1024;

}  // namespace

api_answer simulated_carrier::answer_with_faults(routed_request& request, const request_faults& faults, utc_time now) {
  if (faults.before) return refuse_by_fault(request, *faults.before, now);
  if (request.account) {
    const auto& state = accounts_[*request.account];
    if (state.limits.requests_in_flight_max != 0 && state.requests_in_flight > state.limits.requests_in_flight_max) {
      return refuse_create(request, failure(429), "in_flight", now);
    }
  }
  auto answer = request.refusal ? refuse_create(request, std::move(*request.refusal), request.refusal_code, now)
                                : act(request, now);
  if (faults.after) spoil_answer(answer, request, *faults.after, now);
  return answer;
}

api_answer simulated_carrier::refuse_by_fault(const routed_request& request, const fault_rule& rule, utc_time now) {
  api_answer answer;
  switch (rule.kind) {
    case fault_kind::throttled_429: answer = failure(429); break;
    case fault_kind::unavailable_503: answer = failure(503); break;
    case fault_kind::unauthorized_401: answer = failure(401); break;
    case fault_kind::redirect_302:
      answer.status = 302;
      answer.headers = "Location: /elsewhere\r\n";
      break;
    case fault_kind::html_502_before:
      answer.status = 502;
      answer.content_type = "text/html";
      answer.body = gateway_page;
      break;
    case fault_kind::drop_before: answer.delivery = answer_delivery::dropped; break;
    case fault_kind::reset_before: answer.delivery = answer_delivery::reset; break;
    default: answer = failure(500); break;
  }
  if (rule.retry_after_s >= 0) answer.headers += "Retry-After: " + std::to_string(rule.retry_after_s) + "\r\n";
  if (answer.delivery == answer_delivery::whole) {
    return refuse_create(request, std::move(answer), fault_traits[static_cast<std::size_t>(rule.kind)].name, now);
  }
  log_entry entry;
  entry.event = log_event::answer_dropped;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.reason = fault_traits[static_cast<std::size_t>(rule.kind)].name;
  record(entry);
  return answer;
}

void simulated_carrier::spoil_answer(api_answer& answer, const routed_request& request, const fault_rule& rule,
                                     utc_time now) {
  switch (rule.kind) {
    case fault_kind::error_500_after: answer = failure(500); break;
    case fault_kind::html_502_after:
      answer.status = 502;
      answer.content_type = "text/html";
      answer.body = gateway_page;
      break;
    case fault_kind::drop_after: answer.delivery = answer_delivery::dropped; break;
    case fault_kind::reset_after: answer.delivery = answer_delivery::reset; break;
    case fault_kind::partial_answer: answer.delivery = answer_delivery::partial; break;
    case fault_kind::bad_json: answer.body.resize(answer.body.size() / 2); break;
    case fault_kind::huge_answer: answer.body.append(huge_answer_bytes, ' '); break;
    default: {
      auto random = draws_for(setup_.seed, request.order.to, requests_);
      answer.delivery = answer_delivery::trickled;
      answer.trickle = std::chrono::milliseconds{draw(random, rule.delay)};
      break;
    }
  }
  log_entry entry;
  entry.event = log_event::answer_dropped;
  entry.at = now;
  entry.carrier = carrier_;
  entry.request = requests_;
  entry.ref = placed_ref_;
  entry.reason = fault_traits[static_cast<std::size_t>(rule.kind)].name;
  record(entry);
}

}  // namespace dialer::carriers::simulator
