#pragma once
// What people set up, written idempotently: the same call twice changes nothing the second time.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "callerid/number_rules.hpp"
#include "campaigns/settings.hpp"
#include "carriers/account.hpp"
#include "engine/ledger.hpp"
#include "model/e164.hpp"
#include "sql/session.hpp"
#include "sql/wallet.hpp"

namespace dialer::sql {

struct number_record;  // phone_numbers.hpp

enum class change : std::uint8_t { none, created, updated };

template <class Id>
struct applied {
  Id id;
  change what = change::none;
};

/// A carrier account with what is stored for its secrets, never the secrets: account.secret and .secondary_secret are
/// neither written nor read here.
struct integration_record {
  carriers::account account;
  std::string secret_ref;              ///< "env:NAME", "file:/path", or the secret sealed; empty when revoked
  std::string secondary_secret_ref;    ///< or empty
  std::optional<utc_time> revoked_at;  ///< never dialed over since then
  bool platform = false;               ///< the platform's own account for the organisation: numbers are bought on it
  std::string sip_trunk;               ///< domain of the trunk that its owner set up at the carrier, or empty
  e164 phone_number;                   ///< the one it was set up for, or none
  friend bool operator==(const integration_record&, const integration_record&) = default;
};

/// One of the national do-not-call lists that an organisation's calls are judged by.
struct do_not_call_record {
  std::string name;
  std::string path;
  std::string version;
  utc_time as_of{};
  std::uint64_t numbers = 0;
  friend bool operator==(const do_not_call_record&, const do_not_call_record&) = default;
};

struct organisation_record {
  organisation_id id;
  std::string name;
  callerid::sharing_policy sharing = callerid::sharing_policy::workspace;
  bool frozen = false;
};

/// A rule refuses the change; the message names the rule, the obstacle and the remedy.
class configuration_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A rule of numbers refuses it.
class rule_refused : public configuration_error {
 public:
  explicit rule_refused(callerid::refusal why)
      : configuration_error("rule " + std::string(why.rule) + ": " + why.obstacle + "; " + why.remedy),
        why_{std::move(why)} {}
  const callerid::refusal& why() const noexcept { return why_; }

 private:
  callerid::refusal why_;
};

/// What is not said of a number stays as it is.
struct number_details {
  std::optional<std::string> friendly_name;
  std::optional<std::optional<agent_id>> fallback_agent;
  std::optional<std::string> voicemail_message;
};

enum class freezable : std::uint8_t { organisation, workspace, agent, campaign, integration, number };

/// All changes of one transaction: a file is applied whole or not at all, and a dry run is a rollback. Things are found
/// by their natural key (name within parent, number within organisation); ids in the arguments are ignored. Every
/// change that calls depend on raises the organisation's generation. Throws sql_error when a value breaks a constraint
/// (its message names it).
class configuration {
 public:
  /// `make_id` supplies new identifiers (model/ids.hpp make_id128).
  configuration(transaction& in, std::function<id128()> make_id) : tx_{in}, make_id_{std::move(make_id)} {}

  /// allowed_countries: ISO 3166-1 alpha-2; empty: as compliance::countries_called says.
  applied<organisation_id> organisation(const std::string& name, callerid::sharing_policy sharing,
                                        std::vector<std::string> allowed_countries = {});
  applied<workspace_id> workspace(organisation_id in, const engine::workspace_record& wanted);
  applied<agent_id> agent(organisation_id in, const engine::agent_record& wanted);
  /// The carrier account must serve neither another organisation nor another integration of this one. A new integration
  /// takes the id it was given, when it was given one: its sealed secrets are bound to it. One that was revoked is in
  /// force again.
  applied<integration_id> integration(organisation_id in, const integration_record& wanted);
  /// For good, or until it is set up anew: no call starts over it any more, and its secrets are gone.
  change revoke_integration(organisation_id in, integration_id which);
  /// A number that was bought here and that its carrier has not confirmed keeps its status; one that is to be given up
  /// is given up at its carrier. Throws configuration_error when it is to change its account, or to be pending again.
  applied<phone_number_id> number(organisation_id in, const callerid::phone_number& wanted,
                                  const number_details& more = {});
  /// Settings only: a campaign begins as a draft and changes state by change_campaign_state. What is changed becomes
  /// its next version.
  applied<campaign_id> campaign(organisation_id in, const campaigns::settings& wanted);
  /// The numbers an agent may show become exactly these.
  change assignments(organisation_id in, agent_id agent, const std::vector<phone_number_id>& numbers);
  /// The agents that a number has in this profile become exactly these.
  change number_users(organisation_id in, phone_number_id number, callerid::profile as,
                      const std::vector<agent_id>& agents);
  /// They become exactly these.
  change number_restrictions(organisation_id in, std::vector<callerid::number_restriction> wanted);
  /// The lists become exactly these: one that is replaced under another name must not go stale beside its successor.
  change do_not_call(organisation_id in, const std::vector<do_not_call_record>& wanted);
  /// What the platform's numbers cost becomes exactly this, for purchases from now on.
  change number_prices(organisation_id in, const std::vector<number_price>& wanted);
  /// The kill switch: while it holds no decision of any owner commits an intent through that thing, and what was
  /// decided is taken back. No other change here lifts it. `which` is the organisation's own id or a thing's of it.
  change freeze(organisation_id in, freezable kind, const id128& which, bool frozen);

 private:
  template <class Id>
  applied<Id> upsert(organisation_id in, std::string_view statement, const params& values, std::string_view find,
                     const params& key);
  change changed(organisation_id in, const result& written);
  void keep_version(organisation_id in, campaign_id campaign);
  bool check_bought(organisation_id in, const number_record& known, number_record& wanted);

  transaction& tx_;
  std::function<id128()> make_id_;
};

std::vector<organisation_record> read_organisations(session& on);
std::optional<organisation_id> find_organisation(session& on, std::string_view name);
std::vector<integration_record> read_integrations(session& on, organisation_id organisation);
std::vector<do_not_call_record> read_do_not_call(session& on, organisation_id organisation);

/// "running"
std::string_view to_string(campaigns::campaign_state state) noexcept;
std::optional<campaigns::campaign_state> parse_campaign_state(std::string_view text) noexcept;

enum class campaign_action : std::uint8_t { start, pause, resume, stop, finish };

/// "pause"
std::string_view to_string(campaign_action action) noexcept;

struct campaign_change {
  campaigns::campaign_state state;
  std::uint64_t generation = 0;  ///< wait_applied() on it: from then on the engine acts by the new state
};

/// draft -start-> running; running -pause-> paused -resume-> running; draft, running, paused -stop-> stopped;
/// running -finish-> finished. No intent decided under the old state commits afterwards. An action that leads to the
/// state the campaign is in already changes nothing. Throws configuration_error naming state and legal actions.
campaign_change change_campaign_state(transaction& in, organisation_id organisation, campaign_id campaign,
                                      campaign_action action);
/// In a transaction of its own.
campaign_change change_campaign_state(session& on, organisation_id organisation, campaign_id campaign,
                                      campaign_action action);

}  // namespace dialer::sql
