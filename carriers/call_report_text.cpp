#include "carriers/call_report_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>

namespace dialer::carriers {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

bool read_flag(const json::object& fields, json::string_view name, bool& value) {
  const json::value* found = fields.if_contains(name);
  if (found == nullptr) return true;
  if (const bool* flag = found->if_bool()) value = *flag;
  return found->is_bool();
}

/// False when there is a value that is no whole number within the bounds; `value` stays empty when there is none.
bool read_number(const json::object& fields, json::string_view name, std::int64_t min, std::int64_t max,
                 std::optional<std::int64_t>& value) {
  const json::value* found = fields.if_contains(name);
  if (found == nullptr) return true;
  const std::int64_t* number = found->if_int64();
  if (number == nullptr || *number < min || *number > max) return false;
  value = *number;
  return true;
}

bool read_disposition(const json::object& fields, json::string_view name, disposition& value) {
  const json::value* found = fields.if_contains(name);
  if (found == nullptr) return true;
  const json::string* text = found->if_string();
  const auto parsed = text == nullptr ? std::nullopt : parse_disposition({text->data(), text->size()});
  if (parsed) value = *parsed;
  return parsed.has_value();
}

}  // namespace

std::string serialize_report(const call_report& report) {
  const call_report defaults;
  json::object fields;
  fields["ref"] = view(report.call_ref);
  fields["phase"] = static_cast<int>(report.phase);
  if (report.if_answered != defaults.if_answered) fields["answered"] = view(to_string(report.if_answered));
  if (report.if_unanswered != defaults.if_unanswered) fields["unanswered"] = view(to_string(report.if_unanswered));
  if (report.maybe_answered) fields["maybe_answered"] = true;
  if (report.machine) fields["machine"] = true;
  if (report.abandoned) fields["abandoned"] = true;
  if (report.sip_code) fields["sip"] = *report.sip_code;
  if (report.duration) fields["duration_s"] = std::int64_t{report.duration->count()};
  if (report.at != defaults.at) fields["at_us"] = std::int64_t{report.at.time_since_epoch().count()};
  if (report.caller_id_signal) fields["caller_id_signal"] = true;
  if (report.circuit) fields["circuit"] = true;
  if (report.react != defaults.react) fields["react"] = static_cast<int>(report.react);
  return json::serialize(fields);
}

std::optional<call_report> parse_report(std::string_view text) {
  json::error_code error;
  const json::value document = json::parse(view(text), error);
  const json::object* fields = error ? nullptr : document.if_object();
  const json::value* ref = fields == nullptr ? nullptr : fields->if_contains("ref");
  if (ref == nullptr || !ref->is_string()) return std::nullopt;
  constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
  std::optional<std::int64_t> phase, sip, duration, at, react;
  call_report report;
  report.call_ref.assign(ref->get_string().data(), ref->get_string().size());
  const bool sound = read_number(*fields, "phase", 0, static_cast<int>(call_phase::ended), phase) && phase &&
                     read_disposition(*fields, "answered", report.if_answered) &&
                     read_disposition(*fields, "unanswered", report.if_unanswered) &&
                     read_flag(*fields, "maybe_answered", report.maybe_answered) &&
                     read_flag(*fields, "machine", report.machine) &&
                     read_flag(*fields, "abandoned", report.abandoned) && read_number(*fields, "sip", 0, 999, sip) &&
                     read_number(*fields, "duration_s", 0, any, duration) &&
                     read_number(*fields, "at_us", std::numeric_limits<std::int64_t>::min(), any, at) &&
                     read_flag(*fields, "caller_id_signal", report.caller_id_signal) &&
                     read_flag(*fields, "circuit", report.circuit) &&
                     read_number(*fields, "react", 0, static_cast<int>(reaction::rest_caller_id), react);
  if (!sound) return std::nullopt;
  report.phase = static_cast<call_phase>(*phase);
  if (react) report.react = static_cast<reaction>(*react);
  if (sip) report.sip_code = static_cast<int>(*sip);
  if (duration) report.duration = std::chrono::seconds{*duration};
  if (at) report.at = utc_time{std::chrono::microseconds{*at}};
  return report;
}

}  // namespace dialer::carriers
