#pragma once
// An organisation's numbers within one request: who sees which, what the rules let become of them, how they are shown.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/rest_operation.hpp"
#include "callerid/number_health.hpp"
#include "callerid/number_rules.hpp"
#include "engine/ledger.hpp"
#include "sql/configuration.hpp"
#include "sql/phone_numbers.hpp"

namespace dialer::api {

class number_book {
 public:
  /// Reads what the request's transaction sees. One that is to change anything has locked the organisation before.
  explicit number_book(const rest_call& call);

  const std::vector<sql::number_record>& numbers() const { return numbers_; }
  const std::vector<sql::assignment_record>& assignments() const { return assignments_; }
  const std::vector<sql::integration_record>& integrations() const { return integrations_; }
  const std::vector<engine::agent_record>& agents() const { return agents_; }

  /// S5.
  bool shows(const sql::number_record& number) const;
  /// Of the path's `number_id`; what the key does not see is not there.
  const sql::number_record& find() const;
  /// As find(), and of a workspace of the key's: others' may be seen, but not changed.
  const sql::number_record& find_own() const;
  const sql::number_record& at(phone_number_id number) const;
  bool is_assigned(const sql::number_record& number, agent_id to) const;

  bool holds(e164 number) const;
  /// 409 when the organisation holds it already.
  void refuse_held(e164 number) const;
  /// For a new number: the body's, that of the agent it is for, the key's, or the only one there is.
  workspace_id body_workspace() const;
  /// For a number of one's own: the body's, the one set up for it, or the only one of the body's provider.
  integration_id body_integration(e164 number) const;

  /// The agent that a field of the body names; refuses about `param` one that is not there or not seen.
  const engine::agent_record& agent_of(const boost::json::value& id, std::string_view param) const;

  /// A new number; it is dated by the database.
  const sql::number_record& add(sql::number_record wanted);
  void update(const sql::number_record& wanted);
  /// One that was on no call so far.
  void warm_up(const sql::number_record& number);
  /// 409 unless it rests or is retired.
  void end_rest(const sql::number_record& number, const std::string& why);

  /// By the rules: refuses what they refuse. `since`: of one that it takes the place of.
  void assign(const sql::number_record& number, const engine::agent_record& agent, callerid::profile as,
              const std::optional<utc_time>& since = {});
  /// Those of a number, of one profile and agent or of any.
  void unassign(const sql::number_record& number, std::optional<callerid::profile> as = {},
                std::optional<agent_id> agent = {});
  /// What the body says of agents: `agent_id` and `inbound_routing`.
  void set_users(phone_number_id number);
  /// Refuses what the body says of agents that are not there, before anything is asked of anybody.
  void check_users() const;
  /// Something is to be asked of the carrier about one of the numbers.
  void order(const sql::number_order& order);

  std::string provider_of(const sql::number_record& number) const;
  boost::json::object to_json(const sql::number_record& number) const;

 private:
  /// The body's `agent_id`: the agent of the earliest outbound assignment becomes that one, or nobody.
  void set_agent(const sql::number_record& number, const boost::json::value& id);
  /// The body's `inbound_routing`: what it does not say stays as it is; null: calls in are not answered.
  void set_routing(const sql::number_record& number, const boost::json::value& routing);

  const sql::assignment_record* first(phone_number_id number, callerid::profile as) const;
  boost::json::value routing_of(const sql::number_record& number) const;
  callerid::health_record health_of(e164 number) const;

  const rest_call& call_;
  callerid::sharing_policy policy_ = callerid::sharing_policy::workspace;
  std::vector<sql::number_record> numbers_;
  std::vector<sql::assignment_record> assignments_;
  std::vector<sql::integration_record> integrations_;
  std::vector<engine::agent_record> agents_;
  std::vector<sql::number_order> orders_;
  std::vector<callerid::health_record> health_;
};

/// What the body says of a number's settings: name, switches, trunk, limits.
void read_number_settings(const rest_call& call, sql::number_record& into);

/// Country, area code and type, as far as the number itself tells.
void describe_number(sql::number_record& number);

/// "sms", ... of a mask.
boost::json::array capabilities_json(std::uint8_t mask);
/// Of a list that the schema has let through.
std::uint8_t read_capabilities(const boost::json::value& list);

/// How it stands with a number's health, and why.
boost::json::object health_json(const callerid::health_record& health);

/// Null when there is no price.
boost::json::value money_json(const money& value);

}  // namespace dialer::api
