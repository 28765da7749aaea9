// Numbers, through a service: what it answers is shown as it is, or as rows for people.

#include <boost/json/array.hpp>
#include <map>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/private_file.hpp"
#include "cli/service_lookup.hpp"
#include "cli/text_table.hpp"
#include "model/money.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

constexpr const char* numbers_path = "/v1/phone-numbers";
constexpr const char* health_shown = "10";

bool is_table(const command_options& options) {
  return options.output == output_format::table;
}

std::string text_or(const json::object& from, const char* key, const char* none) {
  const json::value& value = from.at(key);
  return value.is_null() ? none : std::string(value.as_string());
}

std::string list_of(const json::value& texts) {
  std::string all;
  for (const json::value& one : texts.as_array()) all += (all.empty() ? "" : ", ") + std::string(one.as_string());
  return all;
}

std::string price_of(const json::value& price) {
  if (price.is_null()) return "-";
  return to_string(money{price.at("amount").as_int64(), std::string(price.at("currency").as_string())});
}

std::string count_of(const json::object& from, const char* key) {
  return std::to_string(from.at(key).to_number<std::uint64_t>());
}

std::string path_of(const json::object& number) {
  return std::string(numbers_path) + "/" + text_of(number, "id");
}

json::object find_number(rest_client& service, const std::string& text) {
  if (text.starts_with("phn_")) return service.get(std::string(numbers_path) + "/" + text);
  const json::array found = service.list(numbers_path, {{"phone_number", text}});
  if (found.size() == 1) return found.front().as_object();
  throw usage_error("there is no number \"" + text +
                    "\"; write E.164, such as +12125550123, or an id; dialer numbers list shows them");
}

std::string id_at(rest_client& service, const std::string& path, const char* what, const std::string& text) {
  return text_of(find_at_service(service, path, what, text), "id");
}

std::string agent_id_of(rest_client& service, const std::string& text) {
  return id_at(service, "/v1/agents", "agent", text);
}

// ---- bodies

void put(json::object& body, const char* name, const std::string& text) {
  if (!text.empty()) body[name] = text;
}

template <class Value>
void put(json::object& body, const char* name, const std::optional<Value>& value) {
  if (value) body[name] = *value;
}

void put(json::object& body, const char* name, const std::vector<std::string>& texts) {
  if (!texts.empty()) body[name] = json::array(texts.begin(), texts.end());
}

void put(json::object& body, rest_client& service, const number_home& home) {
  if (!home.workspace.empty()) body["workspace_id"] = id_at(service, "/v1/workspaces", "workspace", home.workspace);
  if (!home.agent.empty()) body["agent_id"] = agent_id_of(service, home.agent);
}

void put(json::object& body, const number_settings_options& what) {
  put(body, "friendly_name", what.name);
  put(body, "outbound_enabled", what.outbound);
  put(body, "region", what.region);
  put(body, "calls_per_day_max", what.calls_per_day_max);
  put(body, "calls_per_hour_max", what.calls_per_hour_max);
  put(body, "concurrent_calls_max", what.concurrent_calls_max);
  put(body, "weight", what.weight);
  json::object trunk;
  put(trunk, "trunk_address", what.trunk_address);
  put(trunk, "auth_username", what.trunk_username);
  if (!what.trunk_password_file.empty()) {
    std::string password = read_private_file(what.trunk_password_file);
    while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
    trunk["auth_password"] = password;
  }
  if (!trunk.empty()) body["provider_config"] = std::move(trunk);
}

void put(json::object& body, const number_query& what) {
  put(body, "country", what.country);
  put(body, "area_code", what.area_code);
  put(body, "contains", what.contains);
  put(body, "type", what.type);
  put(body, "capabilities", what.capabilities);
}

// ---- what is printed

/// `done`: "is released"; the number is before it.
int tell(const json::object& number, const std::string& done, const std::string& effect,
         const command_options& options) {
  if (is_table(options)) {
    print(tell_change(text_of(number, "phone_number") + " " + done, standing_of(number), effect));
  } else {
    print_json(number);
  }
  return exit_ok;
}

/// Of a number whose carrier was asked.
int tell_order(const json::object& number, const command_options& options) {
  if (number.at("at_carrier").is_null()) {
    return tell(number, "(" + text_of(number, "id") + ") is " + text_of(number, "status"), "", options);
  }
  const std::string e164 = text_of(number, "phone_number");
  const bool bought = text_of(number, "at_carrier") == "purchase";
  if (!is_table(options)) {
    print_json(number);
  } else {
    print(
        e164 + " (" + text_of(number, "id") + ") is " + (bought ? "ordered" : "released here") +
        "; its carrier has not confirmed it yet: it is asked until it does, or at once with: dialer numbers process " +
        (bought ? e164 : text_of(number, "id")) + "\n");
  }
  return exit_ok;
}

std::string health_of(const json::object& number) {
  const json::value& health = number.at("health");
  return health.is_null() ? "-" : text_of(health.as_object(), "state");
}

/// Agents by id.
std::map<std::string, std::string> names_of_agents(rest_client& service) {
  std::map<std::string, std::string> names;
  for (const json::value& one : service.list("/v1/agents")) {
    names[text_of(one.as_object(), "id")] = text_of(one.as_object(), "name");
  }
  return names;
}

/// "outbound Ann, inbound Bob"
std::string users_of(const json::object& number, const std::map<std::string, std::string>& agents) {
  std::string all;
  for (const json::value& each : number.at("assignments").as_array()) {
    const std::string id = text_of(each.as_object(), "agent_id");
    const auto name = agents.find(id);
    all += (all.empty() ? "" : ", ") + text_of(each.as_object(), "profile") + " " +
           (name == agents.end() ? id : name->second);
  }
  return all.empty() ? "nobody" : all;
}

std::string history_text(const json::array& history) {
  if (history.empty()) return "\nhealth   nothing was ever decided about it\n";
  text_table table;
  table.row({"health", "since", "until", "why"});
  for (const json::value& each : history) {
    const json::object& one = each.as_object();
    table.row({text_of(one, "state"), text_or(one, "since", "-"), text_or(one, "until", "-"), text_or(one, "why", "")});
  }
  return "\n" + table.text();
}

std::string number_text(const json::object& number, const std::map<std::string, std::string>& agents) {
  text_table table;
  const auto row = [&](const char* name, const std::string& text) { table.row({name, text}); };
  row("number", text_of(number, "phone_number"));
  row("id", text_of(number, "id"));
  row("name", text_of(number, "friendly_name"));
  row("status",
      text_of(number, "status") + (number.at("frozen").as_bool() ? ", frozen" : "") +
          (number.at("at_carrier").is_null() ? ""
                                             : "; its carrier has not confirmed the " + text_of(number, "at_carrier")));
  row("outbound", number.at("outbound_enabled").as_bool() ? "on" : "off");
  row("used by", users_of(number, agents));
  if (const json::value& routing = number.at("inbound_routing"); !routing.is_null()) {
    const json::value& fallback = routing.at("fallback");
    const std::string id = fallback.is_null() ? "" : text_of(fallback.as_object(), "agent_id");
    const auto name = agents.find(id);
    row("fallback", id.empty() ? "nobody" : name == agents.end() ? id : name->second);
    row("voicemail", text_or(routing.as_object(), "voicemail_message", "no message"));
  }
  row("provider", text_of(number, "provider"));
  row("integration", text_of(number, "integration_id"));
  row("workspace", text_of(number, "workspace_id"));
  row("type", text_of(number, "type") + ", " + list_of(number.at("capabilities")));
  row("country", text_or(number, "country", "-") + (number.at("area_code").is_null() ? "" : " ") +
                     text_or(number, "area_code", ""));
  row("region", text_or(number, "region", "-"));
  row("attestation",
      text_of(number, "attestation") + (number.at("registered").as_bool() ? ", registered" : ", not registered"));
  row("calls at most", count_of(number, "calls_per_hour_max") + " an hour, " + count_of(number, "calls_per_day_max") +
                           " a day, " + count_of(number, "concurrent_calls_max") + " at a time (0: no limit)");
  row("weight", count_of(number, "weight") + " among numbers that are shown by weight");
  row("monthly cost", price_of(number.at("monthly_cost")));
  return table.text();
}

}  // namespace

int run_number_list(const number_list_options& options) {
  rest_client service = connect_to_service(options);
  query_params query{
      {"status", options.status}, {"provider", options.provider}, {"type", options.type}, {"country", options.country}};
  if (!options.agent.empty()) query.emplace_back("agent_id", agent_id_of(service, options.agent));
  json::array numbers = service.list(numbers_path, query);
  if (!is_table(options)) {
    print_json({{"numbers", std::move(numbers)}});
    return exit_ok;
  }
  const auto agents = names_of_agents(service);
  text_table table;
  table.row({"number", "status", "outbound", "health", "provider", "type", "used by", "name"});
  for (const json::value& each : numbers) {
    const json::object& one = each.as_object();
    table.row({text_of(one, "phone_number"), text_of(one, "status") + (one.at("frozen").as_bool() ? " frozen" : ""),
               one.at("outbound_enabled").as_bool() ? "on" : "off", health_of(one), text_of(one, "provider"),
               text_of(one, "type"), users_of(one, agents), text_of(one, "friendly_name")});
  }
  print(table.text());
  return exit_ok;
}

int run_number_show(const number_options& options) {
  rest_client service = connect_to_service(options);
  json::object number = find_number(service, options.number);
  json::array history = service.get(path_of(number) + "/health", {{"limit", health_shown}}).at("data").as_array();
  if (is_table(options)) {
    print(number_text(number, names_of_agents(service)) + history_text(history));
  } else {
    number["health_history"] = std::move(history);
    print_json(number);
  }
  return exit_ok;
}

int run_number_search(const number_search_options& options) {
  rest_client service = connect_to_service(options);
  std::string capabilities;
  for (const std::string& one : options.what.capabilities) capabilities += (capabilities.empty() ? "" : ",") + one;
  const json::object found = service.get(std::string(numbers_path) + "/search", {{"country", options.what.country},
                                                                                 {"area_code", options.what.area_code},
                                                                                 {"contains", options.what.contains},
                                                                                 {"type", options.what.type},
                                                                                 {"capabilities", capabilities},
                                                                                 {"limit", options.limit}});
  if (!is_table(options)) {
    print_json({{"numbers", found.at("data")}});
    return exit_ok;
  }
  text_table table;
  table.row({"number", "type", "capabilities", "where", "price", "a month"});
  for (const json::value& each : found.at("data").as_array()) {
    const json::object& one = each.as_object();
    const std::string locality = text_of(one, "locality");
    table.row({text_of(one, "phone_number"), text_of(one, "type"), list_of(one.at("capabilities")),
               locality + (locality.empty() ? "" : ", ") + text_of(one, "region"), price_of(one.at("purchase_price")),
               price_of(one.at("monthly_cost"))});
  }
  print(table.text());
  return exit_ok;
}

int run_number_buy(const number_buy_options& options) {
  rest_client service = connect_to_service(options);
  json::object body;
  put(body, "phone_number", options.number);
  put(body, options.what);
  put(body, "friendly_name", options.name);
  put(body, service, options.home);
  return tell_order(service.post(std::string(numbers_path) + "/purchase", body,
                                 "look whether it was bought (dialer numbers list) before you buy again"),
                    options);
}

int run_number_register(const number_register_options& options) {
  rest_client service = connect_to_service(options);
  json::object body{{"phone_number", options.number}};
  put(body, "provider", options.provider);
  if (!options.integration.empty()) {
    body["integration_id"] = id_at(service, "/v1/integrations", "integration", options.integration);
  }
  put(body, service, options.home);
  put(body, "type", options.type);
  put(body, "capabilities", options.capabilities);
  if (options.in_use) body["in_use"] = true;
  put(body, options.what);
  const json::object made =
      service.post(numbers_path, body, "look whether it is there (dialer numbers list) before you register it again");
  return tell(made, "(" + text_of(made, "id") + ") is registered", "", options);
}

int run_number_import(const number_import_options& options) {
  rest_client service = connect_to_service(options);
  json::object body{{"replace_webhook", !options.replaces.empty()}};
  if (!options.numbers.empty()) {
    put(body, "phone_numbers", options.numbers);
    put(body, service, options.home);
    if (options.in_use) body["in_use"] = true;
    put(body, "current_webhook", options.replaces);
  } else if (!options.replaces.empty() || options.in_use || !options.home.agent.empty() ||
             !options.home.workspace.empty()) {
    throw usage_error("numbers are missing: say which ones are meant, or leave the rest out to list what there is");
  }
  const json::object done = service.post(
      "/v1/integrations/" + id_at(service, "/v1/integrations", "integration", options.integration) + "/import", body);
  if (!is_table(options)) {
    print_json(done);
    return exit_ok;
  }
  text_table table;
  table.row({"number", "imported as", "type", "calls to it go to", "name"});
  for (const json::value& each : done.at("data").as_array()) {
    const json::object& one = each.as_object();
    const std::string webhook = text_of(one, "webhook");
    table.row({text_of(one, "phone_number"), text_or(one, "number_id", "-"), text_of(one, "type"),
               text_of(one, "voice_webhook") + (webhook == "kept" ? "" : " (" + webhook + ")"),
               text_of(one, "friendly_name")});
  }
  print(table.text());
  return exit_ok;
}

int run_number_assign(const number_assign_options& options, bool assigned) {
  rest_client service = connect_to_service(options);
  const json::object number = find_number(service, options.number);
  const std::string path = path_of(number) + "/assignments";
  const std::string agent = agent_id_of(service, options.agent);
  json::object body{{"agent_id", agent}};
  put(body, "profile", options.profile);
  const json::object made =
      assigned ? service.post(path, body) : service.remove(path + "/" + agent, {{"profile", options.profile}});
  return tell(made, "is used by: " + users_of(made, names_of_agents(service)), "", options);
}

int run_number_update(const number_update_options& options) {
  rest_client service = connect_to_service(options);
  const json::object number = find_number(service, options.number);
  json::object body;
  put(body, options.what);
  put(body, "status", options.status);
  if (options.fallback || options.voicemail) {
    if (number.at("inbound_routing").is_null()) {
      throw usage_error(text_of(number, "phone_number") +
                        " is answered by nobody; say who answers first: dialer "
                        "numbers assign " +
                        text_of(number, "phone_number") + " --agent NAME --profile inbound");
    }
    json::object routing;
    if (options.fallback) {
      routing["fallback"] = options.fallback->empty()
                                ? json::value(nullptr)
                                : json::object{{"agent_id", agent_id_of(service, *options.fallback)}};
    }
    if (options.voicemail) routing["voicemail_message"] = *options.voicemail;
    body["inbound_routing"] = std::move(routing);
  }
  if (body.empty()) throw usage_error("nothing is to be changed; say what: dialer numbers update --help");
  return tell(service.patch(path_of(number), body), "is changed", "", options);
}

int run_number_process(const number_options& options) {
  rest_client service = connect_to_service(options);
  return tell_order(service.post(path_of(find_number(service, options.number)) + "/process"), options);
}

int run_number_release(const number_options& options) {
  rest_client service = connect_to_service(options);
  return tell_order(service.remove(path_of(find_number(service, options.number))), options);
}

int run_number_end_rest(const number_options& options) {
  rest_client service = connect_to_service(options);
  return tell(service.post(path_of(find_number(service, options.number)) + "/end-rest", {{"reason", options.reason}}),
              "rests no more", "calls may show it again", options);
}

}  // namespace dialer::cli
