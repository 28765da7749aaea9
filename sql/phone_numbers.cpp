#include "sql/phone_numbers.hpp"

#include <string_view>

#include "sql/generation.hpp"
#include "sql/number_rents.hpp"

namespace dialer::sql {
namespace {

constexpr std::string_view record_columns =
    "id, workspace_id, integration_id, number, status, type, capabilities, outbound_enabled, region, "
    "calls_per_day_max, calls_per_hour_max, concurrent_calls_max, frozen, country, attestation, registered, "
    "friendly_name, provider, area_code, carrier_ref, trunk_address, trunk_username, trunk_password, "
    "fallback_agent_id, voicemail_message, monthly_cost, currency, created_at, released_at, weight";

number_record read_record(const result& rows, int i) {
  number_record one;
  const auto count = [&](int column) { return static_cast<std::uint32_t>(rows.integer(i, column)); };
  one.id = rows.wide<phone_number_id>(i, 0);
  one.workspace = rows.wide<workspace_id>(i, 1);
  one.integration = rows.wide<integration_id>(i, 2);
  one.number = rows.phone(i, 3);
  one.status = rows.enumerator<callerid::number_status>(i, 4);
  one.type = rows.enumerator<number_type>(i, 5);
  one.capabilities = static_cast<std::uint8_t>(rows.integer(i, 6));
  one.outbound_enabled = rows.boolean(i, 7);
  one.region = rows.text(i, 8);
  one.calls_per_day_max = count(9);
  one.calls_per_hour_max = count(10);
  one.concurrent_calls_max = count(11);
  one.frozen = rows.boolean(i, 12);
  one.country = rows.text(i, 13);
  one.attested = rows.enumerator<attestation>(i, 14);
  one.registered = rows.boolean(i, 15);
  one.friendly_name = rows.text(i, 16);
  one.platform = rows.integer(i, 17) == 1;
  one.area_code = rows.text(i, 18);
  one.carrier_ref = rows.text(i, 19);
  one.trunk_address = rows.text(i, 20);
  one.trunk_username = rows.text(i, 21);
  one.trunk_password = rows.text(i, 22);
  if (!rows.null(i, 23)) one.fallback_agent = rows.wide<agent_id>(i, 23);
  one.voicemail_message = rows.text(i, 24);
  one.monthly_cost = {rows.integer(i, 25), std::string(rows.text(i, 26))};
  one.created_at = rows.time(i, 27);
  if (!rows.null(i, 28)) one.released_at = rows.time(i, 28);
  one.weight = static_cast<std::uint16_t>(rows.integer(i, 29));
  return one;
}

std::optional<number_record> read_one(const result& rows) {
  return rows.rows() == 0 ? std::nullopt : std::optional{read_record(rows, 0)};
}

std::string select_records(std::string_view where) {
  return "SELECT " + std::string(record_columns) + " FROM phone_number WHERE org_id = $1 " + std::string(where);
}

/// $1 organisation, $2 number's id, $3 the number, $4 to $28 what may change.
params bind(organisation_id organisation, const number_record& one) {
  return params{}
      .uuid(organisation)
      .uuid(one.id)
      .int8(one.number.digits())
      .uuid(one.workspace)
      .uuid(one.integration)
      .int2(one.status)
      .int2(one.type)
      .int2(one.capabilities)
      .boolean(one.outbound_enabled)
      .text(one.region)
      .int8(std::int64_t{one.calls_per_day_max})
      .int8(std::int64_t{one.calls_per_hour_max})
      .int8(std::int64_t{one.concurrent_calls_max})
      .text(one.country)
      .int2(one.attested)
      .boolean(one.registered)
      .text(one.friendly_name)
      .int2(one.platform ? 1 : 0)
      .text(one.area_code)
      .text(one.carrier_ref)
      .text(one.trunk_address)
      .text(one.trunk_username)
      .text(one.trunk_password)
      .uuid(one.fallback_agent)
      .text(one.voicemail_message)
      .int8(one.monthly_cost.minor)
      .text(one.monthly_cost.currency)
      .int4(one.weight);
}

constexpr std::string_view written_columns =
    "workspace_id, integration_id, status, type, capabilities, outbound_enabled, region, calls_per_day_max, "
    "calls_per_hour_max, concurrent_calls_max, country, attestation, registered, friendly_name, provider, area_code, "
    "carrier_ref, trunk_address, trunk_username, trunk_password, fallback_agent_id, voicemail_message, monthly_cost, "
    "currency, weight";
constexpr std::string_view written_values =
    "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, "
    "$28";

params key_of(const number_order& of) {
  return params{}.uuid(of.organisation).uuid(of.number);
}

constexpr std::string_view order_columns =
    "number_id, integration_id, kind, workspace_id, carrier_order, charged, currency, asked_at, looks, due_at";

number_order read_order_row(const result& rows, int i) {
  number_order one;
  one.organisation = rows.wide<organisation_id>(i, 0);
  one.number = rows.wide<phone_number_id>(i, 1);
  one.integration = rows.wide<integration_id>(i, 2);
  one.kind = rows.enumerator<order_kind>(i, 3);
  one.workspace = rows.wide<workspace_id>(i, 4);
  one.carrier_order = rows.text(i, 5);
  one.charged = {rows.integer(i, 6), std::string(rows.text(i, 7))};
  if (!rows.null(i, 8)) one.asked_at = rows.time(i, 8);
  one.looks = static_cast<int>(rows.integer(i, 9));
  one.due_at = rows.time(i, 10);
  return one;
}

std::vector<number_order> read_orders_of(const result& rows) {
  std::vector<number_order> all;
  for (int i = 0; i < rows.rows(); ++i) all.push_back(read_order_row(rows, i));
  return all;
}

params key_of(organisation_id organisation, const callerid::assignment& of) {
  return params{}.uuid(organisation).uuid(of.agent).uuid(of.number).int2(of.as);
}

}  // namespace

std::vector<number_record> read_number_records(session& on, organisation_id organisation) {
  const result rows = on.run(select_records("ORDER BY id"), params{}.uuid(organisation));
  std::vector<number_record> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) all.push_back(read_record(rows, i));
  return all;
}

std::optional<number_record> read_number_record(session& on, organisation_id organisation, phone_number_id number) {
  return read_one(on.run(select_records("AND id = $2"), params{}.uuid(organisation).uuid(number)));
}

std::optional<number_record> find_number_record(session& on, organisation_id organisation, e164 number) {
  return read_one(on.run(select_records("AND number = $2 ORDER BY status = 3, released_at DESC LIMIT 1"),
                         params{}.uuid(organisation).int8(number.digits())));
}

void insert_number(transaction& in, organisation_id organisation, const number_record& wanted) {
  lock_organisation(in, organisation);
  in.run("INSERT INTO phone_number (org_id, id, number, " + std::string(written_columns) + ") VALUES ($1, $2, $3, " +
             std::string(written_values) + ")",
         bind(organisation, wanted));
  raise_generation(in, organisation);
}

bool update_number(transaction& in, organisation_id organisation, const number_record& wanted) {
  lock_organisation(in, organisation);
  const std::string columns{written_columns};
  const std::string values{written_values};
  const params bound = bind(organisation, wanted);
  const int written = in.run("UPDATE phone_number SET (" + columns + ", released_at) = (" + values +
                                 ", CASE WHEN $6 = 3 THEN coalesce(released_at, now()) END) WHERE org_id = $1 AND id = "
                                 "$2 AND number = $3 AND (" +
                                 columns + ") IS DISTINCT FROM (" + values + ")",
                             bound)
                          .affected();
  if (written == 0) return false;
  if (wanted.status == callerid::number_status::released) {
    in.run("DELETE FROM assignment WHERE org_id = $1 AND number_id = $2", params{}.uuid(organisation).uuid(wanted.id));
  }
  raise_generation(in, organisation);
  return true;
}

void release_number(transaction& in, organisation_id organisation, number_record which, utc_time due) {
  which.status = callerid::number_status::released;
  update_number(in, organisation, which);
  if (!which.platform) return;
  stop_rent(in, organisation, which.id);
  number_order order;
  order.organisation = organisation;
  order.number = which.id;
  order.integration = which.integration;
  order.kind = order_kind::release;
  order.workspace = which.workspace;
  order.due_at = due;
  insert_order(in, order);
}

std::vector<assignment_record> read_assignments(session& on, organisation_id organisation) {
  const result rows = on.run(
      "SELECT a.number_id, a.agent_id, g.workspace_id, a.profile, a.since FROM assignment a "
      "JOIN agent g ON g.org_id = a.org_id AND g.id = a.agent_id "
      "JOIN phone_number n ON n.org_id = a.org_id AND n.id = a.number_id AND n.status <> 3 "
      "WHERE a.org_id = $1 ORDER BY a.since, a.agent_id, a.number_id, a.profile",
      params{}.uuid(organisation));
  std::vector<assignment_record> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({{rows.wide<phone_number_id>(i, 0), rows.wide<agent_id>(i, 1), rows.wide<workspace_id>(i, 2),
                    rows.enumerator<callerid::profile>(i, 3)},
                   rows.time(i, 4)});
  }
  return all;
}

bool add_assignment(transaction& in, organisation_id organisation, const callerid::assignment& wanted,
                    const std::optional<utc_time>& since) {
  lock_organisation(in, organisation);
  const int made = in.run(
                         "INSERT INTO assignment (org_id, agent_id, number_id, profile, since) VALUES ($1, $2, $3, $4, "
                         "coalesce($5, now())) ON CONFLICT (org_id, agent_id, number_id, profile) DO NOTHING",
                         key_of(organisation, wanted).time(since))
                       .affected();
  if (made == 0) return false;
  raise_generation(in, organisation);
  return true;
}

bool remove_assignment(transaction& in, organisation_id organisation, const callerid::assignment& which) {
  lock_organisation(in, organisation);
  const int gone =
      in.run("DELETE FROM assignment WHERE org_id = $1 AND agent_id = $2 AND number_id = $3 AND profile = $4",
             key_of(organisation, which))
          .affected();
  if (gone == 0) return false;
  raise_generation(in, organisation);
  return true;
}

void insert_order(transaction& in, const number_order& wanted) {
  in.run("INSERT INTO number_order (org_id, " + std::string(order_columns) +
             ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
         key_of(wanted)
             .uuid(wanted.integration)
             .int2(wanted.kind)
             .uuid(wanted.workspace)
             .text(wanted.carrier_order)
             .int8(wanted.charged.minor)
             .text(wanted.charged.currency)
             .time(wanted.asked_at)
             .int4(wanted.looks)
             .time(wanted.due_at));
}

void update_order(session& on, const number_order& wanted) {
  on.run(
      "UPDATE number_order SET (carrier_order, asked_at, looks, due_at) = ($3, $4, $5, $6) WHERE org_id = $1 AND "
      "number_id = $2",
      key_of(wanted).text(wanted.carrier_order).time(wanted.asked_at).int4(wanted.looks).time(wanted.due_at));
}

bool remove_order(transaction& in, const number_order& which) {
  return in.run("DELETE FROM number_order WHERE org_id = $1 AND number_id = $2", key_of(which)).affected() == 1;
}

std::optional<number_order> read_order(session& on, organisation_id organisation, phone_number_id number) {
  const result rows =
      on.run("SELECT org_id, " + std::string(order_columns) + " FROM number_order WHERE org_id = $1 AND number_id = $2",
             params{}.uuid(organisation).uuid(number));
  return rows.rows() == 0 ? std::nullopt : std::optional{read_order_row(rows, 0)};
}

std::vector<number_order> read_orders(session& on, organisation_id organisation) {
  return read_orders_of(on.run("SELECT org_id, " + std::string(order_columns) + " FROM number_order WHERE org_id = $1",
                               params{}.uuid(organisation)));
}

std::vector<number_order> read_due_orders(session& on, organisation_id organisation, utc_time now, int count) {
  return read_orders_of(on.run("SELECT org_id, " + std::string(order_columns) +
                                   " FROM number_order WHERE org_id = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3",
                               params{}.uuid(organisation).time(now).int8(std::int64_t{count})));
}

order_claim::order_claim(session& on, phone_number_id number)
    : session_{on}, key_{static_cast<std::int64_t>(number.low)} {
  held_ = session_.run("SELECT pg_try_advisory_lock($1)", params{}.int8(key_)).boolean(0, 0);
}

order_claim::~order_claim() {
  if (!held_) return;
  try {
    session_.run("SELECT pg_advisory_unlock($1)", params{}.int8(key_));
  } catch (const sql_error&) {
    session_.disconnect();  // which releases it, too
  }
}

}  // namespace dialer::sql
