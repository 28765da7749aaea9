#include "api/number_book.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_resources.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"

namespace dialer::api {
namespace {

using sql::freezable;

constexpr std::string_view schemas = R"({
  "Freeze": {
    "type": "object",
    "description": "The kill switch: while a thing is frozen no call starts through it; calls that ring or talk go on.",
    "required": ["id", "frozen"],
    "additionalProperties": false,
    "properties": {
      "id": {"type": "string"},
      "frozen": {"type": "boolean"},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  }
})";

template <class Id>
rest_answer set(rest_call& call, freezable kind, Id (*find)(const rest_call&), bool frozen) {
  sql::lock_organisation(call.tx, call.who.organisation);
  const Id id = find(call);
  (void)sql::configuration{call.tx, call.make_id}.freeze(call.who.organisation, kind, id, frozen);
  return answer_when_applied(call, {{"id", id.text()}, {"frozen", frozen}});
}

organisation_id the_organisation(const rest_call& call) {
  if (path_id<organisation_id>(call, "organisation_id", "organisation") != call.who.organisation) {
    refuse_missing("organisation");
  }
  return call.who.organisation;
}
workspace_id the_workspace(const rest_call& call) {
  return find_workspace(call).id;
}
agent_id the_agent(const rest_call& call) {
  return find_agent(call).id;
}
campaign_id the_campaign(const rest_call& call) {
  return find_campaign(call).id;
}
integration_id the_integration(const rest_call& call) {
  return find_integration(call).account.id;
}
phone_number_id the_number(const rest_call& call) {
  return number_book{call}.find_own().id;
}

/// Whoever may pause a campaign may freeze; to let calls start again takes `admin`.
template <freezable kind, auto find>
void add(std::vector<rest_operation>& to, reach where, std::string_view path, std::string_view name,
         std::string_view summary, std::string_view path_back, std::string_view name_back,
         std::string_view summary_back) {
  rest_operation one{.method = "POST",
                     .path = path,
                     .name = name,
                     .summary = summary,
                     .needs = sql::scope::operate,
                     .where = where,
                     .gives = "Freeze",
                     .run = [](rest_call& call) { return set(call, kind, find, true); }};
  to.push_back(one);
  one.path = path_back;
  one.name = name_back;
  one.summary = summary_back;
  one.needs = sql::scope::admin;
  one.run = [](rest_call& call) { return set(call, kind, find, false); };
  to.push_back(std::move(one));
}

}  // namespace

rest_resource freeze_resource() {
  std::vector<rest_operation> all;
  add<freezable::organisation, the_organisation>(all, reach::organisation, "/v1/organisations/{organisation_id}/freeze",
                                                 "freezeOrganisation", "Start no call at all",
                                                 "/v1/organisations/{organisation_id}/unfreeze", "unfreezeOrganisation",
                                                 "Let the organisation call again");
  add<freezable::workspace, the_workspace>(
      all, reach::workspace, "/v1/workspaces/{workspace_id}/freeze", "freezeWorkspace", "Start no call of a workspace",
      "/v1/workspaces/{workspace_id}/unfreeze", "unfreezeWorkspace", "Let a workspace call again");
  add<freezable::agent, the_agent>(all, reach::workspace, "/v1/agents/{agent_id}/freeze", "freezeAgent",
                                   "Start no call of an agent", "/v1/agents/{agent_id}/unfreeze", "unfreezeAgent",
                                   "Let an agent call again");
  add<freezable::campaign, the_campaign>(all, reach::workspace, "/v1/campaigns/{campaign_id}/freeze", "freezeCampaign",
                                         "Start no call of a campaign, whatever its state",
                                         "/v1/campaigns/{campaign_id}/unfreeze", "unfreezeCampaign",
                                         "Let a campaign call again");
  add<freezable::integration, the_integration>(all, reach::organisation, "/v1/integrations/{integration_id}/freeze",
                                               "freezeIntegration", "Start no call over a carrier account",
                                               "/v1/integrations/{integration_id}/unfreeze", "unfreezeIntegration",
                                               "Call over a carrier account again");
  add<freezable::number, the_number>(all, reach::workspace, "/v1/phone-numbers/{number_id}/freeze", "freezePhoneNumber",
                                     "Show a number on no call", "/v1/phone-numbers/{number_id}/unfreeze",
                                     "unfreezePhoneNumber", "Show a number again");
  return {std::move(all), schemas};
}

}  // namespace dialer::api
