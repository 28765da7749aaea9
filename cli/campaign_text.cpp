#include "cli/campaign_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/text_table.hpp"
#include "model/reason.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

std::string line(const json::object& what) {
  return json::serialize(what) + "\n";
}

std::string count_of(const json::value& number) {
  return std::to_string(number.to_number<std::uint64_t>());
}

std::string text_of(const json::value& text) {
  return std::string(text.as_string());
}

std::string status_table(const listed_campaign& campaign, const json::object& stats) {
  text_table head, done, not_dialed, waiting;
  head.row({"contacts", count_of(stats.at("contacts"))});
  for (const auto& [stage, count] : stats.at("stages").as_object())
    head.row({"  " + std::string(stage), count_of(count)});
  head.row({"attempts", count_of(stats.at("attempts"))});
  for (const auto& [how, count] : stats.at("dispositions").as_object()) done.row({std::string(how), count_of(count)});
  for (const auto& [why, count] : stats.at("not_dialed").as_object()) {
    const auto known = std::ranges::find(all_reasons(), std::string_view{why.data(), why.size()}, &reason_text::name);
    not_dialed.row({std::string(why), count_of(count),
                    known == all_reasons().end() ? std::string() : std::string(known->meaning)});
  }
  for (const json::value& each : stats.at("waiting").as_array()) {
    const json::object& one = each.as_object();
    waiting.row({text_of(one.at("reason")), count_of(one.at("contacts")), text_of(one.at("place")),
                 "first due " + text_of(one.at("first_due"))});
  }
  std::string text = campaign.name + " (" + campaign.id + "), " + campaign.state + "\n" + head.text();
  const auto section = [&](const char* title, const text_table& table) {
    if (const std::string rows = table.text("  "); !rows.empty()) text += std::string(title) + "\n" + rows;
  };
  section("done, by disposition", done);
  section("never dialed", not_dialed);
  section("waiting", waiting);
  if (const std::string misplaced = count_of(stats.at("misplaced")); misplaced != "0") {
    text += misplaced + " contacts are in no stage or in several: the ledger is damaged\n";
  }
  return text;
}

}  // namespace

std::string campaigns_text(const std::vector<listed_campaign>& all, output_format output) {
  if (output == output_format::json) {
    json::array list;
    for (const listed_campaign& one : all) {
      list.push_back(json::object{{"id", one.id}, {"name", one.name}, {"state", one.state}, {"frozen", one.frozen}});
    }
    return json::serialize(list) + "\n";
  }
  text_table table;
  for (const listed_campaign& one : all) table.row({one.name, one.state + (one.frozen ? ", frozen" : ""), one.id});
  return all.empty() ? "There is no campaign yet; create one with: dialer campaign create\n" : table.text();
}

std::string campaign_state_text(const std::string& id, const std::string& name, const std::string& state,
                                output_format output) {
  if (output == output_format::json) return line({{"campaign", id}, {"state", state}});
  return "Campaign " + name + " is " + state + ".\n";
}

std::string campaign_status_text(const listed_campaign& campaign, const json::object& stats, output_format output) {
  if (output == output_format::table) return status_table(campaign, stats);
  json::object all{{"campaign", campaign.id}, {"name", campaign.name}, {"state", campaign.state}};
  for (const auto& [name, value] : stats) all.emplace(name, value);
  return line(all);
}

std::string opt_out_text(std::size_t numbers, bool withdrawn, engine_standing standing, output_format output) {
  if (output == output_format::json) {
    return line({{"numbers", numbers}, {"withdrawn", withdrawn}, {"engine", to_string(standing)}});
  }
  return tell_change(std::to_string(numbers) + (withdrawn ? " opt-outs withdrawn" : " numbers opted out"), standing,
                     withdrawn ? "" : "no call to them can start any more");
}

std::string freeze_text(const std::string& id, const std::string& said, bool frozen, engine_standing standing,
                        output_format output) {
  if (output == output_format::json) return line({{"id", id}, {"frozen", frozen}, {"engine", to_string(standing)}});
  return tell_change(said + (frozen ? " is frozen" : " may call again"), standing,
                     frozen ? "no call through it starts any more" : "");
}

}  // namespace dialer::cli
