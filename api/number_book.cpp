#include "api/number_book.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "api/campaign_words.hpp"
#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "compliance/numbering_plan.hpp"
#include "sql/number_health.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using callerid::number_status;
using callerid::profile;

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

bool is_visible_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

void read_trunk(const rest_call& call, const json::value& given, sql::number_record& into) {
  if (given.is_null()) {
    into.trunk_address.clear();
    into.trunk_username.clear();
    into.trunk_password.clear();
    return;
  }
  const json::object& from = given.as_object();
  const auto take = [&](const char* name, std::string& to) {
    const json::value* value = from.if_contains(name);
    if (value == nullptr) return false;
    to = text_of(*value);
    if (!is_visible_ascii(to)) {
      refuse_param("provider_config." + std::string(name), "has visible ASCII characters only; copy it once more");
    }
    return !to.empty();
  };
  take("trunk_address", into.trunk_address);
  take("auth_username", into.trunk_username);
  if (std::string password; take("auth_password", password)) {
    try {
      into.trunk_password = call.secrets.seal(password, sealed_place{call.who.organisation, into.id});
    } catch (const secret_error& wrong) {
      throw rest_error{{409, "no_secret_key", wrong.what(), "provider_config.auth_password"}};
    }
  } else if (from.contains("auth_password")) {
    into.trunk_password.clear();
  }
}

// Restrictions go by it (S8), so it is not for those whom they restrict to say.
[[noreturn]] void refuse_claim(const rest_call& call) {
  callerid::refusal refused{"S8", "attestation and registration are not for the number's user to state",
                            "have the operator state them in the configuration file"};
  refused.kind = callerid::refusal_kind::permission;
  refuse_by_rule(call, refused);
}

}  // namespace

number_book::number_book(const rest_call& call) : call_{call} {
  sql::session& on = call.tx.on();
  const organisation_id organisation = call.who.organisation;
  for (const sql::organisation_record& one : sql::read_organisations(on)) {
    if (one.id == organisation) policy_ = one.sharing;
  }
  numbers_ = sql::read_number_records(on, organisation);
  assignments_ = sql::read_assignments(on, organisation);
  integrations_ = sql::read_integrations(on, organisation);
  agents_ = sql::read_agents(on, organisation);
  orders_ = sql::read_orders(on, organisation);
  health_ = sql::read_number_health(on, organisation);
}

bool number_book::shows(const sql::number_record& number) const {
  if (sees(call_.who, number.workspace)) return true;
  std::vector<callerid::assignment> standing;
  for (const sql::assignment_record& one : assignments_) {
    if (one.number == number.id) standing.push_back(one);
  }
  return callerid::is_visible(policy_, number, *call_.who.workspace, standing);
}

const sql::number_record& number_book::find() const {
  const auto id = path_id<phone_number_id>(call_, "number_id", "phone number");
  const auto found = std::ranges::find(numbers_, id, &sql::number_record::id);
  if (found == numbers_.end() || !shows(*found)) refuse_missing("phone number");
  return *found;
}

const sql::number_record& number_book::find_own() const {
  const sql::number_record& found = find();
  if (!sees(call_.who, found.workspace)) {
    callerid::refusal refused{"S5", "the number belongs to another workspace, which shares it",
                              "ask for the change with a key of that workspace, or of the organisation"};
    refuse_by_rule(call_, refused);
  }
  return found;
}

const sql::number_record& number_book::at(phone_number_id number) const {
  return *std::ranges::find(numbers_, number, &sql::number_record::id);
}

bool number_book::holds(e164 number) const {
  return std::ranges::any_of(
      numbers_, [&](const auto& one) { return one.number == number && one.status != number_status::released; });
}

void number_book::refuse_held(e164 number) const {
  if (!holds(number)) return;
  throw rest_error{{409, "conflict", "the organisation holds this number already; change that one, or release it first",
                    "phone_number"}};
}

workspace_id number_book::body_workspace() const {
  if (call_.body.contains("workspace_id")) return api::body_workspace(call_);
  if (const json::value* id = call_.body.if_contains("agent_id")) return agent_of(*id, "agent_id").workspace;
  if (call_.who.workspace) return *call_.who.workspace;
  const auto all = sql::read_workspaces(call_.tx.on(), call_.who.organisation);
  if (all.size() != 1) refuse_param("workspace_id", "is missing; say which workspace holds the number");
  return all.front().id;
}

integration_id number_book::body_integration(e164 number) const {
  const json::value* provider = call_.body.if_contains("provider");
  const auto fits = [&](const sql::integration_record& one) {
    return !one.revoked_at && (provider == nullptr || find_name(carrier_names, one.account.kind) == text_of(*provider));
  };
  std::vector<const sql::integration_record*> found;
  if (const json::value* id = call_.body.if_contains("integration_id")) {
    const auto wanted = integration_id::parse(text_of(*id));
    for (const sql::integration_record& one : integrations_) {
      if (!wanted || one.account.id != *wanted || !fits(one)) continue;
      if (one.platform) refuse_platform(call_, bring_your_own);
      return *wanted;
    }
    refuse_param("integration_id",
                 "names no integration of this provider that is in force; GET /v1/integrations "
                 "lists them");
  }
  for (const sql::integration_record& one : integrations_) {
    if (!fits(one) || one.platform) continue;
    if (one.phone_number == number) return one.account.id;
    found.push_back(&one);
  }
  if (found.size() == 1) return found.front()->account.id;
  refuse_param("integration_id", found.empty()
                                     ? "is missing, and there is no integration of this provider; make one with POST "
                                       "/v1/integrations"
                                     : "is missing, and there are several integrations; say which carrier account the "
                                       "number is on");
}

bool number_book::is_assigned(const sql::number_record& number, agent_id to) const {
  return std::ranges::any_of(assignments_, [&](const auto& one) { return one.number == number.id && one.agent == to; });
}

const engine::agent_record& number_book::agent_of(const json::value& id, std::string_view param) const {
  const auto wanted = agent_id::parse(text_of(id));
  const auto found = std::ranges::find_if(
      agents_, [&](const auto& one) { return wanted && one.id == *wanted && sees(call_.who, one.workspace); });
  if (found == agents_.end()) refuse_param(std::string(param), "names no agent; GET /v1/agents lists them");
  return *found;
}

const sql::number_record& number_book::add(sql::number_record wanted) {
  sql::insert_number(call_.tx, call_.who.organisation, wanted);
  numbers_.push_back(sql::read_number_record(call_.tx.on(), call_.who.organisation, wanted.id).value());
  return numbers_.back();
}

void number_book::update(const sql::number_record& wanted) {
  sql::update_number(call_.tx, call_.who.organisation, wanted);
  *std::ranges::find(numbers_, wanted.id, &sql::number_record::id) =
      sql::read_number_record(call_.tx.on(), call_.who.organisation, wanted.id).value();
  if (wanted.status != number_status::released) return;
  std::erase_if(assignments_, [&](const auto& one) { return one.number == wanted.id; });
}

void number_book::warm_up(const sql::number_record& number) {
  sql::begin_warm_up(call_.tx, call_.who.organisation, number.number, call_.now);
  health_ = sql::read_number_health(call_.tx.on(), call_.who.organisation);
}

void number_book::end_rest(const sql::number_record& number, const std::string& why) {
  using callerid::health;
  const health state = health_of(number.number).state;
  if (number.status == number_status::released) {
    throw rest_error{{409, "conflict", "this number was given up; register or buy it anew"}};
  }
  if (state != health::resting && state != health::retired) {
    throw rest_error{
        {409, "conflict",
         "this number does not rest, it is " + std::string(callerid::to_string(state)) + "; there is nothing to end"}};
  }
  sql::end_rest(call_.tx, call_.who.organisation, number.number, call_.now, why);
  health_ = sql::read_number_health(call_.tx.on(), call_.who.organisation);
}

void number_book::assign(const sql::number_record& number, const engine::agent_record& agent, profile as,
                         const std::optional<utc_time>& since) {
  const callerid::assignment asked{number.id, agent.id, agent.workspace, as};
  const std::vector<callerid::phone_number> numbers{numbers_.begin(), numbers_.end()};
  const std::vector<callerid::assignment> standing{assignments_.begin(), assignments_.end()};
  if (auto refused = callerid::check_assignment(policy_, numbers, standing, asked)) refuse_by_rule(call_, *refused);
  if (!sql::add_assignment(call_.tx, call_.who.organisation, asked, since)) return;
  assignments_ = sql::read_assignments(call_.tx.on(), call_.who.organisation);
}

void number_book::unassign(const sql::number_record& number, std::optional<profile> as, std::optional<agent_id> agent) {
  std::erase_if(assignments_, [&](const sql::assignment_record& one) {
    if (one.number != number.id || (as && one.as != *as) || (agent && one.agent != *agent)) return false;
    sql::remove_assignment(call_.tx, call_.who.organisation, one);
    return true;
  });
}

const sql::assignment_record* number_book::first(phone_number_id number, profile as) const {
  const auto found =
      std::ranges::find_if(assignments_, [&](const auto& one) { return one.number == number && one.as == as; });
  return found == assignments_.end() ? nullptr : &*found;
}

void number_book::set_users(phone_number_id number) {
  if (const json::value* agent = call_.body.if_contains("agent_id")) set_agent(at(number), *agent);
  if (const json::value* routing = call_.body.if_contains("inbound_routing")) set_routing(at(number), *routing);
}

void number_book::check_users() const {
  if (const json::value* agent = call_.body.if_contains("agent_id"); agent != nullptr && !agent->is_null()) {
    agent_of(*agent, "agent_id");
  }
  const json::value* routing = call_.body.if_contains("inbound_routing");
  if (routing == nullptr || routing->is_null()) return;
  const json::object& from = routing->as_object();
  if (const json::value* agent = from.if_contains("agent_id")) agent_of(*agent, "inbound_routing.agent_id");
  const json::value* fallback = from.if_contains("fallback");
  if (fallback == nullptr || fallback->is_null()) return;
  agent_of(fallback->at("agent_id"), "inbound_routing.fallback.agent_id");
}

void number_book::order(const sql::number_order& order) {
  sql::insert_order(call_.tx, order);
  orders_.push_back(order);
}

void number_book::set_agent(const sql::number_record& number, const json::value& id) {
  const sql::assignment_record* before = first(number.id, profile::outbound);
  std::optional<utc_time> since;
  if (id.is_null()) return unassign(number, profile::outbound);
  const engine::agent_record& agent = agent_of(id, "agent_id");
  if (before != nullptr) {
    if (before->agent == agent.id) return;
    since = before->since;
    unassign(number, profile::outbound, before->agent);
    unassign(number, profile::outbound, agent.id);
  }
  assign(number, agent, profile::outbound, since);
}

void number_book::set_routing(const sql::number_record& number, const json::value& routing) {
  sql::number_record wanted = number;
  if (routing.is_null()) {
    wanted.fallback_agent.reset();
    wanted.voicemail_message.clear();
    update(wanted);
    return unassign(number, profile::inbound);
  }
  const json::object& from = routing.as_object();
  const sql::assignment_record* before = first(number.id, profile::inbound);
  // Who shows the number answers it, unless another is named.
  const sql::assignment_record* shown = first(number.id, profile::outbound);
  const engine::agent_record* answers = nullptr;
  if (const json::value* id = from.if_contains("agent_id")) {
    answers = &agent_of(*id, "inbound_routing.agent_id");
  } else if (before == nullptr && shown != nullptr) {
    answers = &*std::ranges::find(agents_, shown->agent, &engine::agent_record::id);
  } else if (before == nullptr) {
    refuse_param("inbound_routing.agent_id", "is missing; say which agent answers");
  }
  if (answers != nullptr && (before == nullptr || before->agent != answers->id)) {
    unassign(number, profile::inbound);
    assign(number, *answers, profile::inbound);
  }
  if (const json::value* fallback = from.if_contains("fallback")) {
    wanted.fallback_agent.reset();
    if (!fallback->is_null()) {
      const engine::agent_record& agent = agent_of(fallback->at("agent_id"), "inbound_routing.fallback.agent_id");
      // It takes nobody's place, but must be one that could be given the number.
      const callerid::assignment asked{number.id, agent.id, agent.workspace, profile::inbound};
      if (auto refused = callerid::check_assignment(policy_, std::vector<callerid::phone_number>{number}, {}, asked)) {
        refuse_by_rule(call_, *refused);
      }
      wanted.fallback_agent = agent.id;
    }
  }
  if (const json::value* message = from.if_contains("voicemail_message")) {
    wanted.voicemail_message = message->is_null() ? std::string() : text_of(*message);
  }
  update(wanted);
}

std::string number_book::provider_of(const sql::number_record& number) const {
  if (number.platform) return "platform";
  const auto on = std::ranges::find(integrations_, number.integration, [](const auto& one) { return one.account.id; });
  return std::string(find_name(carrier_names, on->account.kind));
}

json::value number_book::routing_of(const sql::number_record& number) const {
  const sql::assignment_record* answers = first(number.id, profile::inbound);
  if (answers == nullptr) return nullptr;
  json::object routing{{"agent_id", answers->agent.text()}, {"fallback", nullptr}};
  if (number.fallback_agent) routing["fallback"] = json::object{{"agent_id", number.fallback_agent->text()}};
  routing["voicemail_message"] = text_or_null(number.voicemail_message);
  return routing;
}

callerid::health_record number_book::health_of(e164 number) const {
  const auto found = std::ranges::find(health_, number, &callerid::health_record::number);
  return found == health_.end() ? callerid::health_record{} : *found;
}

json::object number_book::to_json(const sql::number_record& number) const {
  json::array assigned;
  json::value agent = nullptr;
  for (const sql::assignment_record& one : assignments_) {
    if (one.number != number.id || !sees(call_.who, one.workspace)) continue;
    if (agent.is_null() && one.as == profile::outbound) agent = json::string(one.agent.text());
    assigned.push_back(json::object{{"agent_id", one.agent.text()},
                                    {"profile", std::string(find_name(profile_names, one.as))},
                                    {"since", api::to_text(one.since)}});
  }
  json::value trunk = nullptr;
  if (!number.trunk_address.empty() || !number.trunk_username.empty() || !number.trunk_password.empty()) {
    trunk = json::object{{"trunk_address", number.trunk_address},
                         {"auth_username", number.trunk_username},
                         {"auth_password_kept", !number.trunk_password.empty()}};
  }
  const auto order = std::ranges::find(orders_, number.id, &sql::number_order::number);
  json::value at_carrier = nullptr;
  if (order != orders_.end()) at_carrier = order->kind == sql::order_kind::purchase ? "purchase" : "release";
  const bool own = sees(call_.who, number.workspace);
  return {{"id", number.id.text()},
          {"phone_number", number.number.text()},
          {"agent_id", std::move(agent)},
          {"status", std::string(find_name(status_names, number.status))},
          {"friendly_name", number.friendly_name},
          {"provider", provider_of(number)},
          {"workspace_id", number.workspace.text()},
          {"integration_id", number.integration.text()},
          {"capabilities", capabilities_json(number.capabilities)},
          {"type", std::string(find_name(type_names, number.type))},
          {"country", text_or_null(number.country)},
          {"area_code", text_or_null(number.area_code)},
          {"region", text_or_null(number.region)},
          {"outbound_enabled", number.outbound_enabled},
          {"provider_config", own ? std::move(trunk) : json::value(nullptr)},
          {"inbound_routing", own ? routing_of(number) : json::value(nullptr)},
          {"assignments", std::move(assigned)},
          {"attestation", std::string(find_name(attestation_names, number.attested))},
          {"registered", number.registered},
          {"calls_per_day_max", number.calls_per_day_max},
          {"calls_per_hour_max", number.calls_per_hour_max},
          {"concurrent_calls_max", number.concurrent_calls_max},
          {"weight", number.weight},
          {"health", number.status == number_status::released ? json::value(nullptr)
                                                              : json::value(health_json(health_of(number.number)))},
          {"monthly_cost", money_json(number.monthly_cost)},
          {"at_carrier", std::move(at_carrier)},
          {"frozen", number.frozen},
          {"created_at", api::to_text(number.created_at)},
          {"released_at", number.released_at ? json::value(api::to_text(*number.released_at)) : json::value(nullptr)}};
}

void read_number_settings(const rest_call& call, sql::number_record& into) {
  const json::object& body = call.body;
  const auto text = [&](const char* name, std::string& to) {
    if (const json::value* value = body.if_contains(name)) to = value->is_null() ? std::string() : text_of(*value);
  };
  const auto count = [&](const char* name, std::uint32_t& to) {
    if (const json::value* value = body.if_contains(name)) to = value->to_number<std::uint32_t>();
  };
  text("friendly_name", into.friendly_name);
  text("region", into.region);
  count("calls_per_day_max", into.calls_per_day_max);
  count("calls_per_hour_max", into.calls_per_hour_max);
  count("concurrent_calls_max", into.concurrent_calls_max);
  if (const json::value* value = body.if_contains("weight")) into.weight = value->to_number<std::uint16_t>();
  if (const json::value* value = body.if_contains("outbound_enabled")) into.outbound_enabled = value->as_bool();
  const json::value* registered = body.if_contains("registered");
  const bool claims =
      (registered != nullptr && registered->as_bool() != into.registered) ||
      (body.contains("attestation") && *find_named(attestation_names, body_text(call, "attestation")) != into.attested);
  if (claims) refuse_claim(call);
  if (const json::value* value = body.if_contains("capabilities")) into.capabilities = read_capabilities(*value);
  if (body.contains("type")) {
    const bool free_to_call = into.type == number_type::toll_free;
    into.type = *find_named(type_names, body_text(call, "type"));
    if ((into.type == number_type::toll_free) != free_to_call) {
      refuse_param("type", "must be toll_free for a number that its plan says is, and for no other");
    }
  }
  if (const json::value* value = body.if_contains("provider_config")) read_trunk(call, *value, into);
}

void describe_number(sql::number_record& number) {
  const compliance::numbering_fact fact = compliance::find_numbering_fact(number.number);
  number.country = fact.country;
  number.type = fact.kind == compliance::number_kind::toll_free ? number_type::toll_free : number_type::local;
  if (number.number.is_nanp()) number.area_code = std::to_string(number.number.npa());
}

json::array capabilities_json(std::uint8_t mask) {
  json::array all;
  for (const auto& [name, bit] : capability_names) {
    if ((mask & bit) != 0) all.push_back(json::string(name.data(), name.size()));
  }
  return all;
}

std::uint8_t read_capabilities(const json::value& list) {
  std::uint8_t mask = 0;
  for (const json::value& one : list.as_array()) {
    mask = static_cast<std::uint8_t>(mask | *find_named(capability_names, text_of(one)));
  }
  return mask;
}

json::object health_json(const callerid::health_record& health) {
  const auto instant = [](utc_time at) { return json::value(api::to_text(at)); };
  return {{"state", std::string(callerid::to_string(health.state))},
          {"since", health.since == utc_time{} ? json::value(nullptr) : instant(health.since)},
          {"until", health.until ? instant(*health.until) : json::value(nullptr)},
          {"why", text_or_null(health.why)},
          {"rests", health.rests}};
}

json::value money_json(const money& value) {
  if (value.currency.empty()) return nullptr;
  return json::object{{"amount", value.minor}, {"currency", value.currency}};
}

}  // namespace dialer::api
