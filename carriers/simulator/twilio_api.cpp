#include "carriers/simulator/twilio_api.hpp"

#include <algorithm>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/signing.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr std::string_view accounts_path = "/2010-04-01/Accounts/";

struct refused_number {
  std::string_view number;
  int code;
  std::string_view message;
};

/// The numbers that Twilio documents for its test credentials.
constexpr std::array test_destinations{
    refused_number{"+15005550001", 21217, "Phone number is not valid"},
    refused_number{"+15005550002", 21214, "'To' phone number cannot be reached"},
    refused_number{"+15005550003", 21215, "Account not authorized to call"},
    refused_number{"+15005550004", 21216, "Account not allowed to call this number"},
};

int status_of_code(std::int64_t code) noexcept {
  switch (code) {
    case 20003: return 401;
    case 20403:
    case 20006:
    case 20010:
    case 70051: return 403;
    case 20404: return 404;
    case 20429: return 429;
    case 20500: return 500;
    case 20503: return 503;
    default: return 400;
  }
}

bool callable(std::string_view destination) {
  return e164::parse(destination) || destination.starts_with("sip:") || destination.starts_with("client:");
}

unsigned event_bit(call_event event) noexcept {
  return 1U << static_cast<unsigned>(event);
}

std::optional<unsigned> event_mask(const form_fields& form) {
  unsigned mask = 0;
  for (const auto& field : form.all()) {
    if (field.name != "StatusCallbackEvent") continue;
    if (field.value == "initiated") {
      mask |= event_bit(call_event::initiated);
    } else if (field.value == "ringing") {
      mask |= event_bit(call_event::ringing);
    } else if (field.value == "answered") {
      mask |= event_bit(call_event::answered);
    } else if (field.value == "completed") {
      mask |= event_bit(call_event::ended);
    } else {
      return std::nullopt;
    }
  }
  return mask == 0 ? event_bit(call_event::ended) : mask;
}

/// The field as a number within bounds; `fallback` when absent, nullopt when wrong.
std::optional<std::int64_t> bounded(const form_fields& form, std::string_view name, std::int64_t fallback,
                                    std::int64_t min, std::int64_t max) {
  const auto* text = form.find(name);
  if (!text) return fallback;
  const auto value = parse_number(*text);
  return value && *value >= min && *value <= max ? value : std::nullopt;
}

/// Where the call's document is, or the SIP address that it dials.
std::string agent_of(const form_fields& form) {
  if (const auto* url = form.find("Url")) return url->substr(0, url->find('#'));
  const auto document = form.get("Twiml");
  const auto begin = document.find("<Sip>");
  const auto end = document.find("</Sip>");
  return begin == std::string_view::npos || end < begin ? std::string{}
                                                        : std::string(document.substr(begin + 5, end - begin - 5));
}

}  // namespace

bool callback_url_is_valid(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https")) {
    return false;
  }
  const auto host = url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  return !host.empty() && host.find('_') == std::string_view::npos;
}

twilio_api::twilio_api(carrier_setup given, outputs& out)
    : simulated_carrier{carrier_name::twilio, std::move(given), out} {
  for (const auto& each : setup().accounts) {
    credentials_.push_back("Basic " + base64_encode(each.id + ":" + each.secret));
  }
}

std::unique_ptr<simulated_carrier> make_twilio(carrier_setup setup, outputs& out) {
  return std::make_unique<twilio_api>(std::move(setup), out);
}

api_answer twilio_error(int status, int code, std::string_view message) {
  api_answer answer;
  answer.status = status;
  json_writer json{answer.body};
  json.open_object()
      .field("code", code)
      .field("message", message)
      .field("more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code))
      .field("status", status)
      .close_object();
  return answer;
}

api_answer twilio_api::failure(int status) {
  switch (status) {
    case 401: return twilio_error(401, 20003, "Authenticate");
    case 429: return twilio_error(429, 20429, "Too Many Requests");
    case 503: return twilio_error(503, 20503, "Service Unavailable");
    default: return twilio_error(500, 20500, "An internal server error has occurred");
  }
}

std::string twilio_api::ref_text(const call_record& call) const {
  std::string out = "CA";
  append_hex(out, call.ref_high);
  append_hex(out, call.ref_low);
  return out;
}

std::string twilio_api::answer_headers(std::size_t index) const {
  std::string out = "Twilio-Concurrent-Requests: " + std::to_string(account(index).requests_in_flight);
  out += "\r\nTwilio-Request-Id: RQ";
  append_hex(out, setup().reference_salt);
  append_hex(out, request_number());
  return out += "\r\n";
}

void twilio_api::route_path(const api_request& request, routed_request& routed) {
  auto path = request.target.substr(0, request.target.find('?'));
  if (!path.starts_with(accounts_path)) return;
  path.remove_prefix(accounts_path.size());
  const auto slash = path.find('/');
  const bool get = request.method == "GET", post = request.method == "POST";
  if (slash == std::string_view::npos) {
    if (get && path.ends_with(".json")) routed.where = endpoint::read_account;
    routed.claimed_account = path.substr(0, path.find('.'));
    return;
  }
  routed.claimed_account = path.substr(0, slash);
  const auto rest = path.substr(slash + 1);
  if (rest == "Calls.json") {
    if (post) routed.where = endpoint::create_call;
    if (get) routed.where = endpoint::list_calls;
  } else if (rest == "Balance.json" && get) {
    routed.where = endpoint::read_balance;
  } else if (rest.starts_with("Calls/") && rest.ends_with(".json")) {
    routed.ref = rest.substr(6, rest.size() - 11);
    if (get) routed.where = endpoint::fetch_call;
    if (post) routed.where = endpoint::change_call;
  } else {
    route_number_path(request.method, rest, routed);
  }
}

simulated_carrier::routed_request twilio_api::route(const api_request& request, utc_time) {
  routed_request routed;
  if (route_ring(request, routed)) return routed;
  route_path(request, routed);
  if (const auto question = request.target.find('?'); question != std::string_view::npos) {
    routed.query = form_fields::parse(request.target.substr(question + 1));
  }
  if (request.method == "POST") routed.form = form_fields::parse(request.body);
  if (routed.where == endpoint::create_call) read_order(routed);
  if (routed.where == endpoint::buy_number) routed.order.to = routed.form.get("PhoneNumber");
  if (routed.where == endpoint::list_calls) {
    routed.order.to = routed.query.get("To");
    routed.order.from = routed.query.get("From");
  }

  const auto known = std::find(credentials_.begin(), credentials_.end(), request.authorization);
  if (known == credentials_.end()) {
    routed.refusal = twilio_error(401, 20003, "Authenticate");
    routed.refusal_code = "20003";
    return routed;
  }
  const auto index = static_cast<std::size_t>(known - credentials_.begin());
  routed.account = index;
  if (routed.where == endpoint::none || account(index).id != routed.claimed_account) {
    routed.refusal =
        twilio_error(404, 20404, "The requested resource " + std::string(request.target) + " was not found");
    routed.refusal_code = "20404";
  }
  return routed;
}

/// Reads To, From and the token, which the log wants whatever is wrong with the rest.
void twilio_api::read_order(routed_request& routed) {
  routed.order.to = routed.form.get("To");
  routed.order.from = routed.form.get("From");
  const auto url = routed.form.get("StatusCallback");
  const auto query = url.find('?');
  if (query == std::string_view::npos) return;
  routed.order.token = form_fields::parse(url.substr(query + 1, url.find('#') - query - 1)).get("t");
}

api_answer twilio_api::act(routed_request& request, utc_time now) {
  switch (request.where) {
    case endpoint::create_call: return create(request, now);
    case endpoint::fetch_call: return fetch(request, now);
    case endpoint::list_calls: return list(request, now);
    case endpoint::change_call: return change(request, now);
    case endpoint::ring_number: return ring_number(request, now);
    case endpoint::search_numbers: return search_numbers(request, now);
    case endpoint::buy_number: return buy_number(request, now);
    case endpoint::list_numbers: return list_numbers(request, now);
    case endpoint::fetch_number:
    case endpoint::change_number:
    case endpoint::release_number: return one_number(request, now);
    default: return read_account(request);
  }
}

api_answer twilio_api::create(routed_request& request, utc_time now) {
  auto& order = request.order;
  const auto& form = request.form;
  const auto& state = account(*request.account);
  const auto refuse = [&](int code, std::string_view message) {
    return refuse_create(request, twilio_error(status_of_code(code), code, message), std::to_string(code), now);
  };

  if (order.to.empty()) return refuse(21201, "No 'To' number specified");
  if (order.from.empty()) return refuse(21213, "'From' phone number is required");
  if (!form.find("Url") && !form.find("Twiml") && !form.find("ApplicationSid")) {
    return refuse(21205, "Url parameter is required");
  }
  for (const auto& test : test_destinations) {
    if (order.to == test.number) return refuse(test.code, test.message);
  }
  if (!callable(order.to)) {
    return refuse(21211, "The phone number you are attempting to call, " + order.to + ", is not valid.");
  }
  if (!e164::parse(order.from) || order.from == "+15005550001") {
    return refuse(21212, "The source phone number provided, " + order.from + ", is not valid.");
  }
  const auto& owned = state.limits.owned_numbers;
  const bool listed = owned.empty() || std::find(owned.begin(), owned.end(), order.from) != owned.end();
  if (order.from != "+15005550006" && (!listed || !may_show(*request.account, order.from))) {
    return refuse(21210, "The source phone number provided, " + order.from + ", is not yet verified for your account.");
  }
  const auto script = setup().rules.destinations.find(order.to);
  if (script != setup().rules.destinations.end() && !script->second.refusal.empty()) {
    return refuse(static_cast<int>(parse_number(script->second.refusal).value_or(21214)), "Refused by the scenario");
  }

  const auto timeout = bounded(form, "Timeout", 60, 1, 600);
  const auto limit = bounded(form, "TimeLimit", 14'400, 1, 86'400);
  const auto events = event_mask(form);
  const auto detect = form.get("MachineDetection");
  if (!timeout) return refuse(20001, "Timeout must be from 1 to 600 seconds");
  if (!limit) return refuse(20001, "TimeLimit must be from 1 to 86400 seconds");
  if (!events) return refuse(20001, "StatusCallbackEvent must be initiated, ringing, answered or completed");
  if (!detect.empty() && detect != "Enable" && detect != "DetectMessageEnd") {
    return refuse(20001, "MachineDetection must be Enable or DetectMessageEnd");
  }
  auto callbacks = std::make_unique<callback_order>();
  callbacks->events = *events;
  for (const auto& [name, target] : {std::pair{std::string("StatusCallback"), &callbacks->status},
                                     std::pair{std::string("AsyncAmdStatusCallback"), &callbacks->machine}}) {
    const auto url = form.get(name);
    if (url.empty()) continue;
    if (!callback_url_is_valid(url)) return refuse(20001, name + " is not a valid URL");
    const auto* method = form.find(name + "Method");
    if (method && *method != "POST") return refuse(20001, "this simulator delivers " + name + " by POST only");
    *target = twilio_target(url, setup().rules);
  }
  callbacks->agent = agent_of(form);
  if (form.get("AsyncAmd") != "true") callbacks->machine.url.clear();

  if (state.limits.concurrent_calls_max != 0 && state.live.size() >= state.limits.concurrent_calls_max) {
    return refuse(10004, "Call concurrency limit exceeded");
  }
  const auto wait = expected_wait(state, now);
  if (static_cast<double>(wait.count()) > setup().rules.queue_hours_max * 3.6e9) {
    return refuse(22005, "The queue of this account holds too many calls");
  }
  order.ring_timeout_s = *timeout;
  order.time_limit_s = *limit;
  order.machine_detection = detect.empty()       ? detection::off
                            : detect == "Enable" ? detection::verdict
                                                 : detection::message_end;
  order.callbacks = std::move(callbacks);
  const auto& call = place_call(*request.account, std::move(order), true, now);
  api_answer answer;
  answer.status = 201;
  write_call(answer.body, call, now);
  return answer;
}

call_record* twilio_api::find_call(std::size_t account_index, std::string_view sid) {
  std::uint64_t high = 0, low = 0;
  if (!sid.starts_with("CA") || !parse_hex128(sid.substr(2), high, low)) return nullptr;
  auto* call = calls().find(high, low);
  return call && call->account == account_index ? call : nullptr;
}

api_answer twilio_api::fetch(const routed_request& request, utc_time now) {
  const auto* call = find_call(*request.account, request.ref);
  if (call && call->fetched_from > now) call = nullptr;
  record_lookup(log_event::fetched, request, call ? 200 : 404, -1, now);
  if (!call) return twilio_error(404, 20404, "The requested resource was not found");
  api_answer answer;
  write_call(answer.body, *call, now);
  return answer;
}

api_answer twilio_api::change(routed_request& request, utc_time now) {
  auto* call = find_call(*request.account, request.ref);
  const auto status = request.form.get("Status");
  const auto refuse = [&](int http, int code, std::string_view message) {
    record_lookup(log_event::cancel_refused, request, http, -1, now);
    return twilio_error(http, code, message);
  };
  if (!call) return refuse(404, 20404, "The requested resource was not found");
  if (status != "canceled" && status != "completed") return refuse(400, 20001, "Status must be canceled or completed");
  if (call->phase == call_phase::ended) return refuse(400, 21220, "Call is not in-progress. Cannot redirect.");
  // "canceled" only takes back what nobody has answered yet; an answered call stays as it is.
  if (status == "completed" || call->phase != call_phase::in_progress) end_by_customer(*call, now);
  api_answer answer;
  write_call(answer.body, *call, now);
  return answer;
}

api_answer twilio_api::read_account(const routed_request& request) {
  const auto& state = account(*request.account);
  api_answer answer;
  json_writer json{answer.body};
  json.open_object();
  if (request.where == endpoint::read_balance) {
    json.field("account_sid", state.id).field("balance", "1000.00").field("currency", "USD");
  } else {
    json.field("sid", state.id)
        .field("friendly_name", "Simulated account")
        .field("status", "active")
        .field("type", "Full")
        .null_field("owner_account_sid")
        .field("uri", std::string(accounts_path) + state.id + ".json");
  }
  json.close_object();
  return answer;
}

}  // namespace dialer::carriers::simulator
