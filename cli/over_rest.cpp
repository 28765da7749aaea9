#include "cli/over_rest.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

#include "cli/campaign_text.hpp"
#include "cli/errors.hpp"
#include "cli/service_lookup.hpp"
#include "cli/text_table.hpp"
#include "sql/opt_outs.hpp"

namespace dialer::cli::over_rest {
namespace {

namespace json = boost::json;

void refuse_organisation(const std::string& given) {
  if (!given.empty()) throw usage_error("--organisation does not go with a context: its key is one organisation's");
}

json::object find_campaign(rest_client& service, const campaign_choice& which) {
  refuse_organisation(which.organisation);
  return find_at_service(service, "/v1/campaigns", "campaign", which.campaign);
}

std::string campaign_path(const json::object& campaign) {
  return "/v1/campaigns/" + text_of(campaign, "id");
}

/// What can be frozen beside the organisation.
struct freezable_list {
  std::string freeze_options::*option;
  const char* what;
  const char* path;
  const char* name;
};
constexpr freezable_list freezables[] = {
    {&freeze_options::workspace, "workspace", "/v1/workspaces", "name"},
    {&freeze_options::agent, "agent", "/v1/agents", "name"},
    {&freeze_options::campaign, "campaign", "/v1/campaigns", "name"},
    {&freeze_options::integration, "integration", "/v1/integrations", "name"},
    {&freeze_options::number, "number", "/v1/phone-numbers", "phone_number"},
};

}  // namespace

int campaign_list(const organisation_options& options) {
  refuse_organisation(options.organisation);
  rest_client service = connect_to_service(options);
  std::vector<listed_campaign> all;
  for (const json::value& each : service.list("/v1/campaigns")) {
    const json::object& one = each.as_object();
    all.push_back({text_of(one, "id"), text_of(one, "name"), text_of(one, "state"), one.at("frozen").as_bool()});
  }
  print(campaigns_text(all, options.output));
  return exit_ok;
}

int campaign_action(const campaign_options& options, sql::campaign_action action) {
  rest_client service = connect_to_service(options);
  const json::object campaign = find_campaign(service, options.which);
  const json::object made = service.post(campaign_path(campaign) + "/" + std::string(sql::to_string(action)));
  print(campaign_state_text(text_of(made, "id"), text_of(made, "name"), text_of(made, "state"), options.output));
  return exit_ok;
}

int campaign_status(const campaign_options& options) {
  rest_client service = connect_to_service(options);
  const json::object campaign = find_campaign(service, options.which);
  const json::object stats = service.get(campaign_path(campaign) + "/stats");
  print(campaign_status_text({text_of(campaign, "id"), text_of(campaign, "name"), text_of(campaign, "state"), false},
                             stats, options.output));
  return stats.at("misplaced").to_number<std::uint64_t>() == 0 ? exit_ok : exit_failed;
}

int campaign_import(const campaign_import_options& options, const std::string& list) {
  rest_client service = connect_to_service(options);
  const json::object campaign = find_campaign(service, options.which);
  json::object done = service.upload(
      campaign_path(campaign) + "/contacts",
      {{"format", options.format}, {"country", options.country}, {"phone_column", options.phone_column}}, list);
  if (done.at("imported_before").as_bool()) std::fprintf(stderr, "This list was imported before; nothing to do.\n");
  for (const json::value& each : done.at("not_accepted").as_array()) {
    const json::object& row = each.as_object();
    std::fprintf(stderr, "row %llu %s: %s %s\n", row.at("row").to_number<unsigned long long>(),
                 text_of(row, "verdict").c_str(), text_of(row, "number").c_str(), text_of(row, "detail").c_str());
  }
  if (options.output == output_format::json) {
    print_json(done);
  } else {
    text_table table;
    for (const char* count : {"rows", "accepted", "duplicate", "rejected"}) {
      table.row({count, std::to_string(done.at(count).to_number<std::uint64_t>())});
    }
    print(table.text());
  }
  if (done.at("finished").as_bool()) return exit_ok;
  std::fprintf(stderr, "Stopped before the end; the same command goes on where it stopped.\n");
  return exit_failed;
}

int opt_out(const opt_out_options& options, const std::vector<e164>& numbers) {
  refuse_organisation(options.organisation);
  rest_client service = connect_to_service(options);
  engine_standing standing = engine_standing::acknowledged;
  const auto note = [&](const json::object& answer) {
    if (standing_of(answer) == engine_standing::pending) standing = engine_standing::pending;
  };
  if (options.withdraw) {
    for (const e164 number : numbers) note(service.remove("/v1/opt-outs/" + number.text()));
  }
  for (std::span<const e164> left{numbers}; !options.withdraw && !left.empty();) {
    const auto some = left.first(std::min(sql::opt_outs_max, left.size()));
    left = left.subspan(some.size());
    json::array texts;
    for (const e164 number : some) texts.emplace_back(number.text());
    note(service.post("/v1/opt-outs", {{"numbers", std::move(texts)}}));
  }
  print(opt_out_text(numbers.size(), options.withdraw, standing, options.output));
  return exit_ok;
}

int freeze(const freeze_options& options, bool frozen) {
  refuse_organisation(options.organisation);
  rest_client service = connect_to_service(options);
  std::string path, said;
  for (const freezable_list& one : freezables) {
    const std::string& text = options.*one.option;
    if (text.empty()) continue;
    const json::object found = find_at_service(service, one.path, one.what, text, one.name);
    path = std::string(one.path) + "/" + text_of(found, "id");
    said = std::string(one.what) + " " + text_of(found, one.name);
  }
  if (path.empty()) {
    path = "/v1/organisations/" + text_of(service.list("/v1/organisations").at(0).as_object(), "id");
    said = "the organisation";
  }
  const json::object made = service.post(path + (frozen ? "/freeze" : "/unfreeze"));
  print(freeze_text(text_of(made, "id"), said, frozen, standing_of(made), options.output));
  return exit_ok;
}

}  // namespace dialer::cli::over_rest
