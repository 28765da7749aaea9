#include "sql/api_keys.hpp"

#include <algorithm>

#include "sql/configuration.hpp"

namespace dialer::sql {
namespace {

void raise_version(transaction& in, organisation_id organisation) {
  in.run("UPDATE organisation SET keys_version = keys_version + 1 WHERE org_id = $1", params{}.uuid(organisation));
}

template <class Value>
std::optional<Value> unless_null(const result& rows, int row, int column, Value value) {
  return rows.null(row, column) ? std::nullopt : std::optional<Value>{value};
}

}  // namespace

std::string_view to_string(scope value) noexcept {
  switch (value) {
    case scope::read: return "read";
    case scope::operate: return "operate";
    case scope::admin: return "admin";
    case scope::numbers_create: return "numbers_create";
  }
  return "";
}

std::optional<scope> parse_scope(std::string_view text) noexcept {
  const auto found = std::ranges::find(all_scopes, text, [](scope one) { return to_string(one); });
  return found == all_scopes.end() ? std::nullopt : std::optional{*found};
}

void create_api_key(transaction& in, organisation_id organisation, const api_key_record& key) {
  // First, so that keys of one organisation are made one after the other.
  raise_version(in, organisation);
  const result other = in.run(
      "SELECT id FROM api_key WHERE org_id = $1 AND revoked_at IS NULL AND "
      "(expires_at IS NULL OR expires_at > now()) AND pepper <> $2 LIMIT 1",
      params{}.uuid(organisation).bytea(key.pepper));
  if (other.rows() != 0) {
    throw configuration_error("key " + other.wide<api_key_id>(0, 0).text() +
                              " of this organisation was made under another pepper than the one at hand; use the "
                              "engine's own (--key-pepper, or its --state-dir), or revoke that key first");
  }
  in.run(
      "INSERT INTO api_key (org_id, id, name, hash, pepper, scopes, workspace_id, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      params{}
          .uuid(organisation)
          .uuid(key.id)
          .text(key.name)
          .bytea(key.hash)
          .bytea(key.pepper)
          .int2(key.scopes)
          .uuid(key.workspace)
          .time(key.expires_at));
}

bool revoke_api_key(transaction& in, organisation_id organisation, api_key_id key) {
  raise_version(in, organisation);
  return in.run("UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE org_id = $1 AND id = $2",
                params{}.uuid(organisation).uuid(key))
             .affected() == 1;
}

std::vector<api_key_record> read_api_keys(session& on, organisation_id organisation) {
  const result rows = on.run(
      "SELECT id, name, hash, pepper, scopes, workspace_id, created_at, expires_at, revoked_at FROM api_key "
      "WHERE org_id = $1 ORDER BY id",
      params{}.uuid(organisation));
  std::vector<api_key_record> all;
  for (int i = 0; i < rows.rows(); ++i) {
    api_key_record one;
    one.id = rows.wide<api_key_id>(i, 0);
    one.name = rows.text(i, 1);
    one.hash = rows.text(i, 2);
    one.pepper = rows.text(i, 3);
    one.scopes = static_cast<scope_bits>(rows.integer(i, 4));
    one.workspace = unless_null(rows, i, 5, rows.wide<workspace_id>(i, 5));
    one.created_at = rows.time(i, 6);
    one.expires_at = unless_null(rows, i, 7, rows.time(i, 7));
    one.revoked_at = unless_null(rows, i, 8, rows.time(i, 8));
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<keys_version> read_keys_versions(session& on) {
  const result rows = on.run("SELECT org_id, keys_version FROM organisation WHERE keys_version > 0 ORDER BY org_id");
  std::vector<keys_version> all;
  for (int i = 0; i < rows.rows(); ++i) all.push_back({rows.wide<organisation_id>(i, 0), rows.number(i, 1)});
  return all;
}

}  // namespace dialer::sql
