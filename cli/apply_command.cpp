#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/campaign_words.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/settings_file.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

const char* word(sql::change how) {
  return how == sql::change::created ? "created" : "updated";
}

std::string to_table(const std::vector<settings_change>& changes, bool dry_run) {
  if (changes.empty()) return "Nothing to do: everything is as the file says.\n";
  std::string text;
  std::size_t created = 0;
  for (const auto& change : changes) {
    const bool is_new = change.how == sql::change::created;
    created += is_new ? 1 : 0;
    text += std::string(is_new ? "+ " : "~ ") + change.what + "\n";
    for (const auto& field : change.fields) text += "    " + field + "\n";
  }
  return text + (dry_run ? "To be done: " : "Done: ") + std::to_string(created) + " created, " +
         std::to_string(changes.size() - created) + " updated" + (dry_run ? "; nothing was changed" : "") + ".\n";
}

std::string to_json(const std::vector<settings_change>& changes, bool dry_run) {
  json::array list;
  for (const auto& change : changes) {
    json::array fields;
    for (const auto& field : change.fields) fields.emplace_back(field);
    list.push_back(json::object{{"what", change.what}, {"change", word(change.how)}, {"fields", std::move(fields)}});
  }
  return json::serialize(json::object{{"dry_run", dry_run}, {"changes", std::move(list)}}) + "\n";
}

campaign_settings from_flags(const campaign_create_options& options) {
  campaign_settings one;
  one.workspace = options.workspace;
  one.agent = options.agent;
  one.what.name = options.name;
  const auto window = api::parse_local_hours(options.window);
  if (!window) throw usage_error("--window is \"" + options.window + "\"; write 08:00-21:00 or closed");
  one.what.window.fill(*window);
  const auto policy = api::find_named(api::caller_id_names, options.caller_id);
  if (!policy) {
    throw usage_error("--caller-id is \"" + options.caller_id +
                      "\"; use sticky, local_presence, least_used_today, weighted or fixed");
  }
  one.what.caller_id = *policy;
  const bool fixed = *policy == campaigns::caller_id_policy::fixed;
  const auto number = options.caller_id_number.empty() ? e164{} : e164::parse(options.caller_id_number);
  if (!number || fixed != static_cast<bool>(*number)) {
    throw usage_error(
        "--caller-id-number is \"" + options.caller_id_number +
        "\"; with --caller-id fixed name the number to show, such as +12125550123, otherwise leave it out");
  }
  one.what.caller_id_number = *number;
  one.what.weight = options.weight;
  one.what.calls_per_second_max = options.calls_per_second_max;
  one.what.concurrent_calls_max = options.concurrent_calls_max;
  one.what.ring_timeout = std::chrono::seconds{options.ring_timeout_s};
  return one;
}

campaign_settings from_file(const campaign_create_options& options, std::string& organisation) {
  settings file = read_settings_file(options.file);
  organisation = file.organisation;
  std::string names;
  for (const auto& one : file.campaigns) {
    if (one.what.name == options.name) return one;
    names += (names.empty() ? "" : ", ") + one.what.name;
  }
  throw usage_error("--name \"" + options.name + "\" is no campaign of " + options.file + "; it has: " + names);
}

}  // namespace

int run_apply(const apply_options& options) {
  const settings wanted = read_settings_file(options.file);  // a bad file needs no database to be refused
  const database store{options.database};
  sql::session on = store.open();
  const auto changes = apply(on, wanted, options.dry_run, options.reason);
  print(options.output == output_format::json ? to_json(changes, options.dry_run) : to_table(changes, options.dry_run));
  return exit_ok;
}

int run_campaign_create(const campaign_create_options& options) {
  std::string organisation = options.organisation;
  const campaign_settings wanted = options.file.empty() ? from_flags(options) : from_file(options, organisation);
  const database store{options.database};
  sql::session on = store.open();
  const auto made = apply_campaign(on, find_organisation(on, organisation), wanted, options.reason);
  const char* how = made.what == sql::change::none ? "unchanged" : word(made.what);
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"campaign", made.id.text()}, {"name", wanted.what.name}, {"change", how}}) +
          "\n");
  } else {
    print("Campaign " + wanted.what.name + " (" + made.id.text() + "): " + how + ".\n");
  }
  return exit_ok;
}

}  // namespace dialer::cli
