#include "sql/configuration.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

template <class Array, class Value>
std::vector<std::int64_t> column_of(const Array& from, Value value) {
  std::vector<std::int64_t> column;
  for (const auto& one : from) column.push_back(static_cast<std::int64_t>(value(one)));
  return column;
}

}  // namespace

change configuration::changed(organisation_id in, const result& written) {
  if (written.affected() == 0) return change::none;
  raise_generation(tx_, in);
  return change::updated;
}

// The statement inserts or updates and returns (id, whether it was inserted); it returns nothing when the row was there
// and equal, and then `find` fetches its id.
template <class Id>
applied<Id> configuration::upsert(organisation_id in, std::string_view statement, const params& values,
                                  std::string_view find, const params& key) {
  lock_organisation(tx_, in);
  const result written = tx_.run(statement, values);
  if (written.rows() == 0) return {tx_.run(find, key).wide<Id>(0, 0), change::none};
  raise_generation(tx_, in);
  return {written.wide<Id>(0, 0), written.boolean(0, 1) ? change::created : change::updated};
}

applied<organisation_id> configuration::organisation(const std::string& name, callerid::sharing_policy sharing,
                                                     std::vector<std::string> allowed_countries) {
  std::ranges::sort(allowed_countries);
  std::string countries;
  for (const std::string& country : allowed_countries) countries += (countries.empty() ? "" : ",") + country;
  // Names are unique among organisations without a key over all of them: whoever creates one holds this lock.
  tx_.run("SELECT pg_advisory_xact_lock(hashtextextended('organisation ' || $1, 0))", params{}.text(name));
  const result found = tx_.run("SELECT org_id FROM organisation WHERE name = $1", params{}.text(name));
  if (found.rows() == 0) {
    const organisation_id id{make_id_()};
    tx_.run("INSERT INTO organisation (org_id, name, sharing, allowed_countries) VALUES ($1, $2, $3, $4)",
            params{}.uuid(id).text(name).int2(sharing).text(countries));
    tx_.run("INSERT INTO org_owner (org_id) VALUES ($1)", params{}.uuid(id));
    return {id, change::created};
  }
  const auto id = found.wide<organisation_id>(0, 0);
  lock_organisation(tx_, id);
  return {id, changed(id, tx_.run("UPDATE organisation SET sharing = $2, allowed_countries = $3 WHERE org_id = $1 AND "
                                  "(sharing, allowed_countries) IS DISTINCT FROM ($2, $3)",
                                  params{}.uuid(id).int2(sharing).text(countries)))};
}

applied<workspace_id> configuration::workspace(organisation_id in, const engine::workspace_record& wanted) {
  return upsert<workspace_id>(
      in,
      "INSERT INTO workspace AS t (org_id, id, name, weight) VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, name) "
      "DO UPDATE SET weight = excluded.weight WHERE t.weight <> excluded.weight RETURNING id, xmax = 0",
      params{}.uuid(in).uuid(make_id_()).text(wanted.name).int4(wanted.weight),
      "SELECT id FROM workspace WHERE org_id = $1 AND name = $2", params{}.uuid(in).text(wanted.name));
}

applied<agent_id> configuration::agent(organisation_id in, const engine::agent_record& wanted) {
  return upsert<agent_id>(
      in,
      "INSERT INTO agent AS t (org_id, id, workspace_id, name, published, answer_url, concurrent_calls_max) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org_id, workspace_id, name) DO UPDATE SET "
      "published = excluded.published, answer_url = excluded.answer_url, "
      "concurrent_calls_max = excluded.concurrent_calls_max "
      "WHERE (t.published, t.answer_url, t.concurrent_calls_max) IS DISTINCT FROM "
      "(excluded.published, excluded.answer_url, excluded.concurrent_calls_max) RETURNING id, xmax = 0",
      params{}
          .uuid(in)
          .uuid(make_id_())
          .uuid(wanted.workspace)
          .text(wanted.name)
          .boolean(wanted.published)
          .text(wanted.answer_url)
          .int8(std::int64_t{wanted.concurrent_calls_max}),
      "SELECT id FROM agent WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
      params{}.uuid(in).uuid(wanted.workspace).text(wanted.name));
}

applied<integration_id> configuration::integration(organisation_id in, const integration_record& wanted) {
  const carriers::account& account = wanted.account;
  for (const std::string& name : carriers::account_names(account)) {
    const params carrier = params{}.int2(account.kind).text(name).uuid(in);
    tx_.run(
        "INSERT INTO carrier_account (kind, account, org_id) VALUES ($1, $2, $3) ON CONFLICT (kind, account) DO "
        "NOTHING",
        carrier);
    const bool ours =
        tx_.run("SELECT 1 FROM carrier_account WHERE kind = $1 AND account = $2 AND org_id = $3", carrier).rows() != 0;
    if (auto refused = callerid::check_account(ours)) {
      refused->obstacle += " (integration \"" + account.name + "\")";
      throw rule_refused{std::move(*refused)};
    }
  }
  lock_organisation(tx_, in);
  const result twin = tx_.run(
      "SELECT name FROM integration WHERE org_id = $1 AND kind = $2 AND (account_sid, connection_id) = ($3, $4) AND "
      "name <> $5 AND revoked_at IS NULL",
      params{}.uuid(in).int2(account.kind).text(account.account_sid).text(account.connection_id).text(account.name));
  if (twin.rows() != 0) {
    throw configuration_error("integration \"" + std::string(twin.text(0, 0)) +
                              "\" uses the carrier account of integration \"" + account.name +
                              "\", and each would start calls at the account's full pace; change that one, or revoke "
                              "it first");
  }
  const id128 id = account.id ? static_cast<id128>(account.id) : make_id_();
  return upsert<integration_id>(
      in,
      "INSERT INTO integration AS t (org_id, id, name, kind, base_url, ca_file, account_sid, connection_id, "
      "secret_ref, "
      "secondary_secret_ref, webhook_public_key, calls_per_second, concurrent_calls_max, platform, sip_trunk, "
      "phone_number) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (org_id, name) DO "
      "UPDATE SET "
      "kind = excluded.kind, base_url = excluded.base_url, ca_file = excluded.ca_file, account_sid = "
      "excluded.account_sid, "
      "connection_id = excluded.connection_id, secret_ref = excluded.secret_ref, "
      "secondary_secret_ref = excluded.secondary_secret_ref, webhook_public_key = excluded.webhook_public_key, "
      "calls_per_second = excluded.calls_per_second, concurrent_calls_max = excluded.concurrent_calls_max, "
      "platform = excluded.platform, sip_trunk = excluded.sip_trunk, phone_number = excluded.phone_number, "
      "revoked_at = NULL "
      "WHERE (t.kind, t.base_url, t.ca_file, t.account_sid, t.connection_id, t.secret_ref, t.secondary_secret_ref, "
      "t.webhook_public_key, t.calls_per_second, t.concurrent_calls_max, t.platform, t.sip_trunk, t.phone_number, "
      "t.revoked_at) IS DISTINCT FROM "
      "(excluded.kind, "
      "excluded.base_url, excluded.ca_file, excluded.account_sid, excluded.connection_id, excluded.secret_ref, "
      "excluded.secondary_secret_ref, excluded.webhook_public_key, excluded.calls_per_second, "
      "excluded.concurrent_calls_max, excluded.platform, excluded.sip_trunk, excluded.phone_number, NULL) RETURNING "
      "id, xmax = 0",
      params{}
          .uuid(in)
          .uuid(id)
          .text(account.name)
          .int2(account.kind)
          .text(account.base_url)
          .text(account.ca_file)
          .text(account.account_sid)
          .text(account.connection_id)
          .text(wanted.secret_ref)
          .text(wanted.secondary_secret_ref)
          .text(account.webhook_public_key)
          .float8(account.calls_per_second)
          .int8(std::int64_t{account.concurrent_calls_max})
          .boolean(wanted.platform)
          .text(wanted.sip_trunk)
          .int8(wanted.phone_number.digits()),
      "SELECT id FROM integration WHERE org_id = $1 AND name = $2", params{}.uuid(in).text(account.name));
}

change configuration::revoke_integration(organisation_id in, integration_id which) {
  lock_organisation(tx_, in);
  return changed(in, tx_.run("UPDATE integration SET revoked_at = now(), secret_ref = '', secondary_secret_ref = '' "
                             "WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL",
                             params{}.uuid(in).uuid(which)));
}

applied<campaign_id> configuration::campaign(organisation_id in, const campaigns::settings& wanted) {
  const auto opens = column_of(wanted.window, [](const auto& day) { return day.open_minute; });
  const auto closes = column_of(wanted.window, [](const auto& day) { return day.close_minute; });
  const auto delays = column_of(wanted.retry, [](const auto& rule) { return rule.delay.count(); });
  const auto attempts = column_of(wanted.retry, [](const auto& rule) { return rule.attempts_max; });
  const auto made = upsert<campaign_id>(
      in,
      "INSERT INTO campaign AS t (org_id, id, workspace_id, agent_id, name, weight, calls_per_second_max, "
      "concurrent_calls_max, window_open_minute, window_close_minute, retry_delay_s, retry_attempts_max, "
      "attempts_per_contact_max, attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s, "
      "call_time_limit_s, detection, default_country, redial_absent, caller_id_number) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bigint[]::integer[], $10::bigint[]::integer[], $11, "
      "$12::bigint[]::integer[], $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) "
      "ON CONFLICT (org_id, workspace_id, name) DO UPDATE SET version = t.version + 1, "
      "agent_id = excluded.agent_id, weight = excluded.weight, "
      "calls_per_second_max = excluded.calls_per_second_max, concurrent_calls_max = excluded.concurrent_calls_max, "
      "window_open_minute = excluded.window_open_minute, window_close_minute = excluded.window_close_minute, "
      "retry_delay_s = excluded.retry_delay_s, retry_attempts_max = excluded.retry_attempts_max, "
      "attempts_per_contact_max = excluded.attempts_per_contact_max, "
      "attempts_per_number_24h = excluded.attempts_per_number_24h, "
      "attempts_per_number_7d = excluded.attempts_per_number_7d, caller_id = excluded.caller_id, "
      "ring_timeout_s = excluded.ring_timeout_s, call_time_limit_s = excluded.call_time_limit_s, "
      "detection = excluded.detection, default_country = excluded.default_country, redial_absent = "
      "excluded.redial_absent, caller_id_number = excluded.caller_id_number "
      "WHERE (t.agent_id, t.weight, t.calls_per_second_max, t.concurrent_calls_max, t.window_open_minute, "
      "t.window_close_minute, t.retry_delay_s, t.retry_attempts_max, t.attempts_per_contact_max, "
      "t.attempts_per_number_24h, t.attempts_per_number_7d, t.caller_id, t.ring_timeout_s, t.call_time_limit_s, "
      "t.detection, t.default_country, t.redial_absent, t.caller_id_number) IS DISTINCT FROM (excluded.agent_id, "
      "excluded.weight, "
      "excluded.calls_per_second_max, excluded.concurrent_calls_max, excluded.window_open_minute, "
      "excluded.window_close_minute, excluded.retry_delay_s, excluded.retry_attempts_max, "
      "excluded.attempts_per_contact_max, excluded.attempts_per_number_24h, excluded.attempts_per_number_7d, "
      "excluded.caller_id, excluded.ring_timeout_s, excluded.call_time_limit_s, excluded.detection, "
      "excluded.default_country, excluded.redial_absent, excluded.caller_id_number) RETURNING id, xmax = 0",
      params{}
          .uuid(in)
          .uuid(make_id_())
          .uuid(wanted.workspace)
          .uuid(wanted.agent)
          .text(wanted.name)
          .int4(wanted.weight)
          .float8(wanted.calls_per_second_max)
          .int8(std::int64_t{wanted.concurrent_calls_max})
          .int8_array(opens)
          .int8_array(closes)
          .int8_array(delays)
          .int8_array(attempts)
          .int4(wanted.attempts_per_contact_max)
          .int4(wanted.attempts_per_number_24h)
          .int4(wanted.attempts_per_number_7d)
          .int2(wanted.caller_id)
          .int4(wanted.ring_timeout.count())
          .int4(wanted.call_time_limit.count())
          .int2(wanted.detection)
          .text(wanted.default_country)
          .boolean(wanted.redial_absent)
          .int8(wanted.caller_id_number.digits()),
      "SELECT id FROM campaign WHERE org_id = $1 AND workspace_id = $2 AND name = $3",
      params{}.uuid(in).uuid(wanted.workspace).text(wanted.name));
  if (made.what != change::none) keep_version(in, made.id);
  return made;
}

void configuration::keep_version(organisation_id in, campaign_id campaign) {
  // The clock is read with the organisation locked: instants are in the order of the versions.
  tx_.run(
      "INSERT INTO campaign_version (org_id, campaign_id, version, at, agent_id, weight, calls_per_second_max, "
      "concurrent_calls_max, window_open_minute, window_close_minute, retry_delay_s, retry_attempts_max, "
      "attempts_per_contact_max, attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s, "
      "call_time_limit_s, detection, default_country, redial_absent, caller_id_number) "
      "SELECT org_id, id, version, clock_timestamp(), agent_id, weight, calls_per_second_max, "
      "concurrent_calls_max, window_open_minute, window_close_minute, retry_delay_s, retry_attempts_max, "
      "attempts_per_contact_max, attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s, "
      "call_time_limit_s, detection, default_country, redial_absent, caller_id_number FROM campaign WHERE org_id = $1 "
      "AND id = $2",
      params{}.uuid(in).uuid(campaign));
}

change configuration::do_not_call(organisation_id in, const std::vector<do_not_call_record>& wanted) {
  lock_organisation(tx_, in);
  std::vector<std::string_view> names;
  for (const do_not_call_record& one : wanted) names.push_back(one.name);
  int touched = tx_.run("DELETE FROM do_not_call_list WHERE org_id = $1 AND name <> ALL ($2)",
                        params{}.uuid(in).text_array(names))
                    .affected();
  for (const do_not_call_record& one : wanted) {
    touched +=
        tx_.run(
               "INSERT INTO do_not_call_list AS t (org_id, name, path, version, as_of, numbers) "
               "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, name) DO UPDATE SET "
               "path = excluded.path, version = excluded.version, as_of = excluded.as_of, "
               "numbers = excluded.numbers WHERE (t.path, t.version, t.as_of, t.numbers) IS DISTINCT FROM "
               "(excluded.path, excluded.version, excluded.as_of, excluded.numbers)",
               params{}.uuid(in).text(one.name).text(one.path).text(one.version).time(one.as_of).int8(one.numbers))
            .affected();
  }
  if (touched == 0) return change::none;
  raise_generation(tx_, in);
  return change::updated;
}

change configuration::freeze(organisation_id in, freezable kind, const id128& which, bool frozen) {
  lock_organisation(tx_, in);
  const params wanted = params{}.uuid(in).boolean(frozen);
  if (kind == freezable::organisation) {
    return changed(in, tx_.run("UPDATE org_owner SET frozen = $2 WHERE org_id = $1 AND frozen <> $2", wanted));
  }
  constexpr std::array<std::string_view, 6> tables{"", "workspace", "agent", "campaign", "integration", "phone_number"};
  return changed(in, tx_.run("UPDATE " + std::string(tables.at(static_cast<std::size_t>(kind))) +
                                 " SET frozen = $2 WHERE org_id = $1 AND frozen <> $2 AND id = $3",
                             params{wanted}.uuid(which)));
}

}  // namespace dialer::sql
