#include "api/campaign_json.hpp"

#include <boost/json/array.hpp>
#include <string>

#include "api/campaign_words.hpp"
#include "api/instants.hpp"
#include "api/rest_operation.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

template <class Number>
void take(const json::object& given, const char* name, Number& into) {
  if (const auto* value = given.if_contains(name)) into = value->to_number<Number>();
}

void take(const json::object& given, const char* name, std::chrono::seconds& into) {
  if (const auto* value = given.if_contains(name)) into = std::chrono::seconds{value->to_number<std::int64_t>()};
}

// The schema has let only the table's names through.
template <class Enum, std::size_t N>
void take(const json::object& given, const char* name, const std::array<name_of<Enum>, N>& names, Enum& into) {
  if (const auto* value = given.if_contains(name)) into = find_named(names, text_of(*value)).value();
}

void take_window(const json::object& given, const std::string& path, weekly_hours& into) {
  const auto* window = given.if_contains("window");
  if (window == nullptr) return;
  for (std::size_t i = 0; i < weekdays.size(); ++i) {
    const auto* text = window->as_object().if_contains(json::string_view{weekdays[i].data(), weekdays[i].size()});
    if (text == nullptr) continue;
    const auto day = parse_local_hours(text_of(*text));
    if (!day) {
      refuse_param(path + "window." + std::string(weekdays[i]),
                   R"(must be like "08:00-21:00" (24:00 is the day's end) or "closed")");
    }
    into[i] = *day;
  }
}

void take_retry(const json::object& given, campaigns::retry_rules& into) {
  const auto* retry = given.if_contains("retry");
  if (retry == nullptr) return;
  for (const auto& [name, rule] : retry->as_object()) {
    const auto which = parse_disposition({name.data(), name.size()});
    retry_rule& to = into[static_cast<std::size_t>(which.value())];
    take(rule.as_object(), "delay_s", to.delay);
    take(rule.as_object(), "attempts_max", to.attempts_max);
  }
}

bool is_retried(disposition ended_as) {
  return ended_as != disposition::answered && ended_as != disposition::invalid_number;
}

void take_caller_id_number(const json::object& given, const std::string& path, campaigns::settings& settings) {
  if (const auto* number = given.if_contains("caller_id_number")) {
    const auto parsed = number->is_null() ? e164{} : e164::parse(text_of(*number));
    if (!parsed) refuse_param(path + "caller_id_number", "must be E.164, such as \"+12125550123\", or null");
    settings.caller_id_number = *parsed;
  }
  if (settings.caller_id == campaigns::caller_id_policy::fixed && !settings.caller_id_number) {
    refuse_param(path + "caller_id_number", "must name the number to show when caller_id is fixed");
  }
}

}  // namespace

json::object contact_counts_json(const sql::campaign_status& status) {
  json::object stages, dispositions, not_dialed;
  for (const sql::contact_stage stage : sql::all_stages) {
    stages[std::string(to_string(stage))] = status.by_stage[static_cast<std::size_t>(stage)];
  }
  for (const disposition how : all_dispositions) {
    const auto n = status.done_by_disposition[static_cast<std::size_t>(how)];
    if (n != 0) dispositions[std::string(to_string(how))] = n;
  }
  for (const reason_text& why : all_reasons()) {
    const auto n = status.done_without_attempt[static_cast<std::size_t>(why.value)];
    if (n != 0) not_dialed[std::string(why.name)] = n;
  }
  return {{"contacts", status.contacts},         {"stages", std::move(stages)},
          {"attempts", status.attempts},         {"dispositions", std::move(dispositions)},
          {"not_dialed", std::move(not_dialed)}, {"misplaced", status.misplaced}};
}

json::object status_json(const sql::campaign_status& status) {
  json::array waiting;
  for (const auto& one : status.waiting) {
    waiting.push_back(json::object{{"place", one.place},
                                   {"reason", std::string(to_string(one.why))},
                                   {"contacts", one.contacts},
                                   {"first_due", to_text(one.first_due)}});
  }
  json::object all = contact_counts_json(status);
  all["waiting"] = std::move(waiting);
  return all;
}

json::object now_json(const engine::campaign_view& campaign) {
  json::object all{{"live", campaign.live}, {"queued", campaign.queued}, {"blocked", nullptr}, {"next_at", nullptr}};
  if (campaign.blocked != reason::none) all["blocked"] = std::string(to_string(campaign.blocked));
  if (campaign.next_at) all["next_at"] = to_text(*campaign.next_at);
  return all;
}

json::object settings_json(const campaigns::settings& settings) {
  json::object window, retry;
  for (std::size_t i = 0; i < weekdays.size(); ++i) window[std::string(weekdays[i])] = to_text(settings.window[i]);
  for (const disposition each : all_dispositions) {
    if (!is_retried(each)) continue;
    const retry_rule& rule = settings.retry[static_cast<std::size_t>(each)];
    retry[std::string(to_string(each))] =
        json::object{{"delay_s", rule.delay.count()}, {"attempts_max", rule.attempts_max}};
  }
  return {{"weight", settings.weight},
          {"calls_per_second_max", settings.calls_per_second_max},
          {"concurrent_calls_max", settings.concurrent_calls_max},
          {"window", std::move(window)},
          {"retry", std::move(retry)},
          {"attempts_per_contact_max", settings.attempts_per_contact_max},
          {"attempts_per_number_24h", settings.attempts_per_number_24h},
          {"attempts_per_number_7d", settings.attempts_per_number_7d},
          {"caller_id", std::string(find_name(caller_id_names, settings.caller_id))},
          {"caller_id_number", settings.caller_id_number ? json::value(settings.caller_id_number.text()) : nullptr},
          {"ring_timeout_s", settings.ring_timeout.count()},
          {"call_time_limit_s", settings.call_time_limit.count()},
          {"machine_detection", std::string(find_name(detection_names, settings.detection))},
          {"default_country", settings.default_country},
          {"redial_absent", settings.redial_absent}};
}

void read_settings_json(const json::object& given, const std::string& path, campaigns::settings& settings) {
  take(given, "weight", settings.weight);
  take(given, "calls_per_second_max", settings.calls_per_second_max);
  take(given, "concurrent_calls_max", settings.concurrent_calls_max);
  take_window(given, path, settings.window);
  take_retry(given, settings.retry);
  take(given, "attempts_per_contact_max", settings.attempts_per_contact_max);
  take(given, "attempts_per_number_24h", settings.attempts_per_number_24h);
  take(given, "attempts_per_number_7d", settings.attempts_per_number_7d);
  if (settings.attempts_per_number_7d < settings.attempts_per_number_24h) {
    refuse_param(path + "attempts_per_number_7d",
                 "must not be below attempts_per_number_24h: a week holds every day's attempts");
  }
  take(given, "caller_id", caller_id_names, settings.caller_id);
  take_caller_id_number(given, path, settings);
  take(given, "ring_timeout_s", settings.ring_timeout);
  take(given, "call_time_limit_s", settings.call_time_limit);
  take(given, "machine_detection", detection_names, settings.detection);
  if (const auto* country = given.if_contains("default_country")) {
    settings.default_country = text_of(*country);
    for (const char c : settings.default_country) {
      if (c < 'A' || c > 'Z') refuse_param(path + "default_country", "must be two capital letters, such as \"US\"");
    }
  }
  if (const auto* redial = given.if_contains("redial_absent")) settings.redial_absent = redial->as_bool();
}

}  // namespace dialer::api
