#include "carriers/simulator/telnyx_api.hpp"

#include <algorithm>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/telnyx_body.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

using namespace std::chrono_literals;

constexpr auto dial_window = 5s;
constexpr auto command_memory = 60s;
constexpr auto ended_call_memory = 10min;
constexpr std::string_view agents_path = "/agent/";

bool is_text(std::string_view bytes) noexcept {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// What the customer put into client_state: base64 is taken off when text comes out.
std::string token_of(const std::string& client_state) {
  const auto decoded = base64_decode(client_state);
  return decoded && is_text(*decoded) ? *decoded : client_state;
}

bool callable(std::string_view destination) {
  return e164::parse(destination) || destination.starts_with("sip:");
}

}  // namespace

telnyx_api::telnyx_api(carrier_setup given, const ed25519_key::seed& key_seed, outputs& out)
    : simulated_carrier{carrier_name::telnyx, std::move(given), out},
      reader_{std::make_unique<json_reader>()},
      key_{key_seed} {}

telnyx_api::~telnyx_api() = default;

std::unique_ptr<simulated_carrier> make_telnyx(carrier_setup setup, const std::array<std::uint8_t, 32>& key_seed,
                                               outputs& out) {
  return std::make_unique<telnyx_api>(std::move(setup), key_seed, out);
}

api_answer telnyx_error(int status, std::string_view code, std::string_view title, std::string_view detail,
                        std::string_view pointer) {
  api_answer answer;
  answer.status = status;
  json_writer json{answer.body};
  json.open_object().key("errors").open_array().open_object();
  json.field("code", code).field("title", title).field("detail", detail);
  if (!pointer.empty()) json.key("source").open_object().field("pointer", pointer).close_object();
  json.key("meta").open_object();
  json.field("url", "https://developers.telnyx.com/docs/overview/errors/" + std::string(code)).close_object();
  json.close_object().close_array().close_object();
  return answer;
}

api_answer telnyx_unknown_call() {
  return telnyx_error(422, "90015", "Invalid Call Control ID", "The call_control_id provided was not valid.");
}

api_answer telnyx_call_over() {
  return telnyx_error(422, "90018", "Call has already ended",
                      "This call is no longer active and can't receive commands.");
}

api_answer telnyx_no_destination() {
  return telnyx_error(422, "10004", "Missing required parameter", "The 'to' parameter is required.", "/to");
}

api_answer telnyx_done() {
  api_answer answer;
  answer.body = R"({"data":{"result":"ok"}})";
  return answer;
}

api_answer telnyx_api::failure(int status) {
  switch (status) {
    case 401:
      return telnyx_error(401, "10009", "Authentication failed", "The required authentication headers were invalid.");
    case 429:
      return telnyx_error(429, "10011", "Too many requests",
                          "You have exceeded the maximum number of allowed requests.");
    case 503: return telnyx_error(503, "10037", "Service unavailable", "The service is temporarily unavailable.");
    default: return telnyx_error(500, "10007", "Unexpected error", "An unexpected error occured.");
  }
}

std::string telnyx_api::ref_text(const call_record& call) const {
  std::string out = "v3:";
  append_hex(out, call.ref_high);
  append_hex(out, call.ref_low);
  return out;
}

std::string telnyx_api::answer_headers(std::size_t index) const {
  // Per endpoint and far away; only the in-flight share of it is real here.
  constexpr std::uint32_t limit = 1000;
  return "x-ratelimit-limit: " + std::to_string(limit) +
         "\r\nx-ratelimit-remaining: " + std::to_string(limit - std::min(limit, account(index).requests_in_flight)) +
         "\r\nx-ratelimit-reset: 1\r\n";
}

void telnyx_api::route_path(const api_request& request, routed_request& routed) {
  const auto path = request.target.substr(0, request.target.find('?'));
  const bool get = request.method == "GET", post = request.method == "POST";
  constexpr std::string_view calls_path = "/v2/calls/", connections = "/v2/connections/", actions = "/actions/",
                             active = "/active_calls";
  if (path == "/v2/calls" && post) {
    routed.where = endpoint::create_call;
  } else if (path == "/v2/balance" && get) {
    routed.where = endpoint::read_balance;
  } else if (path == "/v2/call_events" && get) {
    routed.where = endpoint::list_events;
  } else if (path.starts_with(connections) && path.ends_with(active) && get) {
    routed.where = endpoint::list_calls;
    routed.claimed_account =
        percent_decode(path.substr(connections.size(), path.size() - connections.size() - active.size()));
  } else if (path.starts_with(calls_path)) {
    auto ref = path.substr(calls_path.size());
    if (const auto at = ref.find(actions); post && at != std::string_view::npos) {
      routed.action = ref.substr(at + actions.size());
      ref = ref.substr(0, at);
      routed.where = routed.action == "hangup" ? endpoint::change_call : endpoint::command_call;
    } else if (get && ref.find('/') == std::string_view::npos) {
      routed.where = endpoint::fetch_call;
    }
    routed.ref = percent_decode(ref);
  } else {
    route_number_path(request, path, routed);
  }
}

void telnyx_api::read_order(const api_request& request, routed_request& routed) {
  if (!reader_->parse(request.body)) {
    routed.refusal = telnyx_error(400, "10015", "Bad Request", "The request body is not valid JSON.");
    routed.refusal_code = "10015";
    return;
  }
  auto& order = routed.order;
  routed.claimed_account = reader_->text("connection_id");
  order.to = reader_->text("to");
  order.from = reader_->text("from");
  order.command_id = reader_->text("command_id");
  order.client_state = reader_->text("client_state");
  order.token = token_of(order.client_state);
  order.ring_timeout_s = reader_->number("timeout_secs", 30);
  order.time_limit_s = reader_->number("time_limit_secs", 14'400);
  order.no_answer_cause = !reader_->flag("retry_on_timeout", true);
  const auto detect = reader_->text("answering_machine_detection");
  order.machine_detection = detect.empty() || detect == "disabled" ? detection::off : detection::verdict;
  order.callbacks = std::make_unique<callback_order>();
  auto& target = order.callbacks->status;
  target.url = reader_->text("webhook_url");
  target.url.resize(std::min(target.url.size(), target.url.find('#')));
  simdjson::dom::object urls;
  if (reader_->object["webhook_urls"].get(urls) == simdjson::SUCCESS) {
    for (const auto field : urls) {
      std::string_view url;
      if (field.value.get(url) == simdjson::SUCCESS) order.callbacks->by_event.emplace_back(field.key, url);
    }
  }
  target.attempts_max = setup().rules.callback_attempts_max;
  target.retry_no_answer = target.retry_5xx = target.retry_408_429 = true;
  target.timeout =
      std::chrono::milliseconds{setup().rules.callback_timeout_ms > 0 ? setup().rules.callback_timeout_ms : 5000};
}

void telnyx_api::read_command(const api_request& request, routed_request& routed) {
  if (!request.body.empty() && !reader_->parse(request.body)) {
    routed.refusal = telnyx_error(400, "10015", "Bad Request", "The request body is not valid JSON.");
    return;
  }
  if (request.body.empty()) return;
  for (const std::string_view key :
       {"to", "command_id", "client_state", "target_leg_client_state", "webhook_url", "cause", "payload"}) {
    if (auto value = reader_->text(key); !value.empty()) routed.form.add(key, std::move(value));
  }
  routed.form.add("timeout_secs", std::to_string(reader_->number("timeout_secs", 30)));
}

/// An event that an agent's application is told: "/agent/" and the application's URL without its scheme.
void telnyx_api::read_agent_request(const api_request& request, routed_request& routed) {
  routed.where = endpoint::agent;
  routed.action = "https://" + std::string(request.target.substr(agents_path.size()));
  if (!reader_->parse(request.body)) return;
  std::string_view ref, type;
  if (reader_->object.at_pointer("/data/payload/call_control_id").get(ref) == simdjson::SUCCESS) routed.ref = ref;
  if (reader_->object.at_pointer("/data/event_type").get(type) == simdjson::SUCCESS)
    routed.form.add("event_type", std::string(type));
}

simulated_carrier::routed_request telnyx_api::route(const api_request& request, utc_time) {
  routed_request routed;
  if (route_ring(request, routed)) return routed;
  route_path(request, routed);
  if (const auto question = request.target.find('?'); question != std::string_view::npos) {
    routed.query = form_fields::parse(request.target.substr(question + 1));
  }
  if (request.method == "POST" && request.target.starts_with(agents_path)) {
    read_agent_request(request, routed);
    return routed;
  }
  if (routed.where == endpoint::create_call) read_order(request, routed);
  if (routed.where == endpoint::command_call || routed.where == endpoint::change_call) read_command(request, routed);
  if (routed.where == endpoint::list_events) {
    routed.order.to = routed.query.get("filter[to]");
    routed.order.from = routed.query.get("filter[from]");
  }

  // One key may serve several connections: the request's own wins, else the first of the key.
  bool key_known = false, connection_known = routed.claimed_account.empty();
  constexpr std::string_view scheme = "Bearer ";
  for (std::size_t i = 0; i < account_count() && request.authorization.starts_with(scheme); ++i) {
    if (account(i).secret != request.authorization.substr(scheme.size())) continue;
    key_known = true;
    if (!routed.account) routed.account = i;
    if (account(i).id == routed.claimed_account) {
      routed.account = i;
      connection_known = true;
    }
  }
  if (!key_known) {
    routed.refusal = failure(401);
    routed.refusal_code = "10009";
  } else if (routed.where == endpoint::none || (routed.where == endpoint::list_calls && !connection_known)) {
    routed.refusal =
        telnyx_error(404, "10005", "Resource not found", "The requested resource or URL could not be found.");
    routed.refusal_code = "10005";
  } else if (routed.where == endpoint::create_call && !connection_known && !routed.refusal) {
    routed.refusal = telnyx_error(422, "10015", "Invalid value for connection_id (Call Control App ID)",
                                  "The requested connection_id is either invalid or does not exist. Only Call Control "
                                  "Apps with valid webhook URL are accepted.",
                                  "/connection_id");
    routed.refusal_code = "10015";
  }
  return routed;
}

api_answer telnyx_api::act(routed_request& request, utc_time now) {
  switch (request.where) {
    case endpoint::create_call: return dial(request, now);
    case endpoint::fetch_call: return fetch(request, now);
    case endpoint::change_call: return find_inbound(request.ref) ? command(request, now) : hang_up(request, now);
    case endpoint::command_call: return command(request, now);
    case endpoint::agent: return answer_as_agent(request, now);
    case endpoint::ring_number: return ring_number(request, now);
    case endpoint::list_calls: return list_active(request, now);
    case endpoint::list_events: return list_events(request, now);
    case endpoint::search_numbers: return search_numbers(request, now);
    case endpoint::buy_number: return order_numbers(request, now);
    case endpoint::list_orders: return list_orders(request, now);
    case endpoint::fetch_order: return fetch_order(request, now);
    case endpoint::list_numbers: return list_numbers(request, now);
    case endpoint::fetch_number:
    case endpoint::change_number:
    case endpoint::release_number: return one_number(request, now);
    default: {
      api_answer answer;
      json_writer json{answer.body};
      json.open_object().key("data").open_object().field("record_type", "balance").field("balance", "1000.00");
      json.field("credit_limit", "0.00").field("available_credit", "1000.00").field("pending", "0.00");
      json.field("currency", "USD").close_object().close_object();
      return answer;
    }
  }
}

bool telnyx_api::window_has_room(account_state& state, utc_time now) const {
  if (state.limits.calls_per_second <= 0) return true;
  while (!state.window.empty() && state.window.front() + dial_window <= now) state.window.pop_front();
  return static_cast<double>(state.window.size()) + 1 <= 5 * state.limits.calls_per_second;
}

std::optional<api_answer> telnyx_api::refuse_dial(routed_request& request, utc_time now) {
  const auto& order = request.order;
  const auto refuse = [&](int status, std::string_view code, std::string_view title, std::string_view detail,
                          std::string_view pointer = {}) {
    return refuse_create(request, telnyx_error(status, code, title, detail, pointer), code, now);
  };
  for (const auto& [name, value] : {std::pair{std::string("connection_id"), std::string_view{request.claimed_account}},
                                    std::pair{std::string("to"), std::string_view{order.to}},
                                    std::pair{std::string("from"), std::string_view{order.from}}}) {
    if (value.empty()) {
      return refuse(422, "10004", "Missing required parameter", "The '" + name + "' parameter is required.",
                    "/" + name);
    }
  }
  if (!callable(order.to)) {
    return refuse(422, "10016", "Phone number must be in +E164 format", "The 'to' parameter must be in +E164 format.",
                  "/to");
  }
  if (!e164::parse(order.from)) {
    return refuse(422, "10016", "Phone number must be in +E164 format", "The 'from' parameter must be in +E164 format.",
                  "/from");
  }
  if (order.ring_timeout_s < 5 || order.ring_timeout_s > 600) {
    return refuse(422, "10015", "Invalid value for timeout_secs", "timeout_secs must be from 5 to 600.",
                  "/timeout_secs");
  }
  if (order.time_limit_s < 30 || order.time_limit_s > 14'400) {
    return refuse(422, "10015", "Invalid value for time_limit_secs", "time_limit_secs must be from 30 to 14400.",
                  "/time_limit_secs");
  }
  if (!order.client_state.empty() && !base64_decode(order.client_state)) {
    return refuse(422, "10014", "Invalid value for client_state", "client_state must be base64.", "/client_state");
  }
  if (!may_show(*request.account, order.from)) {
    return refuse_create(request,
                         telnyx_error(403, "10010", "Authorization failed",
                                      "The origination number is not verified or owned by the account D51."),
                         "D51", now);
  }
  const auto script = setup().rules.destinations.find(order.to);
  if (script == setup().rules.destinations.end() || script->second.refusal.empty()) return std::nullopt;
  const auto& word = script->second.refusal;
  if (parse_number(word)) return refuse(422, word, "Refused by the scenario", "Refused by the scenario.");
  return refuse_create(request,
                       telnyx_error(403, "10010", "Authorization failed",
                                    "The call was refused by the outbound routing of the account " + word + "."),
                       word, now);
}

api_answer telnyx_api::dial(routed_request& request, utc_time now) {
  if (auto refusal = refuse_dial(request, now)) return std::move(*refusal);
  auto& state = account(*request.account);
  auto& order = request.order;
  api_answer answer;

  while (!command_ages_.empty() && command_ages_.front().first + command_memory <= now) {
    commands_.erase(command_ages_.front().second);
    command_ages_.pop_front();
  }
  const std::string command = order.command_id.empty() ? std::string{} : state.id + '\n' + order.command_id;
  if (const auto known = commands_.find(command); known != commands_.end()) {
    auto entry = entry_for(calls().at(known->second), log_event::create_repeated, now);
    entry.request = request_number();
    entry.command_id = order.command_id;
    record(entry);
    write_call(answer.body, calls().at(known->second), now, false);
    return answer;
  }
  if (!window_has_room(state, now)) {
    return refuse_create(request,
                         telnyx_error(429, "90103", "Dials per second limit exceeded",
                                      "The account has reached its limit of dials per second."),
                         "90103", now);
  }
  if (state.limits.concurrent_calls_max != 0 && state.live.size() >= state.limits.concurrent_calls_max) {
    return refuse_create(request,
                         telnyx_error(403, "90041", "Concurrent call limit reached",
                                      "The account has reached its limit of concurrent calls."),
                         "90041", now);
  }
  if (state.limits.calls_per_second > 0) state.window.push_back(now);
  const auto& call = place_call(*request.account, std::move(order), false, now);
  if (!command.empty()) {
    commands_.emplace(command, call.index);
    command_ages_.emplace_back(now, command);
  }
  write_call(answer.body, call, now, false);
  return answer;
}

call_record* telnyx_api::find_call(const routed_request& request) {
  std::uint64_t high = 0, low = 0;
  if (!request.ref.starts_with("v3:") || !parse_hex128(std::string_view{request.ref}.substr(3), high, low))
    return nullptr;
  auto* call = calls().find(high, low);
  // A key sees the calls of all its connections.
  return call && account(call->account).secret == account(*request.account).secret ? call : nullptr;
}

api_answer telnyx_api::fetch(routed_request& request, utc_time now) {
  const auto* call = find_call(request);
  const bool known =
      call && call->fetched_from <= now && (call->phase != call_phase::ended || now < call->ended + ended_call_memory);
  record_lookup(log_event::fetched, request, known ? 200 : 404, -1, now);
  if (!known) {
    return telnyx_error(404, "10005", "Resource not found", "The requested resource or URL could not be found.");
  }
  api_answer answer;
  write_call(answer.body, *call, now, call->phase != call_phase::ended);
  return answer;
}

api_answer telnyx_api::hang_up(routed_request& request, utc_time now) {
  auto* call = find_call(request);
  if (!call) {
    record_lookup(log_event::cancel_refused, request, 422, -1, now);
    return telnyx_unknown_call();
  }
  if (call->phase == call_phase::ended) {
    record_lookup(log_event::cancel_refused, request, 422, -1, now);
    return telnyx_call_over();
  }
  end_by_customer(*call, now);
  return telnyx_done();
}

}  // namespace dialer::carriers::simulator
