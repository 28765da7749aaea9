// Twilio's call resource: how it is written, listed and reported in callbacks.

#include <algorithm>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/signing.hpp"
#include "carriers/simulator/twilio_api.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

void date_field(json_writer& json, std::string_view name, utc_time at) {
  if (at == utc_time{}) {
    json.null_field(name);
  } else {
    json.field(name, rfc2822(at));
  }
}

std::string_view callback_status(const call_record& call, call_event event) noexcept {
  switch (event) {
    case call_event::initiated: return "initiated";
    case call_event::ringing: return "ringing";
    case call_event::answered: return "in-progress";
    default: return twilio_status(call);
  }
}

/// `value` against a filter that may be exact, from a date on ("StartTime>") or up to it ("StartTime<").
bool date_filters_pass(const form_fields& query, const std::string& name, utc_time value) {
  for (const char kind : {'=', '>', '<'}) {
    const auto* text = query.find(kind == '=' ? name : name + kind);
    if (!text) continue;
    const auto bound = parse_date(*text);
    if (!bound || value == utc_time{}) return false;
    const auto end = bound->whole_day ? bound->at + std::chrono::days{1} : bound->at + std::chrono::seconds{1};
    if (kind != '<' && value < bound->at) return false;
    if (kind != '>' && value >= end) return false;
  }
  return true;
}

}  // namespace

std::string formatted_number(std::string_view number) {
  const auto parsed = e164::parse(number);
  if (!parsed || !parsed->is_nanp()) return std::string(number);
  const auto text = parsed->text();
  return "(" + text.substr(2, 3) + ") " + text.substr(5, 3) + "-" + text.substr(8);
}

std::string_view twilio_status(const call_record& call) noexcept {
  switch (call.phase) {
    case call_phase::queued:
    case call_phase::initiated: return "queued";
    case call_phase::ringing: return "ringing";
    case call_phase::in_progress: return "in-progress";
    case call_phase::ended: break;
  }
  return call_end_names[static_cast<std::size_t>(call.end)];
}

std::string_view twilio_answered_by(const call_record& call) noexcept {
  if (!call.verdict_known) return {};
  if (call.plan.fate != call_fate::voicemail) return "human";
  return call.order.machine_detection == detection::message_end ? "machine_end_beep" : "machine_start";
}

void twilio_api::write_call(std::string& out, const call_record& call, utc_time now) const {
  const auto sid = ref_text(call);
  const auto& owner = account(call.account).id;
  const auto uri = "/2010-04-01/Accounts/" + owner + "/Calls/" + sid;
  const bool over = call.phase == call_phase::ended;
  out.reserve(out.size() + 1500);
  json_writer json{out};
  json.open_object().field("sid", sid).field("account_sid", owner).field("to", call.order.to);
  json.field("from", call.order.from).field("to_formatted", formatted_number(call.order.to));
  json.field("from_formatted", formatted_number(call.order.from)).field("status", twilio_status(call));
  json.field("direction", "outbound-api");
  date_field(json, "date_created", call.created);
  date_field(json, "date_updated", call.updated);
  date_field(json, "start_time", call.started);
  date_field(json, "end_time", call.ended);
  if (over) {
    json.field("duration", std::to_string(call.talk_seconds(now)));
  } else {
    json.null_field("duration");
  }
  json.null_field("price").field("price_unit", "USD");
  if (const auto who = twilio_answered_by(call); !who.empty()) {
    json.field("answered_by", who);
  } else {
    json.null_field("answered_by");
  }
  json.field("api_version", "2010-04-01").null_field("parent_call_sid").field("phone_number_sid", "");
  json.null_field("group_sid").null_field("trunk_sid").null_field("forwarded_from").null_field("caller_name");
  json.field("annotation", "").null_field("caller_id").field("queue_time", std::to_string(call.queue_ms));
  json.field("uri", uri + ".json").key("subresource_uris").open_object();
  for (const std::string_view part : {"notifications", "recordings", "events"}) {
    std::string name{part};
    name.front() = static_cast<char>(name.front() - 32);
    json.field(part, uri + "/" + name + ".json");
  }
  json.close_object().close_object();
}

bool twilio_api::matches(const call_record& call, const routed_request& request, utc_time now) const {
  const auto& query = request.query;
  const auto same = [&](std::string_view name, std::string_view value) {
    const auto* wanted = query.find(name);
    return !wanted || *wanted == value;
  };
  return call.account == *request.account && call.listed_from <= now && same("To", call.order.to) &&
         same("From", call.order.from) && same("Status", twilio_status(call)) && !query.find("ParentCallSid") &&
         date_filters_pass(query, "StartTime", call.started) && date_filters_pass(query, "EndTime", call.ended);
}

api_answer twilio_api::list(routed_request& request, utc_time now) {
  const auto size = parse_number(request.query.find("PageSize") ? request.query.get("PageSize") : "50").value_or(0);
  if (size < 1) return twilio_error(400, 20001, "PageSize must be from 1 to 1000");
  const auto limit = static_cast<std::size_t>(std::min<std::int64_t>(size, 1000));
  const auto page = parse_number(request.query.get("Page")).value_or(0);
  // The token is the last SID of the page before, so pages neither repeat nor miss a call while new ones come in.
  auto before = static_cast<std::size_t>(-1);
  if (const auto token = request.query.get("PageToken"); token.starts_with("PA")) {
    const auto* call = find_call(*request.account, token.substr(2));
    if (!call) return twilio_error(400, 20001, "PageToken is not valid");
    before = call->index;
  }

  const auto& candidates =
      request.query.find("To") ? calls().calls_to(request.order.to) : account(*request.account).calls;
  std::vector<const call_record*> rows;
  bool more = false;
  for (auto index = candidates.rbegin(); index != candidates.rend(); ++index) {
    const auto& call = calls().at(*index);
    if (*index >= before || !matches(call, request, now)) continue;
    if (rows.size() == limit) {
      more = true;
      break;
    }
    rows.push_back(&call);
  }

  const auto uri = [&](std::int64_t number, std::string_view token) {
    form_fields fields;
    for (const auto& field : request.query.all()) {
      if (field.name != "Page" && field.name != "PageToken" && field.name != "PageSize")
        fields.add(field.name, field.value);
    }
    fields.add("PageSize", std::to_string(limit));
    fields.add("Page", std::to_string(number));
    if (!token.empty()) fields.add("PageToken", "PA" + std::string(token));
    return "/2010-04-01/Accounts/" + account(*request.account).id + "/Calls.json?" + fields.encode();
  };
  api_answer answer;
  json_writer json{answer.body};
  const auto first_row = page * static_cast<std::int64_t>(limit);
  json.open_object().field("first_page_uri", uri(0, {}));
  json.field("end", first_row + static_cast<std::int64_t>(rows.size()) - (rows.empty() ? 0 : 1))
      .key("calls")
      .open_array();
  for (const auto* call : rows) write_call(answer.body, *call, now);
  json.close_array().null_field("previous_page_uri").field("uri", uri(page, {})).field("page_size", limit);
  json.field("start", first_row);
  if (more) {
    json.field("next_page_uri", uri(page + 1, ref_text(*rows.back())));
  } else {
    json.null_field("next_page_uri");
  }
  json.field("page", page).close_object();
  record_lookup(log_event::listed, request, 200, static_cast<std::int64_t>(rows.size()), now);
  return answer;
}

callback_target twilio_target(std::string_view url, const scenario& rules) {
  callback_target target;
  const auto hash = url.find('#');
  target.url = url.substr(0, hash);
  if (rules.callback_timeout_ms > 0) target.timeout = std::chrono::milliseconds{rules.callback_timeout_ms};
  if (hash == std::string_view::npos) return target;
  const auto settings = form_fields::parse(url.substr(hash + 1));
  const auto milliseconds = [&](std::string_view name, std::chrono::milliseconds fallback) {
    const auto value = parse_number(settings.get(name));
    return value && *value > 0 ? std::min(fallback, std::chrono::milliseconds{*value}) : fallback;
  };
  if (const auto retries = parse_number(settings.get("rc"))) {
    target.attempts_max = static_cast<int>(std::min<std::int64_t>(*retries, 5)) + 1;
  }
  target.connect_timeout = milliseconds("ct", target.connect_timeout);
  target.timeout = milliseconds("rt", milliseconds("tt", target.timeout));
  auto policy = settings.get("rp");
  if (!policy.empty()) target.retry_connect = false;
  while (!policy.empty()) {
    const auto comma = policy.find(',');
    const auto word = policy.substr(0, comma);
    const bool all = word == "all";
    target.retry_connect |= all || word == "ct";
    target.retry_no_answer |= all || word == "rt";
    target.retry_4xx |= all || word == "4xx";
    target.retry_5xx |= all || word == "5xx";
    policy.remove_prefix(comma == std::string_view::npos ? policy.size() : comma + 1);
  }
  return target;
}

form_fields twilio_api::status_fields(call_record& call, call_event event, utc_time now) const {
  form_fields fields;
  fields.add("CallSid", ref_text(call));
  fields.add("AccountSid", account(call.account).id);
  if (event == call_event::verdict) {
    fields.add("AnsweredBy", twilio_answered_by(call));
    fields.add("MachineDetectionDuration", std::to_string(call.plan.verdict));
    return fields;
  }
  for (const std::string_view name : {"From", "Caller"}) fields.add(name, call.order.from);
  for (const std::string_view name : {"To", "Called"}) fields.add(name, call.order.to);
  for (const std::string_view side : {"From", "Caller", "To", "Called"}) {
    for (const std::string_view part : {"City", "State", "Zip"}) fields.add(std::string(side).append(part), "");
  }
  fields.add("CallStatus", callback_status(call, event));
  fields.add("ApiVersion", "2010-04-01");
  fields.add("Direction", "outbound-api");
  fields.add("Timestamp", rfc2822(now));
  fields.add("CallbackSource", "call-progress-events");
  fields.add("SequenceNumber", std::to_string(call.next_sequence++));
  if (event == call_event::ringing || event == call_event::answered) fields.add("StirStatus", "B");
  if (const auto who = twilio_answered_by(call); !who.empty()) fields.add("AnsweredBy", who);
  if (event == call_event::ended) {
    fields.add("CallDuration", std::to_string(call.talk_seconds(now)));
    if (call.end == call_end::completed) fields.add("Duration", std::to_string((call.talk_seconds(now) + 59) / 60));
    if (call.end != call_end::canceled) fields.add("SipResponseCode", std::to_string(call.sip));
  }
  return fields;
}

void twilio_api::announce(call_record& call, call_event event, utc_time now) {
  if (!call.order.callbacks) return;
  const auto& wanted = *call.order.callbacks;
  const bool machine = event == call_event::verdict;
  const auto& target = machine ? wanted.machine : wanted.status;
  if (target.url.empty() || (!machine && (wanted.events >> static_cast<unsigned>(event) & 1U) == 0)) return;
  const auto fields = status_fields(call, event, now);
  callback_draft draft;
  draft.ref = ref_text(call);
  draft.to = call.order.to;
  draft.call_ordinal = call.ordinal;
  draft.event = event;
  draft.sequence = machine ? -1 : call.next_sequence - 1;
  draft.target = target;
  draft.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
  draft.body = fields.encode();
  draft.headers = "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nX-Twilio-Signature: " +
                  twilio_signature(account(call.account).secret, target.url, fields) + "\r\n";
  desk().submit(std::move(draft), now);
}

void twilio_api::finish_callback(const callback_draft& draft, int delivery, utc_time, callback_post& post) {
  if (delivery == 1) return;
  // The same for every repetition of one callback, so that the receiver can tell.
  auto random = draws_for(setup().seed, draft.ref, static_cast<std::uint64_t>(draft.event));
  const auto high = random(), low = random();
  post.headers += "I-Twilio-Idempotency-Token: " + uuid_text(high, low) + "\r\n";
}

}  // namespace dialer::carriers::simulator
