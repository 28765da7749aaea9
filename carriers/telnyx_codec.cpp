#include "carriers/telnyx_codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "carriers/agent_address.hpp"
#include "carriers/answer_reading.hpp"
#include "carriers/base64.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/json_reading.hpp"
#include "carriers/reactions.hpp"
#include "carriers/request_head.hpp"
#include "carriers/telnyx_events.hpp"
#include "carriers/telnyx_reading.hpp"
#include "carriers/timestamps.hpp"

namespace dialer::carriers {
namespace {

constexpr std::string_view events_path = "/v2/call_events?page[size]=250&page[number]=";

template <class Integer>
void append_number(Integer value, std::string& out) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// The first string of that name in an object or in what it holds, at most `depth` levels down: call events nest the
/// webhook's payload in their metadata, at a level that is not documented.
std::string_view find_text(simdjson::dom::object object, std::string_view key, int depth) {
  if (const std::string_view here = json_text(object, key); !here.empty() || depth == 0) return here;
  for (const auto field : object) {
    simdjson::dom::object inner;
    if (field.value.get(inner) != simdjson::SUCCESS) continue;
    if (const std::string_view found = find_text(inner, key, depth - 1); !found.empty()) return found;
  }
  return {};
}
constexpr int payload_depth = 4;

class telnyx_codec final : public codec {
 public:
  explicit telnyx_codec(const account& value) : head_{value, telnyx_authorization(value)} {
    require_visible_ascii("connection_id", value.connection_id);
    active_calls_path_ = "/v2/connections/";
    append_percent_encoded(value.connection_id, active_calls_path_);
    active_calls_path_ += "/active_calls?page[limit]=250";
    create_head_ = head_.prepare_post("/v2/calls", json_type);
    create_begin_ = "{\"connection_id\":" + json_string(value.connection_id) + ",\"to\":\"+";
  }

  void encode_create(const call_options& options, dial_permit permit, attempt_id attempt, std::string_view token,
                     std::string& out) override {
    prepare(options);
    body_ = create_begin_;
    append_number(permit.to().digits(), body_);
    body_ += "\",\"from\":\"+";
    append_number(permit.caller_id().digits(), body_);
    body_ += "\",\"command_id\":\"";
    body_ += attempt.text();
    body_ += "\",\"client_state\":\"";
    append_base64(token, base64_kind::standard, body_);
    for (const std::string& piece : webhooks_) {
      if (&piece != &webhooks_.front()) body_ += token;
      body_ += piece;
    }
    body_ += create_end_;
    request_head::post_prepared(create_head_, body_, out);
  }

  create_answer decode_create(const http::http_answer& answer) override {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    create_answer result;
    result.http_status = answer.status;
    const bool created = answer.status >= 200 && answer.status < 300;
    const bool read = body && (created                ? read_created(*body, answer, result)
                               : answer.status >= 400 ? read_refused(*body, answer, result)
                                                      : false);
    return read ? result : answer_without_verdict(answer);
  }

  void encode_fetch(std::string_view call_ref, std::string& out) override { head_.get(call_path(call_ref), out); }

  std::optional<call_report> decode_fetch(const http::http_answer& answer) override {
    if (!may_be_json(answer)) return std::nullopt;
    const auto body = json_document(parser_, answer.body);
    if (!body) return std::nullopt;
    if (is_unknown_call(*body, answer.status)) return no_such_call();
    const auto data = answer.status == 200 ? json_object(*body, "data") : std::nullopt;
    if (!data || !is_call_control_id(json_text(*data, "call_control_id"))) return std::nullopt;
    return read_status(*data);
  }

  /// The active calls of the connection page by page, then the call events of the number, which also know calls that
  /// ended.
  void encode_list(const lookup_query& query, std::string& out) override {
    if (query.next.empty()) return head_.get(active_calls_path_, out);
    if (!query.next.starts_with(events_path)) return head_.get(query.next, out);
    std::string path = query.next + "&filter[to]=%2B";
    append_number(query.to.digits(), path);
    path += "&filter[occurred_at][gte]=";
    append_percent_encoded(format_rfc3339(query.sent_not_before), path);
    head_.get(path, out);
  }

  call_page decode_list(const http::http_answer& answer) override {
    call_page page;
    page.carrier_time = parse_rfc2822(answer.date);
    if (!may_be_json(answer) || answer.status != 200) return page;
    const auto body = json_document(parser_, answer.body);
    const auto rows = body ? json_array(*body, "data") : std::nullopt;
    const auto meta = body ? json_object(*body, "meta") : std::nullopt;
    if (!rows || !meta) return page;
    // The two listings page differently, and that tells which of them this is: a cursor, or page numbers.
    const auto page_number = json_integer(*meta, "page_number");
    const auto pages = json_integer(*meta, "total_pages");
    if (page_number && pages) {
      page.ok = read_events(*rows, page.calls);
      if (*page_number < *pages) append_events_page(*page_number + 1, page.next);
    } else if (const auto cursors = json_object(*meta, "cursors")) {
      page.ok = read_active(*rows, page.calls);
      read_cursor(json_text(*cursors, "after"), rows->size() != 0, page.next);
    }
    if (!page.ok) {
      page.calls.clear();
      page.next.clear();
    }
    return page;
  }

  /// `ringing_only` makes no difference: Telnyx has one command, and it ends a call in any phase.
  void encode_cancel(std::string_view call_ref, bool, std::string& out) override {
    head_.post(call_path(call_ref) + "/actions/hangup", json_type, "{}", out);
  }

  cancel_result decode_cancel(const http::http_answer& answer) override {
    if (!may_be_json(answer)) return cancel_result::failed;
    const auto body = json_document(parser_, answer.body);
    if (!body) return cancel_result::failed;
    if (answer.status == 200) return json_object(*body, "data") ? cancel_result::done : cancel_result::failed;
    if (has_telnyx_error(*body, "90018")) return cancel_result::already_ended;
    return is_unknown_call(*body, answer.status) ? cancel_result::unknown_call : cancel_result::failed;
  }

  void encode_probe(std::string& out) override { head_.get("/v2/balance", out); }

  bool decode_probe(const http::http_answer& answer) override {
    if (!may_be_json(answer) || answer.status != 200) return false;
    const auto body = json_document(parser_, answer.body);
    const auto data = body ? json_object(*body, "data") : std::nullopt;
    if (!data) return false;
    const std::string_view credit = json_text(*data, "available_credit");
    double amount = 0;
    const auto [end, error] = std::from_chars(credit.data(), credit.data() + credit.size(), amount);
    return error == std::errc{} && end == credit.data() + credit.size() && amount > 0;
  }

 private:
  /// The end of the body, which only changes with the campaign. Consecutive calls of one campaign find it ready.
  void prepare(const call_options& options) {
    const bool same =
        !create_end_.empty() && options.answer_url == prepared_answer_url_ &&
        options.callback_base_url == prepared_callback_base_ && options.ring_timeout == prepared_ring_timeout_ &&
        options.call_time_limit == prepared_time_limit_ && options.machine_detection == prepared_machine_detection_;
    if (same) return;
    prepared_answer_url_ = options.answer_url;
    prepared_callback_base_ = options.callback_base_url;
    prepared_ring_timeout_ = options.ring_timeout;
    prepared_time_limit_ = options.call_time_limit;
    prepared_machine_detection_ = options.machine_detection;
    prepare_webhooks(options);
    create_end_ = ",\"timeout_secs\":";
    append_number(std::clamp<std::int64_t>(options.ring_timeout.count(), 5, 600), create_end_);
    create_end_ += ",\"time_limit_secs\":";
    append_number(std::clamp<std::int64_t>(options.call_time_limit.count(), 30, 14'400), create_end_);
    create_end_ += ",\"answering_machine_detection\":";
    create_end_ += options.machine_detection ? "\"detect\"" : "\"disabled\"";
    create_end_ += ",\"retry_on_timeout\":false}";
  }

  /// Where the call's events go. An agent's application commands the call, and so gets all but those that we need,
  /// which it is told by us. It may give the call a client_state of its own: what comes after that has the token in the
  /// URL. A SIP agent commands nothing.
  void prepare_webhooks(const call_options& options) {
    const std::string ours = callback_url(options.callback_base_url, "/callbacks/telnyx");
    if (is_sip_address(options.answer_url)) {
      webhooks_ = {"\",\"webhook_url\":" + json_string(ours)};
      return;
    }
    const auto open_string = [](const std::string& text) {
      std::string quoted = json_string(text);
      quoted.pop_back();
      return quoted;
    };
    const std::string with_token = open_string(place_token(ours).before);
    webhooks_ = {"\",\"webhook_url\":" + open_string(place_token(options.answer_url).before),
                 "\",\"webhook_urls\":{\"call.initiated\":" + json_string(ours) +
                     ",\"call.answered\":" + json_string(ours) + ",\"call.hangup\":" + with_token,
                 "\",\"call.machine.detection.ended\":" + with_token, "\"}"};
  }

  static std::string call_path(std::string_view call_ref) {
    std::string path = "/v2/calls/";
    append_percent_encoded(call_ref, path);
    return path;
  }

  /// A 2xx without a call may be the answer to a command_id already used (not documented): in doubt, but no fault.
  static bool read_created(simdjson::dom::object body, const http::http_answer& answer, create_answer& result) {
    const auto data = json_object(body, "data");
    if (!data) return false;
    const std::string_view call_ref = json_text(*data, "call_control_id");
    if (is_call_control_id(call_ref)) {
      result.what = answer_class::accepted;
      result.react = reaction::none;
      result.call_ref = call_ref;
    } else {
      result.detail = foreign_text(answer.body);
    }
    return true;
  }

  static bool read_refused(simdjson::dom::object body, const http::http_answer& answer, create_answer& result) {
    const auto refusal = read_telnyx_refusal(body, answer.status);
    if (!refusal) return false;
    const auto& [chosen, words] = *refusal;
    const classified verdict = classify_telnyx(answer.status, chosen);
    result.what = verdict.what;
    result.react = verdict.react;
    result.circuit = verdict.circuit;
    result.outcome = verdict.outcome;
    result.retry_after = retry_after_of(answer);
    if (!result.retry_after && answer.status == 429) result.retry_after = rate_limit_reset_of(answer);
    if (!result.retry_after) result.retry_after = verdict.pause;
    result.carrier_code = foreign_text(chosen.token.empty() ? chosen.code : chosen.token);
    result.detail = foreign_text(words.empty() ? answer.body : words);
    return true;
  }

  static bool is_unknown_call(simdjson::dom::object body, int status) {
    return (status == 404 && has_telnyx_error(body, "10005")) || (status == 422 && has_telnyx_error(body, "90015"));
  }

  /// is_alive is also false while a call is being set up, so only a time or a length makes it an end.
  static call_report read_status(simdjson::dom::object data) {
    call_report report;
    report.call_ref = json_text(data, "call_control_id");
    bool alive = false;
    if (data.at_key("is_alive").get(alive) != simdjson::SUCCESS) alive = false;
    const auto ended_at = parse_rfc3339(json_text(data, "end_time"));
    const auto seconds = json_integer(data, "call_duration");
    if (alive) {
      report.phase = call_phase::initiated;
    } else if (ended_at || seconds > 0) {
      report.phase = call_phase::ended;
      if (ended_at) report.at = *ended_at;
      if (seconds > 0) {
        report.if_unanswered = disposition::answered;
        report.duration = std::chrono::seconds{*seconds};
      }
      report.maybe_answered = !seconds;
    }
    return report;
  }

  static bool read_active(simdjson::dom::array rows, std::vector<listed_call>& calls) {
    for (const simdjson::dom::element element : rows) {
      simdjson::dom::object row;
      if (element.get(row) != simdjson::SUCCESS || !is_call_control_id(json_text(row, "call_control_id"))) return false;
      listed_call call;
      call.report.call_ref = json_text(row, "call_control_id");
      call.report.phase = call_phase::initiated;
      call.token = token_of_client_state(json_text(row, "client_state"));
      calls.push_back(std::move(call));
    }
    return true;
  }

  /// Several events of one call become one listed call. An event that names no call shows that there was one without
  /// saying which: it stands for itself. The list has commands, too; one that names no call placed none.
  static bool read_events(simdjson::dom::array rows, std::vector<listed_call>& calls) {
    for (const simdjson::dom::element element : rows) {
      simdjson::dom::object row;
      if (element.get(row) != simdjson::SUCCESS) return false;
      const std::string_view call_ref = find_text(row, "call_control_id", payload_depth);
      if (!is_call_control_id(call_ref)) {
        listed_call unnamed;
        merge_event(row, unnamed);
        if (unnamed.report.phase != call_phase::queued) calls.push_back(std::move(unnamed));
        continue;
      }
      auto known = std::ranges::find(calls, call_ref,
                                     [](const listed_call& call) -> std::string_view { return call.report.call_ref; });
      if (known == calls.end()) {
        listed_call call;
        call.report.call_ref = call_ref;
        call.report.phase = call_phase::initiated;
        known = calls.insert(calls.end(), std::move(call));
      }
      merge_event(row, *known);
    }
    return true;
  }

  static void merge_event(simdjson::dom::object row, listed_call& call) {
    if (call.token.empty()) call.token = token_of_client_state(find_text(row, "client_state", payload_depth));
    if (!call.to) call.to = e164::parse(find_text(row, "to", payload_depth)).value_or(e164{});
    if (!call.from) call.from = e164::parse(find_text(row, "from", payload_depth)).value_or(e164{});
    std::string_view when = json_text(row, "event_timestamp");
    if (when.empty()) when = find_text(row, "occurred_at", payload_depth);
    const auto at = parse_rfc3339(when);
    if (at && (call.created_at == utc_time{} || *at < call.created_at)) call.created_at = *at;
    auto report =
        read_telnyx_event({json_text(row, "name"), call.report.call_ref, find_text(row, "hangup_cause", payload_depth),
                           find_text(row, "sip_hangup_cause", payload_depth), find_text(row, "result", payload_depth)});
    if (!report) return;
    if (at) report->at = *at;
    join(call.report, std::move(*report));
  }

  static void append_events_page(std::int64_t number, std::string& next) {
    next = events_path;
    append_number(number, next);
  }

  void read_cursor(std::string_view after, bool has_rows, std::string& next) const {
    if (after.empty() || !has_rows) return append_events_page(1, next);
    next = active_calls_path_ + "&page[after]=";
    append_percent_encoded(after, next);
  }

  request_head head_;
  std::string active_calls_path_;
  std::string create_head_;
  std::string create_begin_;
  simdjson::dom::parser parser_;
  std::string body_;

  std::vector<std::string> webhooks_;  // the token goes between them
  std::string create_end_;
  std::string prepared_answer_url_;
  std::string prepared_callback_base_;
  std::chrono::seconds prepared_ring_timeout_{0};
  std::chrono::seconds prepared_time_limit_{0};
  bool prepared_machine_detection_ = false;
};

}  // namespace

std::unique_ptr<codec> make_telnyx_codec(const account& value) {
  return std::make_unique<telnyx_codec>(value);
}

}  // namespace dialer::carriers
