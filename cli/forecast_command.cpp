#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "callerid/pick.hpp"
#include "cli/campaign_lanes.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/forecast.hpp"
#include "cli/instants.hpp"
#include "cli/place_finder.hpp"
#include "cli/text_table.hpp"
#include "cli/window_check.hpp"
#include "cli/zone_data.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

/// One of the limits on the campaign's rate.
struct rate_limit {
  std::string name;
  double calls_per_second = 0;
};

/// What the campaign dials with, and what is taken for granted about it.
struct budget {
  std::vector<rate_limit> limits;
  double calls_per_day = 0;  ///< 0: no such limit
  std::vector<std::string> assumptions;

  const rate_limit& tightest() const { return *std::ranges::min_element(limits, {}, &rate_limit::calls_per_second); }
};

/// Accounts that work and have a number which the campaign's agent may show, and those numbers.
struct means {
  std::vector<carriers::account> accounts;
  std::vector<callerid::phone_number> numbers;
};

means find_means(const engine::organisation_snapshot& from, const campaigns::settings& campaign) {
  means found;
  callerid::pool_book pools{region_of_number};
  pools.rebuild(from.sharing, from.numbers, from.assignments, from.restrictions);
  for (const callerid::phone_number& number : from.numbers) {
    const auto account = std::ranges::find(from.accounts, number.integration, &carriers::account::id);
    if (account == from.accounts.end() || account->frozen || !account->unusable.empty()) continue;
    if (!pools.may_show(campaign.agent, account->id, number.number)) continue;
    if (campaign.fixed_caller_id() && number.number != campaign.fixed_caller_id()) continue;
    found.numbers.push_back(number);
    if (std::ranges::find(found.accounts, account->id, &carriers::account::id) == found.accounts.end()) {
      found.accounts.push_back(*account);
    }
  }
  if (found.accounts.empty()) {
    throw std::runtime_error("campaign " + campaign.name +
                             " calls nobody: no working carrier account has a number that its agent may show; assign "
                             "one, or ask dialer explain");
  }
  return found;
}

/// The sum of a cap over all of them; 0 when one has none.
template <class Things, class Cap>
double sum_of(const Things& all, Cap cap) {
  double sum = 0;
  for (const auto& one : all) {
    const double value = cap(one);
    if (value == 0) return 0;
    sum += value;
  }
  return sum;
}

void limit_by_lines(const engine::organisation_snapshot& from, const campaigns::settings& campaign, const means& with,
                    const sql::call_length& calls, double call_seconds, budget& made) {
  const auto agent = std::ranges::find(from.agents, campaign.agent, &engine::agent_record::id);
  const rate_limit lines[] = {
      {"concurrent calls of the campaign", static_cast<double>(campaign.concurrent_calls_max)},
      {"concurrent calls of the agent", agent == from.agents.end() ? 0.0 : agent->concurrent_calls_max},
      {"concurrent calls of the carrier accounts",
       sum_of(with.accounts, [](const auto& one) { return static_cast<double>(one.concurrent_calls_max); })},
      {"concurrent calls of the caller IDs",
       sum_of(with.numbers, [](const auto& one) { return static_cast<double>(one.concurrent_calls_max); })}};
  if (std::ranges::none_of(lines, [](const rate_limit& one) { return one.calls_per_second > 0; })) return;
  std::string source = "as given";
  if (call_seconds == 0 && calls.calls > 0) {
    call_seconds = std::chrono::duration<double>(calls.mean).count();
    source = fmt::format("the mean of {} calls", calls.calls);
  } else if (call_seconds == 0) {
    call_seconds = std::chrono::duration<double>(campaign.ring_timeout).count();
    source = "the ring timeout, for want of calls";
  }
  call_seconds = std::max(call_seconds, 1.0);
  made.assumptions.push_back(fmt::format("a call holds its line for {:.0f} s: {}", call_seconds, source));
  for (const rate_limit& one : lines) {
    if (one.calls_per_second > 0) made.limits.push_back({one.name, one.calls_per_second / call_seconds});
  }
}

budget make_budget(const engine::organisation_snapshot& from, const campaigns::settings& campaign,
                   const sql::call_length& calls, double call_seconds) {
  const means with = find_means(from, campaign);
  budget made;
  double accounts = 0;
  for (const carriers::account& one : with.accounts) accounts += one.calls_per_second;
  made.limits.push_back({"calls per second of the carrier accounts", accounts});
  if (campaign.calls_per_second_max > 0) {
    made.limits.push_back({"calls per second of the campaign", campaign.calls_per_second_max});
  }
  const double per_hour =
      sum_of(with.numbers, [](const auto& one) { return static_cast<double>(one.calls_per_hour_max); });
  if (per_hour > 0) made.limits.push_back({"calls per hour of the caller IDs", per_hour / 3600});
  made.calls_per_day = sum_of(with.numbers, [](const auto& one) { return static_cast<double>(one.calls_per_day_max); });
  limit_by_lines(from, campaign, with, calls, call_seconds, made);
  return made;
}

/// Everything that is printed.
struct told_forecast {
  utc_time now{};
  std::uint64_t contacts = 0;
  double calls = 0;
  budget with;
  std::vector<campaign_lane> lanes;
  forecast found;
};

told_forecast forecast_campaign(sql::session& on, const found_campaign& campaign, double call_seconds, utc_time now) {
  told_forecast told;
  told.now = now;
  const auto zones = load_zone_data();
  const auto settings = sql::read_campaign(on, campaign.organisation, campaign.campaign).value();
  const auto status = sql::read_status(on, campaign.organisation, campaign.campaign);
  const auto calls = sql::read_call_length(on, campaign.organisation, campaign.campaign);
  engine::organisation_snapshot from;
  {
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    from = sql::read_snapshot(tx, campaign.organisation, [](const std::string&, const auto&) { return std::string(); });
  }
  told.with = make_budget(from, settings, calls, call_seconds);
  std::vector<std::string>& assumptions = told.with.assumptions;
  const auto state = sql::to_string(settings.state);
  if (settings.state != campaigns::campaign_state::running) {
    assumptions.push_back("the campaign, which is " + std::string(state) + ", runs from now on");
  }
  if (settings.frozen || from.frozen) assumptions.emplace_back("the freeze is lifted now");
  const auto others = std::ranges::count_if(from.campaigns, [&](const campaigns::settings& one) {
    return one.id != settings.id && one.state == campaigns::campaign_state::running;
  });
  if (others > 0) assumptions.push_back(fmt::format("{} other running campaigns leave it their share", others));

  const auto fresh = status.by_stage[static_cast<std::size_t>(sql::contact_stage::fresh)];
  const auto tried = status.contacts - fresh;
  const double each = tried == 0 ? 1 : std::max(1.0, static_cast<double>(status.attempts) / static_cast<double>(tried));
  assumptions.push_back(fmt::format("a contact never tried takes {:.2f} calls{}, a waiting one 1 more", each,
                                    tried == 0 ? "" : ", as those tried so far"));
  assumptions.emplace_back(
      "no retry has to wait longer than the calls before it; opt-outs and attempt caps spare none");

  forecast_inputs in{told.now, settings.window, told.with.tightest().calls_per_second, told.with.calls_per_day, {}};
  told.lanes = read_lanes(on, campaign, status);
  for (const campaign_lane& lane : told.lanes) {
    forecast_lane one{lane.where, {}};
    if (lane.fresh > 0) one.calls.push_back({told.now, static_cast<double>(lane.fresh) * each});
    for (const waiting_group& group : lane.waiting)
      one.calls.push_back({group.due, static_cast<double>(group.contacts)});
    for (const calls_due& some : one.calls) told.calls += some.calls;
    told.contacts += lane.contacts();
    in.lanes.push_back(std::move(one));
  }
  told.found = make_forecast(in, *zones);
  return told;
}

std::string to_json(const found_campaign& campaign, const told_forecast& told) {
  const auto instant = [](const std::optional<utc_time>& at) { return at ? json::value(to_text(*at)) : json::value(); };
  json::array lanes;
  for (std::size_t i = 0; i < told.lanes.size(); ++i) {
    lanes.push_back(json::object{{"place", compliance::to_text(told.lanes[i].where)},
                                 {"contacts", told.lanes[i].contacts()},
                                 {"done_at", instant(told.found.lanes[i])}});
  }
  json::array assumptions;
  for (const std::string& one : told.with.assumptions) assumptions.emplace_back(one);
  const rate_limit& limit = told.with.tightest();
  json::object all{{"campaign", campaign.campaign.text()},
                   {"at", to_text(told.now)},
                   {"contacts", told.contacts},
                   {"calls", told.calls},
                   {"calls_per_second", limit.calls_per_second},
                   {"limited_by", limit.name},
                   {"done_at", instant(told.found.done_at)},
                   {"places", std::move(lanes)},
                   {"assumptions", std::move(assumptions)}};
  if (told.with.calls_per_day > 0) all["calls_per_day"] = told.with.calls_per_day;
  return json::serialize(all) + "\n";
}

std::string to_table(const found_campaign& campaign, const told_forecast& told) {
  const rate_limit& limit = told.with.tightest();
  std::string text = campaign.name + ": " +
                     (told.contacts == 0   ? "no contact is left to call"
                      : told.found.done_at ? "the last call starts about " + to_text(*told.found.done_at)
                                           : std::string("not done within a year")) +
                     "\n" +
                     fmt::format("{} contacts, {:.0f} calls, {:.2f} a second at most ({})\n", told.contacts, told.calls,
                                 limit.calls_per_second, limit.name);
  if (told.with.calls_per_day > 0) {
    text += fmt::format("{:.0f} in any 24 hours at most (calls per day of the caller IDs)\n", told.with.calls_per_day);
  }
  text_table table;
  for (std::size_t i = 0; i < told.lanes.size(); ++i) {
    const auto& done = told.found.lanes[i];
    table.row({zones_of(told.lanes[i].where), std::to_string(told.lanes[i].contacts()),
               done ? to_text(*done) : std::string("not within a year")});
  }
  text += table.text("  ");
  text += "Taken for granted:\n";
  for (const std::string& one : told.with.assumptions) text += "  " + one + "\n";
  return text;
}

}  // namespace

int run_campaign_forecast(const campaign_forecast_options& options) {
  const utc_time now = read_at(options.at);
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const told_forecast told = forecast_campaign(on, campaign, options.call_seconds, now);
  print(options.output == output_format::json ? to_json(campaign, told) : to_table(campaign, told));
  return exit_ok;
}

}  // namespace dialer::cli
