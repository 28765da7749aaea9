#include "sql/configuration.hpp"

namespace dialer::sql {

std::vector<organisation_record> read_organisations(session& on) {
  const result rows = on.run(
      "SELECT org_id, name, sharing, (SELECT frozen FROM org_owner o WHERE o.org_id = organisation.org_id) "
      "FROM organisation ORDER BY name");
  std::vector<organisation_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<organisation_id>(i, 0), std::string(rows.text(i, 1)),
                   rows.enumerator<callerid::sharing_policy>(i, 2), rows.boolean(i, 3)});
  }
  return all;
}

std::optional<organisation_id> find_organisation(session& on, std::string_view name) {
  const result found = on.run("SELECT org_id FROM organisation WHERE name = $1", params{}.text(name));
  return found.rows() == 0 ? std::nullopt : std::optional{found.wide<organisation_id>(0, 0)};
}

std::vector<integration_record> read_integrations(session& on, organisation_id organisation) {
  const result rows = on.run(
      "SELECT id, name, kind, base_url, ca_file, account_sid, connection_id, secret_ref, secondary_secret_ref, "
      "webhook_public_key, calls_per_second, concurrent_calls_max, revoked_at, frozen, platform, sip_trunk, "
      "phone_number FROM integration WHERE org_id = $1 ORDER BY id",
      params{}.uuid(organisation));
  std::vector<integration_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    integration_record one;
    one.account.id = rows.wide<integration_id>(i, 0);
    one.account.name = rows.text(i, 1);
    one.account.kind = rows.enumerator<carriers::carrier_kind>(i, 2);
    one.account.base_url = rows.text(i, 3);
    one.account.ca_file = rows.text(i, 4);
    one.account.account_sid = rows.text(i, 5);
    one.account.connection_id = rows.text(i, 6);
    one.secret_ref = rows.text(i, 7);
    one.secondary_secret_ref = rows.text(i, 8);
    one.account.webhook_public_key = rows.text(i, 9);
    one.account.calls_per_second = rows.float8(i, 10);
    one.account.concurrent_calls_max = static_cast<std::uint32_t>(rows.integer(i, 11));
    if (!rows.null(i, 12)) one.revoked_at = rows.time(i, 12);
    one.account.frozen = rows.boolean(i, 13);
    one.platform = rows.boolean(i, 14);
    one.sip_trunk = rows.text(i, 15);
    one.phone_number = rows.phone(i, 16);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<do_not_call_record> read_do_not_call(session& on, organisation_id organisation) {
  const result rows =
      on.run("SELECT name, path, version, as_of, numbers FROM do_not_call_list WHERE org_id = $1 ORDER BY name",
             params{}.uuid(organisation));
  std::vector<do_not_call_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), std::string(rows.text(i, 2)),
                   rows.time(i, 3), rows.number(i, 4)});
  }
  return all;
}

}  // namespace dialer::sql
