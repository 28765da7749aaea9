#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>

#include "api/campaign_words.hpp"
#include "cli/campaign_lanes.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/text_table.hpp"
#include "cli/window_check.hpp"
#include "cli/zone_data.hpp"
#include "compliance/calling_window.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

/// When one place may be dialed.
struct opening {
  compliance::place where;
  std::uint64_t contacts = 0;
  compliance::window_state now;
  std::optional<utc_time> opens_at;   ///< the next time
  std::optional<utc_time> closes_at;  ///< now, when it is open; else after opens_at
};

opening look_ahead(const campaign_lane& lane, const weekly_hours& window, const compliance::zone_rules& zones,
                   utc_time now) {
  const auto at = [&](utc_time when) { return compliance::evaluate_window(lane.where, window, zones, when); };
  opening found{lane.where, lane.contacts(), at(now), {}, {}};
  if (found.now.open) {
    found.closes_at = found.now.closes_at;
    if (found.closes_at) found.opens_at = at(*found.closes_at).opens_at;
  } else {
    found.opens_at = found.now.opens_at;
    if (found.opens_at) found.closes_at = at(*found.opens_at).closes_at;
  }
  return found;
}

std::string text_or(const std::optional<utc_time>& at, const char* otherwise) {
  return at ? to_text(*at) : std::string(otherwise);
}

std::string to_json(const found_campaign& campaign, utc_time now, const std::vector<opening>& openings) {
  const auto instant = [](const std::optional<utc_time>& at) { return at ? json::value(to_text(*at)) : json::value(); };
  json::array places;
  for (const opening& one : openings) {
    json::array zones;
    for (const std::string& zone : one.where.zones) zones.emplace_back(zone);
    places.push_back(json::object{{"place", compliance::to_text(one.where)},
                                  {"zones", std::move(zones)},
                                  {"contacts", one.contacts},
                                  {"open", one.now.open},
                                  {"opens_at", instant(one.opens_at)},
                                  {"closes_at", instant(one.closes_at)},
                                  {"rule", rule_of(one.where)}});
  }
  return json::serialize(json::object{
             {"campaign", campaign.campaign.text()}, {"at", to_text(now)}, {"places", std::move(places)}}) +
         "\n";
}

std::string to_table(const found_campaign& campaign, const weekly_hours& window, utc_time now,
                     const std::vector<opening>& openings) {
  std::string text = campaign.name + " (" + campaign.campaign.text() + "), as of " + to_text(now) + "\nits own hours:";
  for (std::size_t day = 0; day < window.size(); ++day) {
    text += " " + std::string(api::weekdays[day].substr(0, 3)) + " " + api::to_text(window[day]);
  }
  text += "\n";
  text_table table;
  table.row({"zones", "contacts", "now", "closes", "opens", "law"});
  for (const opening& one : openings) {
    const bool ever = one.now.open || one.opens_at;
    table.row({zones_of(one.where), std::to_string(one.contacts), one.now.open ? "open" : "closed",
               text_or(one.closes_at, ever ? "not within 14 days" : "-"), text_or(one.opens_at, "not within 14 days"),
               rule_of(one.where)});
  }
  return text + (openings.empty() ? "No contact is left to call.\n" : table.text());
}

int check_file(const check_windows_options& options) {
  std::ifstream opened;
  if (options.csv != "-") opened.open(options.csv, std::ios::binary);
  std::istream& in = options.csv == "-" ? std::cin : opened;
  if (!in) throw settings_error("cannot read " + options.csv + "; check the path");
  const auto result = check_windows(in, options.csv, *load_zone_data(), std::cout, std::cerr);
  std::cout.flush();
  if (!std::cout) throw std::runtime_error("cannot write to standard output; is the disk full or the pipe closed?");
  return result.unreadable == 0 ? exit_ok : exit_failed;
}

}  // namespace

int run_check_windows(const check_windows_options& options) {
  if (!options.csv.empty()) return check_file(options);
  const utc_time now = read_at(options.at);
  const auto zones = load_zone_data();
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const auto settings = sql::read_campaign(on, campaign.organisation, campaign.campaign).value();
  const auto status = sql::read_status(on, campaign.organisation, campaign.campaign);
  std::vector<opening> openings;
  for (const campaign_lane& lane : read_lanes(on, campaign, status)) {
    openings.push_back(look_ahead(lane, settings.window, *zones, now));
  }
  print(options.output == output_format::json ? to_json(campaign, now, openings)
                                              : to_table(campaign, settings.window, now, openings));
  return exit_ok;
}

}  // namespace dialer::cli
