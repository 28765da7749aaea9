// Telnyx's calls: how they are written, listed and reported in webhooks.

#include <algorithm>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/telnyx_api.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr auto event_memory = std::chrono::hours{24};

std::string leg_id(const call_record& call) {
  return uuid_text(call.ref_high, call.ref_low);
}
std::string session_id(const call_record& call) {
  return uuid_text(~call.ref_high, call.ref_low);
}

std::string_view webhook_name(call_event event) noexcept {
  switch (event) {
    case call_event::initiated: return "call.initiated";
    case call_event::answered: return "call.answered";
    case call_event::verdict: return "call.machine.detection.ended";
    case call_event::ended: return "call.hangup";
    case call_event::ringing: break;
  }
  return {};  // Call Control tells nobody about ringing
}

bool occurred_within(const form_fields& query, utc_time at) {
  const auto bound = [&](std::string_view name) -> std::optional<utc_time> {
    const auto* text = query.find("filter[occurred_at][" + std::string(name) + "]");
    const auto date = text ? parse_date(*text) : std::nullopt;
    return date ? std::optional<utc_time>{date->at} : std::nullopt;
  };
  const auto gte = bound("gte"), gt = bound("gt"), lte = bound("lte"), lt = bound("lt");
  return !(gte && at < *gte) && !(gt && at <= *gt) && !(lte && at > *lte) && !(lt && at >= *lt);
}

}  // namespace

std::size_t telnyx_page_size(const form_fields& query, std::int64_t fallback) {
  const auto* text = query.find("page[limit]") ? query.find("page[limit]") : query.find("page[size]");
  const auto value = text ? parse_number(*text).value_or(fallback) : fallback;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(value, 1, 250));
}

std::size_t telnyx_page_number(const form_fields& query) {
  return static_cast<std::size_t>(std::max<std::int64_t>(parse_number(query.get("page[number]")).value_or(1), 1));
}

std::string_view telnyx_hangup_cause(const call_record& call) noexcept {
  switch (call.end) {
    case call_end::completed: return "normal_clearing";
    case call_end::busy: return "user_busy";
    case call_end::canceled: return "originator_cancel";
    case call_end::no_answer:
      if (call.sip == 603) return "call_rejected";
      return call.order.no_answer_cause ? "no_answer" : "timeout";
    default: break;
  }
  if (call.sip == 404 || call.sip == 410 || call.sip == 484 || call.sip == 604) return "not_found";
  if (call.sip == 403 || call.sip == 603 || call.sip == 607 || call.sip == 608) return "call_rejected";
  return call.sip == 408 || call.sip == 480 ? "timeout" : "unspecified";
}

void telnyx_api::write_call(std::string& out, const call_record& call, utc_time now, bool alive) const {
  json_writer json{out};
  json.open_object().key("data").open_object().field("record_type", "call").field("call_control_id", ref_text(call));
  json.field("call_leg_id", leg_id(call)).field("call_session_id", session_id(call)).field("is_alive", alive);
  if (!call.order.client_state.empty()) json.field("client_state", call.order.client_state);
  json.field("start_time", rfc3339(call.started)).field("call_duration", call.talk_seconds(now));
  if (call.phase == call_phase::ended) json.field("end_time", rfc3339(call.ended));
  json.close_object().close_object();
}

api_answer telnyx_api::list_active(const routed_request& request, utc_time now) {
  const auto size = telnyx_page_size(request.query, 20);
  std::vector<const call_record*> active;
  for (const auto index : account(*request.account).live) {
    const auto& call = calls().at(index);
    if (call.listed_from <= now) active.push_back(&call);
  }
  // Documented are cursors (the index of the last call of the page before) and page[limit]; the official SDK asks by
  // page[size] and page[number] and needs the numbers in the answer. Who asks that way gets them.
  const bool numbered = request.query.find("page[size]") || request.query.find("page[number]");
  auto first = active.begin() +
               static_cast<std::ptrdiff_t>(std::min(active.size(), (telnyx_page_number(request.query) - 1) * size));
  if (const auto cursor = base64_decode(request.query.get("page[after]")); cursor && !cursor->empty()) {
    const auto after = static_cast<std::size_t>(parse_number(*cursor).value_or(0));
    first = std::find_if(active.begin(), active.end(), [&](const call_record* call) { return call->index > after; });
  }
  const auto last = active.end() - first > static_cast<std::ptrdiff_t>(size) ? first + static_cast<std::ptrdiff_t>(size)
                                                                             : active.end();
  api_answer answer;
  json_writer json{answer.body};
  json.open_object().key("data").open_array();
  for (auto call = first; call != last; ++call) {
    json.open_object().field("record_type", "call").field("call_control_id", ref_text(**call));
    json.field("call_leg_id", leg_id(**call)).field("call_session_id", session_id(**call));
    json.field("client_state", (*call)->order.client_state).field("call_duration", (*call)->talk_seconds(now));
    json.close_object();
  }
  json.close_array().key("meta").open_object().field("total_items", active.size());
  json.key("cursors").open_object();
  if (last != active.end()) {
    const auto cursor = base64_encode(std::to_string((*(last - 1))->index));
    std::string next = "https://api.telnyx.com/v2/connections/" + account(*request.account).id +
                       "/active_calls?page%5Blimit%5D=" + std::to_string(size) + "&page%5Bafter%5D=";
    append_percent_encoded(next, cursor);
    json.field("after", cursor).null_field("before").close_object().field("next", next);
  } else {
    json.null_field("after").null_field("before").close_object().null_field("next");
  }
  json.null_field("previous");
  if (numbered) {
    json.field("page_number", telnyx_page_number(request.query))
        .field("total_pages", (active.size() + size - 1) / size);
  }
  json.close_object().close_object();
  record_lookup(log_event::listed, request, 200, last - first, now);
  return answer;
}

api_answer telnyx_api::list_events(const routed_request& request, utc_time now) {
  struct row {
    utc_time at;
    const call_record* call;
    std::string_view name;
  };
  const auto& query = request.query;
  std::vector<row> rows;
  const auto collect = [&](std::size_t index) {
    const auto& call = calls().at(index);
    const bool hidden = account(call.account).secret != account(*request.account).secret || call.listed_from > now ||
                        (query.find("filter[from]") && call.order.from != query.get("filter[from]")) ||
                        (query.find("filter[leg_id]") && leg_id(call) != query.get("filter[leg_id]"));
    if (hidden) return;
    // Newest first: the order of equal instants, too.
    for (const auto& event : {row{call.ended, &call, "call.hangup"}, row{call.answered, &call, "call.answered"},
                              row{call.started, &call, "call.initiated"}, row{call.created, &call, "dial"}}) {
      if (event.at != utc_time{} && now - event.at < event_memory && occurred_within(query, event.at))
        rows.push_back(event);
    }
  };
  if (query.find("filter[to]")) {
    for (const auto index : calls().calls_to(query.get("filter[to]"))) collect(index);
  } else {
    for (const auto index : account(*request.account).calls) collect(index);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const row& a, const row& b) { return a.at > b.at; });

  const auto size = telnyx_page_size(query, 25);
  const auto from = std::min(rows.size(), (telnyx_page_number(query) - 1) * size);
  const auto to = std::min(rows.size(), from + size);
  api_answer answer;
  json_writer json{answer.body};
  json.open_object().key("data").open_array();
  for (auto i = from; i < to; ++i) {
    const auto& call = *rows[i].call;
    json.open_object().field("record_type", "call_event").field("name", rows[i].name);
    json.field("type", rows[i].name == "dial" ? "command" : "webhook").field("event_timestamp", rfc3339(rows[i].at));
    json.field("call_leg_id", leg_id(call)).field("call_session_id", session_id(call)).key("metadata");
    write_event(answer.body, call, rows[i].name, rows[i].at);
    json.close_object();
  }
  json.close_array().key("meta").open_object().field("page_number", telnyx_page_number(query)).field("page_size", size);
  json.field("total_pages", (rows.size() + size - 1) / size).field("total_results", rows.size());
  json.close_object().close_object();
  record_lookup(log_event::listed, request, 200, static_cast<std::int64_t>(to - from), now);
  return answer;
}

/// The payload of an event, in webhooks and in the metadata of call_events.
void telnyx_api::write_event(std::string& out, const call_record& call, std::string_view name, utc_time at) const {
  json_writer json{out};
  json.open_object().field("call_control_id", ref_text(call)).field("call_leg_id", leg_id(call));
  json.field("call_session_id", session_id(call)).field("connection_id", account(call.account).id);
  if (call.order.client_state.empty()) {
    json.null_field("client_state");
  } else {
    json.field("client_state", call.order.client_state);
  }
  json.field("from", call.order.from).field("to", call.order.to).field("start_time", rfc3339(call.started));
  json.key("tags").open_array().close_array();
  if (name == "call.initiated") {
    json.field("direction", "outgoing").field("state", "bridging").field("caller_id_name", call.order.from);
    json.null_field("shaken_stir_attestation").null_field("shaken_stir_validated");
  } else if (name == "call.answered") {
    json.field("state", "answered");
  } else if (name == "call.machine.detection.ended") {
    json.field("result", call.plan.fate == call_fate::voicemail ? "machine" : "human");
  } else if (name == "call.hangup") {
    json.field("state", "hangup").field("end_time", rfc3339(at)).field("hangup_cause", telnyx_hangup_cause(call));
    json.field("hangup_source", call.ended_by_customer ? "caller" : call.was_answered() ? "callee" : "unknown");
    json.field("sip_hangup_cause", std::to_string(call.sip));
  }
  json.close_object();
}

void telnyx_api::announce(call_record& call, call_event event, utc_time now) {
  if (event == call_event::ended) end_legs_of(call, now);
  const auto name = webhook_name(event);
  if (name.empty() || !call.order.callbacks) return;
  callback_draft draft = draft_for(call, event, name);
  if (draft.target.url.empty()) return;
  json_writer json{draft.body};
  json.open_object().key("data").open_object().field("record_type", "event").field("event_type", name);
  json.field("id", uuid_text(call.ref_high + static_cast<std::uint64_t>(draft.sequence) + 1, ~call.ref_low));
  json.field("occurred_at", rfc3339(now)).key("payload");
  write_event(draft.body, call, name, now);
  json.close_object();
  desk().submit(std::move(draft), now);
}

callback_draft telnyx_api::draft_for(call_record& call, call_event event, std::string_view name) const {
  callback_draft draft;
  draft.ref = ref_text(call);
  draft.to = call.order.to;
  draft.call_ordinal = call.ordinal;
  draft.event = event;
  draft.sequence = call.next_sequence++;
  draft.target = call.order.callbacks->status;
  for (const auto& [event_name, url] : call.order.callbacks->by_event) {
    if (event_name == name) draft.target.url = url;
  }
  draft.content_type = "application/json";
  draft.headers = "User-Agent: telnyx-webhooks\r\n";
  return draft;
}

void telnyx_api::finish_callback(const callback_draft&, int delivery, utc_time now, callback_post& post) {
  json_writer json{post.body};
  json.key("meta")
      .open_object()
      .field("attempt", delivery)
      .field("delivered_to", post.url)
      .close_object()
      .close_object();
  const auto timestamp = std::to_string(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  post.headers += "telnyx-timestamp: " + timestamp +
                  "\r\ntelnyx-signature-ed25519: " + key_.sign_base64(timestamp + "|" + post.body) + "\r\n";
}

}  // namespace dialer::carriers::simulator
