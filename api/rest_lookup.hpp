#pragma once
// What a request's path names, found within what its key may see. Not there, of another organisation, outside the key's
// workspace, not even an id: one answer for all.

#include <map>
#include <string_view>
#include <vector>

#include "api/rest_operation.hpp"
#include "campaigns/settings.hpp"
#include "engine/ledger.hpp"
#include "sql/configuration.hpp"

namespace dialer::api {

/// Whether the key sees things of this workspace.
inline bool sees(const caller& who, workspace_id workspace) {
  return !who.workspace || *who.workspace == workspace;
}

template <class Id>
Id path_id(const rest_call& call, std::string_view parameter, std::string_view kind) {
  const auto id = Id::parse(call.request.param(parameter));
  if (!id) refuse_missing(kind);
  return *id;
}

engine::workspace_record find_workspace(const rest_call& call);
engine::agent_record find_agent(const rest_call& call);
campaigns::settings find_campaign(const rest_call& call);
sql::integration_record find_integration(const rest_call& call);

/// What the engine in this process says of the organisation's campaigns; of none when another one dials them.
std::map<campaign_id, engine::campaign_view> campaigns_now(const std::vector<engine::organisation_view>& views,
                                                           organisation_id organisation);

/// The workspace that the body's `workspace_id` names, for something new. Throws rest_error about that parameter.
workspace_id body_workspace(const rest_call& call);

/// The one that the query's `workspace_id` names; without it, that of a confined key. Throws rest_error about that
/// parameter.
workspace_id query_workspace(const rest_call& call);

/// The body's `phone_number`.
e164 body_number(const rest_call& call);

/// Text of the body that the schema has let through.
std::string body_text(const rest_call& call, std::string_view name);

/// A rule's refusal: 409, or 403 where the permission and 402 where the money is missing. `named`: with the ids of what
/// stands in the way, for who may see them.
problem rule_problem(const callerid::refusal& refused, bool named);
/// Throws it; the ids only to a key that sees the workspace of what stands in the way.
[[noreturn]] void refuse_by_rule(const rest_call& call, const callerid::refusal& refused);

/// Refuses by S7 what is not the tenants' to do on the account that the operator has for them.
[[noreturn]] void refuse_platform(const rest_call& call, std::string remedy);
inline constexpr const char* bring_your_own =
    "buy a number with POST /v1/phone-numbers/purchase, or use one that is on an account of your own";

/// Refuses with 409: `kind` of that name is there, change it instead.
[[noreturn]] void refuse_taken(std::string_view kind);

/// `engine` is added to it: the answer waits until the engine acts by what this transaction changed.
rest_answer answer_when_applied(rest_call& call, boost::json::object body);

}  // namespace dialer::api
