#include "carriers/twilio_codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "carriers/agent_address.hpp"
#include "carriers/answer_reading.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/dispositions.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/json_reading.hpp"
#include "carriers/reactions.hpp"
#include "carriers/request_head.hpp"
#include "carriers/timestamps.hpp"
#include "carriers/twilio_reading.hpp"
#include "carriers/twilio_sid.hpp"
#include "carriers/twiml.hpp"

namespace dialer::carriers {
namespace {

template <class Integer>
void append_number(Integer value, std::string& out) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  constexpr std::int64_t sane_max = 1'000'000'000;
  return value >= 0 && value <= sane_max ? std::optional{value} : std::nullopt;
}

class twilio_codec final : public codec {
 public:
  explicit twilio_codec(const account& value)
      : head_{value, twilio_authorization(value)},
        account_sid_{value.account_sid},
        account_path_{twilio_account_path(value)} {
    create_head_ = head_.prepare_post(account_path_ + "/Calls.json", form_type);
  }

  void encode_create(const call_options& options, dial_permit permit, attempt_id, std::string_view token,
                     std::string& out) override {
    prepare(options);
    body_ = "To=%2B";
    append_number(permit.to().digits(), body_);
    body_ += "&From=%2B";
    append_number(permit.caller_id().digits(), body_);
    body_ += before_answer_token_;
    body_ += token;
    body_ += before_status_token_;
    body_ += token;
    body_ += after_status_token_;
    if (prepared_machine_detection_) {
      body_ += token;
    }
    request_head::post_prepared(create_head_, body_, out);
  }

  create_answer decode_create(const http::http_answer& answer) override {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    create_answer result;
    result.http_status = answer.status;
    const bool read = body && (answer.status == 201   ? read_created(*body, result)
                               : answer.status >= 400 ? read_refused(*body, answer, result)
                                                      : false);
    return read ? result : answer_without_verdict(answer);
  }

  void encode_fetch(std::string_view call_ref, std::string& out) override { head_.get(call_path(call_ref), out); }

  std::optional<call_report> decode_fetch(const http::http_answer& answer) override {
    if (!may_be_json(answer)) return std::nullopt;
    const auto body = json_document(parser_, answer.body);
    if (!body) return std::nullopt;
    if (answer.status == 404 && twilio_error_code(*body) == 20404) return no_such_call();
    if (answer.status != 200) return std::nullopt;
    return read_call(*body);
  }

  void encode_list(const lookup_query& query, std::string& out) override {
    if (!query.next.empty()) return head_.get(query.next, out);
    std::string path = account_path_ + "/Calls.json?To=%2B";
    append_number(query.to.digits(), path);
    path += "&From=%2B";
    append_number(query.from.digits(), path);
    path += "&PageSize=50";
    head_.get(path, out);
  }

  call_page decode_list(const http::http_answer& answer) override {
    call_page page;
    page.carrier_time = parse_rfc2822(answer.date);
    if (!may_be_json(answer) || answer.status != 200) return page;
    const auto body = json_document(parser_, answer.body);
    const auto calls = body ? json_array(*body, "calls") : std::nullopt;
    if (!calls) return page;
    page.ok = read_rows(*calls, page.calls) && read_twilio_next(*body, account_path_ + "/Calls.json?", page.next);
    if (!page.ok) page.calls.clear();
    return page;
  }

  void encode_cancel(std::string_view call_ref, bool ringing_only, std::string& out) override {
    head_.post(call_path(call_ref), form_type, ringing_only ? "Status=canceled" : "Status=completed", out);
  }

  cancel_result decode_cancel(const http::http_answer& answer) override {
    if (!may_be_json(answer)) return cancel_result::failed;
    const auto body = json_document(parser_, answer.body);
    if (!body) return cancel_result::failed;
    if (answer.status == 200) {
      const std::string_view status = json_text(*body, "status");
      if (!twilio_phase(status)) return cancel_result::failed;
      const bool by_itself = status == "busy" || status == "no-answer" || status == "failed";
      return by_itself ? cancel_result::already_ended : cancel_result::done;
    }
    if (answer.status == 404 && twilio_error_code(*body) == 20404) return cancel_result::unknown_call;
    constexpr int invalid_call_state = 21220;
    return twilio_error_code(*body) == invalid_call_state ? cancel_result::already_ended : cancel_result::failed;
  }

  void encode_probe(std::string& out) override { head_.get(account_path_ + ".json", out); }

  bool decode_probe(const http::http_answer& answer) override {
    if (!may_be_json(answer) || answer.status != 200) return false;
    const auto body = json_document(parser_, answer.body);
    return body && json_text(*body, "status") == "active";
  }

 private:
  /// The parts of the body that only change with the campaign. Consecutive calls of one campaign find them ready.
  void prepare(const call_options& options) {
    const bool same =
        prepared_ && options.answer_url == prepared_answer_url_ &&
        options.callback_base_url == prepared_callback_base_ && options.ring_timeout == prepared_ring_timeout_ &&
        options.call_time_limit == prepared_time_limit_ && options.machine_detection == prepared_machine_detection_;
    if (same) return;
    prepared_answer_url_ = options.answer_url;
    prepared_callback_base_ = options.callback_base_url;
    prepared_ring_timeout_ = options.ring_timeout;
    prepared_time_limit_ = options.call_time_limit;
    prepared_machine_detection_ = options.machine_detection;

    const bool sip = is_sip_address(options.answer_url);
    before_answer_token_ = sip ? "&Twiml=" : "&Url=";
    const auto [before, after] = sip ? document_for_sip(options.answer_url) : url_for_answer(options.answer_url);
    append_percent_encoded(before, before_answer_token_);
    before_status_token_.clear();
    append_percent_encoded(after, before_status_token_);
    before_status_token_ += "&StatusCallback=";
    append_percent_encoded(callback_url(options.callback_base_url, "/callbacks/twilio?t="), before_status_token_);
    // Without this fragment Twilio does not repeat a callback that we answered with 5xx; it is neither sent nor signed.
    after_status_token_.clear();
    append_percent_encoded("#rc=3&rp=all", after_status_token_);
    after_status_token_ +=
        "&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&StatusCallbackEvent=answered"
        "&StatusCallbackEvent=completed&Timeout=";
    append_number(std::clamp<std::int64_t>(options.ring_timeout.count(), 1, 600), after_status_token_);
    after_status_token_ += "&TimeLimit=";
    append_number(std::max<std::int64_t>(options.call_time_limit.count(), 1), after_status_token_);
    if (options.machine_detection) {
      after_status_token_ += "&MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback=";
      append_percent_encoded(callback_url(options.callback_base_url, "/callbacks/twilio/amd?t="), after_status_token_);
    }
    prepared_ = true;
  }

  /// What tells Twilio where the agent answers: what stands before the token, and what after it.
  using around_token = std::pair<std::string, std::string>;

  static around_token url_for_answer(std::string_view url) {
    token_place place = place_token(url);
    return {std::move(place.before), std::string{place.after}};
  }

  /// A SIP agent gets the token in a header of its INVITE.
  static around_token document_for_sip(std::string_view address) {
    const char separator = address.find('?') == std::string_view::npos ? '?' : '&';
    std::string document = twiml_dial_sip(std::string{address} + separator + "x-attempt=");
    const std::size_t end = document.find("</Sip>");
    std::string after = document.substr(end);
    document.resize(end);
    return {std::move(document), std::move(after)};
  }

  std::string call_path(std::string_view call_ref) const {
    std::string path = account_path_ + "/Calls/";
    append_percent_encoded(call_ref, path);
    return path += ".json";
  }

  bool read_created(simdjson::dom::object body, create_answer& result) const {
    const std::string_view sid = json_text(body, "sid");
    const std::string_view owner = json_text(body, "account_sid");
    if (!is_call_sid(sid) || (!owner.empty() && owner != account_sid_)) return false;
    result.what = answer_class::accepted;
    result.react = reaction::none;
    result.call_ref = sid;
    result.queue_time = std::chrono::milliseconds{whole_number(json_text(body, "queue_time")).value_or(0)};
    return true;
  }

  static bool read_refused(simdjson::dom::object body, const http::http_answer& answer, create_answer& result) {
    const auto error = read_twilio_error(body, answer.status);
    if (!error) return false;
    const auto [code, words] = *error;
    const classified verdict = classify_twilio(answer.status, code);
    result.what = verdict.what;
    result.react = verdict.react;
    result.circuit = verdict.circuit;
    result.outcome = verdict.outcome;
    result.retry_after = retry_after_of(answer);
    if (!result.retry_after) result.retry_after = verdict.pause;
    if (code != 0) result.carrier_code = std::to_string(code);
    result.detail = foreign_text(words.empty() ? answer.body : words);
    return true;
  }

  static std::optional<call_report> read_call(simdjson::dom::object row) {
    const std::string_view sid = json_text(row, "sid");
    const std::string_view status = json_text(row, "status");
    const auto phase = twilio_phase(status);
    if (!is_call_sid(sid) || !phase) return std::nullopt;
    call_report report;
    report.call_ref = sid;
    report.phase = *phase;
    report.machine = twilio_answered_by_machine(json_text(row, "answered_by"));
    if (*phase == call_phase::ended) {
      const call_end end = twilio_call_end(status, std::nullopt, 0);
      report.if_answered = end.if_answered;
      report.if_unanswered = end.if_unanswered;
      report.caller_id_signal = end.caller_id_signal;
      report.circuit = end.circuit;
      report.react = end.react;
      if (const auto seconds = whole_number(json_text(row, "duration")))
        report.duration = std::chrono::seconds{*seconds};
      if (const auto at = parse_rfc2822(json_text(row, "end_time"))) report.at = *at;
    }
    if (report.at == utc_time{}) {
      if (const auto at = parse_rfc2822(json_text(row, "date_updated"))) report.at = *at;
    }
    return report;
  }

  static bool read_rows(simdjson::dom::array rows, std::vector<listed_call>& calls) {
    for (const simdjson::dom::element element : rows) {
      simdjson::dom::object row;
      if (element.get(row) != simdjson::SUCCESS) return false;
      if (json_text(row, "direction") != "outbound-api") continue;
      auto report = read_call(row);
      if (!report) return false;
      listed_call call;
      call.report = std::move(*report);
      call.to = e164::parse(json_text(row, "to")).value_or(e164{});
      call.from = e164::parse(json_text(row, "from")).value_or(e164{});
      call.created_at = parse_rfc2822(json_text(row, "date_created")).value_or(utc_time{});
      calls.push_back(std::move(call));
    }
    return true;
  }

  request_head head_;
  std::string account_sid_;
  std::string account_path_;
  std::string create_head_;
  simdjson::dom::parser parser_;
  std::string body_;

  bool prepared_ = false;
  std::string prepared_answer_url_;
  std::string prepared_callback_base_;
  std::chrono::seconds prepared_ring_timeout_{0};
  std::chrono::seconds prepared_time_limit_{0};
  bool prepared_machine_detection_ = false;
  std::string before_answer_token_;
  std::string before_status_token_;
  std::string after_status_token_;
};

}  // namespace

std::unique_ptr<codec> make_twilio_codec(const account& value) {
  return std::make_unique<twilio_codec>(value);
}

}  // namespace dialer::carriers
