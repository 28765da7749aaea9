#include "sql/snapshot.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "compliance/place.hpp"
#include "sql/number_health.hpp"
#include "sql/phone_numbers.hpp"

namespace dialer::sql {
namespace {

// Of a campaign and of a version of it alike. Array elements are read as columns of their own: 7 openings, 7 closings,
// 11 delays, 11 attempt counts.
std::string settings_columns() {
  std::string columns =
      "version, agent_id, weight, calls_per_second_max, concurrent_calls_max, attempts_per_contact_max, "
      "attempts_per_number_24h, attempts_per_number_7d, caller_id, ring_timeout_s, call_time_limit_s, detection, "
      "default_country, redial_absent, caller_id_number";
  const auto elements = [&](const char* name, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) columns += ", " + std::string(name) + "[" + std::to_string(i) + "]";
  };
  elements("window_open_minute", 7);
  elements("window_close_minute", 7);
  elements("retry_delay_s", disposition_slots);
  elements("retry_attempts_max", disposition_slots);
  return columns;
}

std::string campaign_columns() {
  return "id, workspace_id, name, state, frozen, " + settings_columns();
}

template <class Number>
Number as(const result& rows, int row, int column) {
  return static_cast<Number>(rows.integer(row, column));
}

void read_settings(const result& rows, int i, int column, campaigns::settings& into) {
  into.version = rows.number(i, column++);
  into.agent = rows.wide<agent_id>(i, column++);
  into.weight = as<std::uint16_t>(rows, i, column++);
  into.calls_per_second_max = rows.float8(i, column++);
  into.concurrent_calls_max = as<std::uint32_t>(rows, i, column++);
  into.attempts_per_contact_max = as<std::uint16_t>(rows, i, column++);
  into.attempts_per_number_24h = as<std::uint16_t>(rows, i, column++);
  into.attempts_per_number_7d = as<std::uint16_t>(rows, i, column++);
  into.caller_id = rows.enumerator<campaigns::caller_id_policy>(i, column++);
  into.ring_timeout = std::chrono::seconds{rows.integer(i, column++)};
  into.call_time_limit = std::chrono::seconds{rows.integer(i, column++)};
  into.detection = rows.enumerator<campaigns::machine_detection>(i, column++);
  into.default_country = rows.text(i, column++);
  into.redial_absent = rows.boolean(i, column++);
  into.caller_id_number = rows.phone(i, column++);
  for (auto& day : into.window) day.open_minute = as<std::uint16_t>(rows, i, column++);
  for (auto& day : into.window) day.close_minute = as<std::uint16_t>(rows, i, column++);
  for (auto& rule : into.retry) rule.delay = std::chrono::seconds{rows.integer(i, column++)};
  for (auto& rule : into.retry) rule.attempts_max = as<std::uint16_t>(rows, i, column++);
}

campaigns::settings read_campaign_row(const result& rows, int i) {
  campaigns::settings one;
  one.id = rows.wide<campaign_id>(i, 0);
  one.workspace = rows.wide<workspace_id>(i, 1);
  one.name = rows.text(i, 2);
  one.state = rows.enumerator<campaigns::campaign_state>(i, 3);
  one.frozen = rows.boolean(i, 4);
  read_settings(rows, i, 5, one);
  return one;
}

/// "CA,US" as organisation.allowed_countries keeps it.
std::vector<std::string> split_countries(std::string_view list) {
  std::vector<std::string> countries;
  for (; !list.empty(); list.remove_prefix(std::min<std::size_t>(list.size(), 3))) {
    countries.emplace_back(list.substr(0, 2));
  }
  return countries;
}

template <class Record, class Read>
std::vector<Record> read_all(const result& rows, Read read) {
  std::vector<Record> records;
  records.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) records.push_back(read(i));
  return records;
}

std::vector<carriers::account> read_accounts(session& on, organisation_id organisation,
                                             const secret_resolver& resolve_secret) {
  std::vector<carriers::account> all;
  for (integration_record& one : read_integrations(on, organisation)) {
    if (one.revoked_at) continue;
    const auto secret = [&](const std::string& stored, bool secondary) {
      return stored.empty() ? stored : resolve_secret(stored, {organisation, one.account.id, secondary});
    };
    try {
      one.account.secret = secret(one.secret_ref, false);
      one.account.secondary_secret = secret(one.secondary_secret_ref, true);
    } catch (const std::runtime_error& wrong) {
      one.account.unusable = wrong.what();
    }
    all.push_back(std::move(one.account));
  }
  return all;
}

std::vector<engine::lane_record> read_lanes(const result& rows) {
  return read_all<engine::lane_record>(rows, [&](int i) {
    const auto where = compliance::parse_place(rows.text(i, 2));
    if (!where) throw std::runtime_error("lane with an unreadable place: \"" + std::string(rows.text(i, 2)) + "\"");
    return engine::lane_record{rows.wide<campaign_id>(i, 0), as<campaigns::lane_number>(rows, i, 1), *where,
                               rows.narrow<contact_id>(i, 3), rows.boolean(i, 4)};
  });
}

}  // namespace

engine::organisation_snapshot read_snapshot(transaction& in, organisation_id organisation,
                                            const secret_resolver& resolve_secret) {
  const params key = params{}.uuid(organisation);
  const result head = in.run(
      "SELECT o.generation, o.frozen, g.sharing, g.allowed_countries, o.generation - o.opt_out_generations FROM "
      "org_owner o JOIN organisation g ON g.org_id "
      "= o.org_id "
      "WHERE o.org_id = $1",
      key);
  if (head.rows() == 0) throw std::invalid_argument("there is no organisation " + organisation.text());
  engine::organisation_snapshot all;
  all.id = organisation;
  all.generation = head.number(0, 0);
  all.settings_version = head.number(0, 4);
  all.frozen = head.boolean(0, 1);
  all.sharing = head.enumerator<callerid::sharing_policy>(0, 2);
  all.allowed_countries = split_countries(head.text(0, 3));

  all.workspaces = read_workspaces(in.on(), organisation);
  all.agents = read_agents(in.on(), organisation);
  all.accounts = read_accounts(in.on(), organisation, resolve_secret);
  for (number_record& one : read_number_records(in.on(), organisation)) {
    if (one.status != callerid::number_status::released) all.numbers.push_back(std::move(one));
  }
  const auto assignments = read_assignments(in.on(), organisation);
  all.assignments.assign(assignments.begin(), assignments.end());
  all.restrictions = read_number_restrictions(in.on(), organisation);
  all.number_health = read_number_health(in.on(), organisation);
  const result campaign_rows =
      in.run("SELECT " + campaign_columns() + " FROM campaign WHERE org_id = $1 AND state <= 2 ORDER BY id", key);
  all.campaigns =
      read_all<campaigns::settings>(campaign_rows, [&](int i) { return read_campaign_row(campaign_rows, i); });
  all.lanes = read_lanes(in.run(
      "SELECT l.campaign_id, l.lane, l.place, l.through, l.urgent FROM lane l JOIN campaign c ON c.org_id = l.org_id "
      "AND c.id = l.campaign_id WHERE l.org_id = $1 AND c.state <= 2 ORDER BY l.campaign_id, l.lane",
      key));
  return all;
}

std::vector<engine::workspace_record> read_workspaces(session& on, organisation_id organisation) {
  const result rows = on.run("SELECT id, name, weight, frozen FROM workspace WHERE org_id = $1 ORDER BY id",
                             params{}.uuid(organisation));
  return read_all<engine::workspace_record>(rows, [&](int i) {
    return engine::workspace_record{rows.wide<workspace_id>(i, 0), std::string(rows.text(i, 1)),
                                    as<std::uint16_t>(rows, i, 2), rows.boolean(i, 3)};
  });
}

std::vector<engine::agent_record> read_agents(session& on, organisation_id organisation) {
  const result rows = on.run(
      "SELECT id, workspace_id, name, published, answer_url, concurrent_calls_max, frozen FROM agent WHERE org_id = $1 "
      "ORDER BY id",
      params{}.uuid(organisation));
  return read_all<engine::agent_record>(rows, [&](int i) {
    return engine::agent_record{rows.wide<agent_id>(i, 0), rows.wide<workspace_id>(i, 1), std::string(rows.text(i, 2)),
                                rows.boolean(i, 3),        std::string(rows.text(i, 4)),  as<std::uint32_t>(rows, i, 5),
                                rows.boolean(i, 6)};
  });
}

std::vector<callerid::number_restriction> read_number_restrictions(session& on, organisation_id organisation) {
  const result rows =
      on.run("SELECT country, type, demand FROM number_restriction WHERE org_id = $1 ORDER BY country, type, demand",
             params{}.uuid(organisation));
  return read_all<callerid::number_restriction>(rows, [&](int i) {
    callerid::number_restriction one;
    one.country = rows.text(i, 0);
    if (rows.integer(i, 1) >= 0) one.type = rows.enumerator<number_type>(i, 1);
    one.demand = rows.enumerator<callerid::number_demand>(i, 2);
    return one;
  });
}

std::vector<campaigns::settings> read_campaigns(session& on, organisation_id organisation) {
  const result rows = on.run("SELECT " + campaign_columns() + " FROM campaign WHERE org_id = $1 ORDER BY id",
                             params{}.uuid(organisation));
  return read_all<campaigns::settings>(rows, [&](int i) { return read_campaign_row(rows, i); });
}

std::optional<campaigns::settings> read_campaign(session& on, organisation_id organisation, campaign_id campaign) {
  const result row = on.run("SELECT " + campaign_columns() + " FROM campaign WHERE org_id = $1 AND id = $2",
                            params{}.uuid(organisation).uuid(campaign));
  return row.rows() == 0 ? std::nullopt : std::optional{read_campaign_row(row, 0)};
}

std::vector<campaign_version> read_campaign_versions(session& on, organisation_id organisation, campaign_id campaign,
                                                     std::uint64_t before, int count) {
  const result rows = on.run("SELECT at, " + settings_columns() +
                                 " FROM campaign_version WHERE org_id = $1 AND campaign_id = $2 AND ($3 = 0 OR version "
                                 "< $3) ORDER BY version DESC LIMIT $4",
                             params{}.uuid(organisation).uuid(campaign).int8(before).int8(std::int64_t{count}));
  return read_all<campaign_version>(rows, [&](int i) {
    campaign_version one;
    one.at = rows.time(i, 0);
    read_settings(rows, i, 1, one.what);
    return one;
  });
}

}  // namespace dialer::sql
