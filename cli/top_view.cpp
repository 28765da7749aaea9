#include "cli/top_view.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds rate_over{2};

std::string text_of(const json::object& from, const char* key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr || !found->is_string() ? std::string() : std::string(found->as_string());
}

std::uint64_t count_of(const json::object& from, const char* key) {
  return from.at(key).to_number<std::uint64_t>();
}

std::string reasons_of(const json::object& counts) {
  std::string text;
  for (const auto& [why, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", std::string_view{why.data(), why.size()},
                        count.to_number<std::uint64_t>());
  }
  return text;
}

// "waiting: window_closed 7; never dialed: opted_out 3"
std::string why_not(const json::object& counts) {
  std::string text = reasons_of(counts.at("waiting").as_object());
  if (!text.empty()) text = "waiting: " + text;
  const std::string never = reasons_of(counts.at("not_dialed").as_object());
  if (!never.empty()) text += (text.empty() ? "" : "; ") + ("never dialed: " + never);
  return text;
}

std::string percent(const json::value& rate) {
  return rate.is_null() ? std::string("-") : fmt::format("{:.1f} %", 100 * rate.to_number<double>());
}

}  // namespace

std::string stats_text(const json::object& stats) {
  text_table table;
  table.row({"campaign", "state", "contacts", "fresh", "waiting", "done", "attempts", "tried", "answered"});
  std::string reasons;
  const auto row = [&](const std::string& name, const std::string& state, const json::object& counts) {
    const json::object& stages = counts.at("stages").as_object();
    table.row({name, state, std::to_string(count_of(counts, "contacts")), std::to_string(count_of(stages, "fresh")),
               std::to_string(count_of(stages, "waiting")), std::to_string(count_of(stages, "done")),
               std::to_string(count_of(counts, "attempts")), percent(counts.at("tried_rate")),
               percent(counts.at("answer_rate"))});
  };
  for (const json::value& each : stats.at("campaigns").as_array()) {
    const json::object& one = each.as_object();
    row(text_of(one, "name"), text_of(one, "state"), one.at("counts").as_object());
    const std::string why = why_not(one.at("counts").as_object());
    if (!why.empty()) reasons += text_of(one, "name") + ": " + why + "\n";
  }
  row("all", "", stats.at("total").as_object());
  return table.text() + reasons;
}

void top_view::take_stats(const json::object& stats) {
  for (const json::value& each : stats.at("campaigns").as_array()) {
    const json::object& one = each.as_object();
    shown& into = campaigns_[text_of(one, "id")];
    into.name = text_of(one, "name");
    into.state = text_of(one, "state");
    const json::object& counts = one.at("counts").as_object();
    const json::object& stages = counts.at("stages").as_object();
    into.contacts = count_of(counts, "contacts");
    into.fresh = count_of(stages, "fresh");
    into.waiting = count_of(stages, "waiting");
    into.done = count_of(stages, "done");
    into.why_not = why_not(counts);
  }
}

void top_view::take_event(std::string_view name, const json::object& data) {
  if (name == "campaign") {
    shown& into = campaigns_[text_of(data, "campaign_id")];
    into.name = text_of(data, "name");
    into.state = text_of(data, "state");
  } else if (name == "attempts") {
    shown& into = campaigns_[text_of(data, "campaign_id")];
    into.attempts = count_of(data, "attempts");
    into.answered = count_of(data, "answered");
    // What was there before the first look, and what another engine begins to count anew, is no rate.
    if (!into.told || into.attempts < into.attempts_then) into.attempts_then = into.attempts;
    into.told = true;
    const json::value& now = data.at("now");
    into.live = now.is_null() ? 0 : count_of(now.as_object(), "live");
    into.blocked = now.is_null() ? std::string() : text_of(now.as_object(), "blocked");
    into.next_at = now.is_null() ? std::string() : text_of(now.as_object(), "next_at");
  }
}

void top_view::take_rates(steady_time now) {
  if (rates_since_ == steady_time{}) rates_since_ = now;
  if (now - rates_since_ < rate_over) return;
  const double seconds = std::chrono::duration<double>(now - rates_since_).count();
  for (auto& [id, one] : campaigns_) {
    one.rate = static_cast<double>(one.attempts - one.attempts_then) / seconds;
    one.attempts_then = one.attempts;
  }
  rates_since_ = now;
}

std::string top_view::picture(steady_time now) {
  take_rates(now);
  text_table table;
  table.row({"campaign", "state", "calls/s", "live", "attempts", "answered", "contacts", "fresh", "waiting", "done",
             "limited by"});
  std::string reasons;
  for (const auto& [id, one] : campaigns_) {
    if (one.name.empty()) continue;  // its name is on its way
    table.row({one.name, one.state, fmt::format("{:.1f}", one.rate), std::to_string(one.live),
               std::to_string(one.attempts), std::to_string(one.answered), std::to_string(one.contacts),
               std::to_string(one.fresh), std::to_string(one.waiting), std::to_string(one.done),
               one.blocked + (one.next_at.empty() ? "" : " until " + one.next_at)});
    if (!one.why_not.empty()) reasons += one.name + ": " + one.why_not + "\n";
  }
  return table.text() + reasons;
}

std::string top_view::line(steady_time now) {
  take_rates(now);
  double rate = 0;
  std::uint64_t live = 0, attempts = 0, answered = 0;
  std::string blocked;
  for (const auto& [id, one] : campaigns_) {
    rate += one.rate;
    live += one.live;
    attempts += one.attempts;
    answered += one.answered;
    if (!one.blocked.empty()) blocked += (blocked.empty() ? "" : ", ") + one.name + ": " + one.blocked;
  }
  return fmt::format("{:.1f} calls/s  live {}  attempts {}  answered {}{}\n", rate, live, attempts, answered,
                     blocked.empty() ? "" : "  (" + blocked + ")");
}

}  // namespace dialer::cli
