#include "api/rest_lookup.hpp"

#include <algorithm>
#include <string>

#include "sql/generation.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

std::vector<engine::workspace_record> visible_workspaces(const rest_call& call) {
  auto all = sql::read_workspaces(call.tx.on(), call.who.organisation);
  std::erase_if(all, [&](const auto& one) { return !sees(call.who, one.id); });
  return all;
}

workspace_id named_workspace(const rest_call& call, std::string_view text) {
  const auto id = workspace_id::parse(text);
  const auto all = visible_workspaces(call);
  if (!id || std::ranges::find(all, *id, &engine::workspace_record::id) == all.end()) {
    refuse_param("workspace_id", "names no workspace; GET /v1/workspaces lists them");
  }
  return *id;
}

template <class Record, class Id>
Record pick(const std::vector<Record>& all, Id id, std::string_view kind) {
  const auto found = std::ranges::find(all, id, &Record::id);
  if (found == all.end()) refuse_missing(kind);
  return *found;
}

}  // namespace

engine::workspace_record find_workspace(const rest_call& call) {
  const auto id = path_id<workspace_id>(call, "workspace_id", "workspace");
  return pick(visible_workspaces(call), id, "workspace");
}

engine::agent_record find_agent(const rest_call& call) {
  const auto id = path_id<agent_id>(call, "agent_id", "agent");
  engine::agent_record found = pick(sql::read_agents(call.tx.on(), call.who.organisation), id, "agent");
  if (!sees(call.who, found.workspace)) refuse_missing("agent");
  return found;
}

campaigns::settings find_campaign(const rest_call& call) {
  const auto id = path_id<campaign_id>(call, "campaign_id", "campaign");
  auto found = sql::read_campaign(call.tx.on(), call.who.organisation, id);
  if (!found || !sees(call.who, found->workspace)) refuse_missing("campaign");
  return std::move(*found);
}

sql::integration_record find_integration(const rest_call& call) {
  const auto id = path_id<integration_id>(call, "integration_id", "integration");
  for (sql::integration_record& one : sql::read_integrations(call.tx.on(), call.who.organisation)) {
    if (one.account.id == id) return std::move(one);
  }
  refuse_missing("integration");
}

std::map<campaign_id, engine::campaign_view> campaigns_now(const std::vector<engine::organisation_view>& views,
                                                           organisation_id organisation) {
  std::map<campaign_id, engine::campaign_view> all;
  const auto found = std::ranges::find(views, organisation, &engine::organisation_view::id);
  if (found == views.end()) return all;
  for (const engine::campaign_view& one : found->campaigns) all.emplace(one.id, one);
  return all;
}

workspace_id body_workspace(const rest_call& call) {
  return named_workspace(call, body_text(call, "workspace_id"));
}

workspace_id query_workspace(const rest_call& call) {
  if (const auto named = call.query_param("workspace_id")) return named_workspace(call, *named);
  if (!call.who.workspace) refuse_param("workspace_id", "is missing; GET /v1/workspaces lists them");
  return *call.who.workspace;
}

e164 body_number(const rest_call& call) {
  const auto number = e164::parse(body_text(call, "phone_number"));
  if (!number) refuse_param("phone_number", "must be E.164: + and 7 to 15 digits");
  return *number;
}

std::string body_text(const rest_call& call, std::string_view name) {
  return std::string(call.body.at(boost::json::string_view{name.data(), name.size()}).as_string());
}

problem rule_problem(const callerid::refusal& refused, bool named) {
  problem told{409, "rule", (named ? named_obstacle(refused) : refused.obstacle) + "; " + refused.remedy};
  if (refused.kind == callerid::refusal_kind::permission) told.status = 403;
  if (refused.kind == callerid::refusal_kind::funds) told.status = 402;
  told.rule = refused.rule;
  return told;
}

void refuse_by_rule(const rest_call& call, const callerid::refusal& refused) {
  throw rest_error{rule_problem(refused, sees(call.who, refused.workspace))};
}

void refuse_platform(const rest_call& call, std::string remedy) {
  refuse_by_rule(
      call, {"S7", "the carrier account is the operator's, for numbers that the wallet pays for", std::move(remedy)});
}

void refuse_taken(std::string_view kind) {
  throw rest_error{{409, "conflict",
                    "there is " + std::string(kind) + " of this name already; choose another, or change that one",
                    "name"}};
}

rest_answer answer_when_applied(rest_call& call, boost::json::object body) {
  return {std::move(body), sql::read_generation(call.tx, call.who.organisation)};
}

}  // namespace dialer::api
