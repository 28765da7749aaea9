// Calls to Twilio's numbers: the number's VoiceUrl is asked for a document, which is followed verb by verb.

#include <algorithm>

#include "carriers/simulator/signing.hpp"
#include "carriers/simulator/twilio_api.hpp"

namespace dialer::carriers::simulator {

namespace {

struct verb {
  std::string name;
  std::string attributes;  ///< as written
  std::string text;        ///< unescaped; of a verb with nouns that of the last one
};

std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    bool replaced = false;
    for (const auto& [escape, plain] :
         {std::pair{std::string_view{"&amp;"}, '&'}, std::pair{std::string_view{"&lt;"}, '<'},
          std::pair{std::string_view{"&gt;"}, '>'}, std::pair{std::string_view{"&quot;"}, '"'},
          std::pair{std::string_view{"&apos;"}, '\''}}) {
      if (!text.starts_with(escape)) continue;
      out += plain;
      text.remove_prefix(escape.size());
      replaced = true;
      break;
    }
    if (replaced) continue;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

/// What stands in <Response>; nothing for what is no such document.
std::vector<verb> read_document(std::string_view document) {
  std::vector<verb> verbs;
  const auto begin = document.find("<Response>");
  const auto end = document.rfind("</Response>");
  if (begin == std::string_view::npos || end == std::string_view::npos) return verbs;
  auto rest = document.substr(begin + 10, end - begin - 10);
  while (!rest.empty()) {
    const auto close = rest.find('>');
    if (rest.front() != '<' || close == std::string_view::npos) return {};
    const auto tag = rest.substr(1, close - 1);
    const bool empty = tag.ends_with('/');
    const auto name_end = std::min(tag.find_first_of(" /"), tag.size());
    verb one{std::string(tag.substr(0, name_end)), std::string(tag.substr(name_end)), {}};
    rest.remove_prefix(close + 1);
    if (!empty) {
      const std::string last = "</" + one.name + ">";
      const auto stop = rest.find(last);
      if (stop == std::string_view::npos) return {};
      auto content = rest.substr(0, stop);
      if (content.starts_with('<')) {  // one noun
        const auto noun = content.find('>');
        content = content.substr(noun + 1, content.rfind("</") - noun - 1);
      }
      one.text = unescaped(content);
      rest.remove_prefix(stop + last.size());
    }
    verbs.push_back(std::move(one));
  }
  return verbs;
}

std::string attribute(const verb& of, const std::string& name) {
  const auto at = of.attributes.find(" " + name + "=\"");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 3;
  return unescaped(of.attributes.substr(begin, of.attributes.find('"', begin) - begin));
}

/// A URL that a document at `base` names.
std::string resolved(const std::string& base, const std::string& url) {
  if (url.empty() || url.find("://") != std::string::npos) return url;
  const auto path = base.substr(0, base.find_first_of("?#"));
  return path.substr(0, path.rfind('/') + 1) + url;
}

std::string_view dial_status(call_fate fate) noexcept {
  if (fate == call_fate::busy) return "busy";
  return fate == call_fate::no_answer || fate == call_fate::rejected ? "no-answer" : "failed";
}

}  // namespace

std::string twilio_api::inbound_ref(std::uint64_t high, std::uint64_t low) const {
  std::string out = "CA";
  append_hex(out, high);
  append_hex(out, low);
  return out;
}

void twilio_api::ask_about(inbound_call& call, utc_time now) {
  call.url = shelf().find(call.to)->setting("voice_url");
  if (!call.url.empty()) return ask(call, call.url, {}, now);
  instruct(call, "the number has no VoiceUrl", now);
  end_inbound(call, "failed", now);
}

void twilio_api::ask(inbound_call& call, const std::string& url, form_fields more, utc_time now) {
  form_fields fields;
  fields.add("CallSid", call.ref);
  fields.add("AccountSid", account(call.account).id);
  for (const std::string_view name : {"From", "Caller"}) fields.add(name, call.from);
  for (const std::string_view name : {"To", "Called"}) fields.add(name, call.to);
  fields.add("CallStatus", call.answered || !more.all().empty() ? "in-progress" : "ringing");
  fields.add("ApiVersion", "2010-04-01");
  fields.add("Direction", "inbound");
  for (const auto& each : more.all()) fields.add(each.name, each.value);
  callback_draft draft;
  draft.ref = call.ref;
  draft.to = call.to;
  draft.event = call_event::initiated;
  draft.sequence = call.sequence++;
  draft.is_question = true;
  draft.target = twilio_target(url, setup().rules);
  draft.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
  draft.body = fields.encode();
  draft.headers = "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nX-Twilio-Signature: " +
                  twilio_signature(account(call.account).secret, draft.target.url, fields) + "\r\n";
  desk().submit(std::move(draft), now);
}

void twilio_api::hear(const callback_draft& draft, const callback_result& result, utc_time now) {
  auto* call = find_inbound(draft.ref);
  if (!call || call->over) return;
  const bool good = result.outcome == callback_outcome::answered && result.status >= 200 && result.status < 300;
  if (good) return follow(*call, result.body, draft.target.url, now);
  instruct(*call, "no document: status " + std::to_string(result.status), now);
  end_inbound(*call, "failed", now);
}

void twilio_api::follow(inbound_call& call, std::string_view document, const std::string& url, utc_time now) {
  for (const verb& next : read_document(document)) {
    const auto told = next.text.empty() ? next.name : next.name + " " + next.text;
    if (next.name == "Reject") {
      const auto reason = attribute(next, "reason");
      instruct(call, reason.empty() ? told : told + " " + reason, now);
      return end_inbound(call, reason == "busy" ? "busy" : "rejected", now);
    }
    instruct(call, told, now);
    if (next.name == "Redirect") {
      hand_over(call, next.text, now);  // the agent's document is the agent's own affair
      return end_inbound(call, "completed", now);
    }
    if (next.name == "Dial") {
      const auto timeout = parse_number(attribute(next, "timeout")).value_or(30);
      dialed_leg leg{call.ref, next.text, resolved(url, attribute(next, "action")),
                     plan_leg(next.text, timeout, legs_.size())};
      schedule_leg(now + std::chrono::milliseconds{leg.plan.ring}, legs_.size());
      legs_.push_back(std::move(leg));
      return;
    }
    if (next.name == "Say") call.answered = true;
    if (next.name == "Record") {
      call.answered = true;
      form_fields recorded;
      recorded.add("RecordingUrl", "https://api.twilio.com/2010-04-01/Accounts/" + account(call.account).id +
                                       "/Recordings/RE" + call.ref.substr(2));
      recorded.add("RecordingSid", "RE" + call.ref.substr(2));
      recorded.add("RecordingDuration", "7");
      const auto action = attribute(next, "action");
      return ask(call, action.empty() ? url : resolved(url, action), std::move(recorded), now);
    }
    if (next.name == "Hangup") break;
  }
  end_inbound(call, call.answered ? "completed" : "failed", now);
}

void twilio_api::settle_leg(std::size_t index, utc_time now) {
  const auto leg = legs_[index];
  auto* call = find_inbound(leg.call);
  if (!call || call->over) return;
  const bool taken = leg.plan.fate == call_fate::human || leg.plan.fate == call_fate::voicemail;
  if (taken) hand_over(*call, leg.to, now);
  if (leg.action.empty()) return end_inbound(*call, taken ? "completed" : "failed", now);
  form_fields ended;
  ended.add("DialCallStatus", taken ? "completed" : dial_status(leg.plan.fate));
  ask(*call, leg.action, std::move(ended), now);
}

}  // namespace dialer::carriers::simulator
