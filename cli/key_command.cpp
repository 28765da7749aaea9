#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/api_key.hpp"
#include "cli/audit_by.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/key_file.hpp"
#include "cli/lookup.hpp"
#include "cli/new_id.hpp"
#include "cli/system_clock.hpp"
#include "cli/text_table.hpp"
#include "sql/api_keys.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

sql::scope_bits bits_of(const std::vector<std::string>& names) {
  sql::scope_bits bits = 0;
  for (const std::string& name : names) {
    const auto one = sql::parse_scope(name);
    if (!one) throw usage_error("--scope: there is no scope \"" + name + "\"");
    bits |= static_cast<sql::scope_bits>(*one);
  }
  return bits;
}

std::string scopes_text(sql::scope_bits bits) {
  std::string text;
  for (const sql::scope one : sql::all_scopes) {
    if (sql::has(bits, one)) text += (text.empty() ? "" : ",") + std::string(sql::to_string(one));
  }
  return text;
}

std::optional<utc_time> expiry_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto at = parse_instant(text);
  if (!at) throw usage_error("--expires-at '" + text + "' is no instant; write 2027-01-01 or 2027-01-01T08:00:00Z");
  if (*at <= system_clock{}.now().utc) throw usage_error("--expires-at " + text + " is over; choose a later instant");
  return at;
}

const char* standing(const sql::api_key_record& key, utc_time now) {
  if (key.revoked_at) return "revoked";
  return key.expires_at && *key.expires_at <= now ? "expired" : "active";
}

}  // namespace

int run_key_create(const key_create_options& options) {
  sql::api_key_record key;
  key.scopes = bits_of(options.scopes);
  key.expires_at = expiry_of(options.expires_at);
  key.name = options.name;
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  if (!options.workspace.empty()) key.workspace = find_workspace(on, organisation, options.workspace);
  key.id = api_key_id{new_id()};
  const std::string text = api::api_key_text(key.id, {random_128(), random_128()});
  const api::key_pepper pepper = load_key_pepper(options.pepper, state_dir_of(options.database));
  key.hash = api::api_key_hash(text, pepper);
  key.pepper = api::mark_of(pepper);
  sql::transaction tx{on};
  sql::create_api_key(tx, organisation, key);
  sql::append_audit(tx, organisation, audit_by_command("createKey", key.id.text(), options.reason));
  tx.commit();
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"id", key.id.text()}, {"name", key.name}, {"key", text}}) + "\n");
  } else {
    // Alone on standard output, for a pipe into the place where it is kept.
    std::fprintf(stderr, "%s may %s. The key is shown only now:\n", key.id.text().c_str(),
                 scopes_text(key.scopes).c_str());
    print(text + "\n");
  }
  return exit_ok;
}

int run_key_list(const key_options& options) {
  const database store{options.database};
  sql::session on = store.open();
  const utc_time now = system_clock{}.now().utc;
  json::array all;
  text_table table;
  table.row({"key", "name", "scopes", "workspace", "expires", "state"});
  for (const sql::api_key_record& key : sql::read_api_keys(on, find_organisation(on, options.organisation))) {
    const std::string workspace = key.workspace ? key.workspace->text() : "";
    const std::string expires = key.expires_at ? to_text(*key.expires_at) : "";
    table.row({key.id.text(), key.name, scopes_text(key.scopes), workspace.empty() ? "all" : workspace,
               expires.empty() ? "never" : expires, standing(key, now)});
    json::object one{{"id", key.id.text()},
                     {"name", key.name},
                     {"scopes", scopes_text(key.scopes)},
                     {"state", standing(key, now)},
                     {"created_at", to_text(key.created_at)}};
    if (!workspace.empty()) one["workspace"] = workspace;
    if (!expires.empty()) one["expires_at"] = expires;
    all.push_back(std::move(one));
  }
  print(options.output == output_format::json ? json::serialize(all) + "\n" : table.text());
  return exit_ok;
}

int run_key_revoke(const key_options& options) {
  const auto key = api_key_id::parse(options.key);
  if (!key) throw usage_error("\"" + options.key + "\" is no key id; dialer key list shows them (key_...)");
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  sql::transaction tx{on};
  if (!sql::revoke_api_key(tx, organisation, *key)) {
    throw usage_error("there is no key " + options.key + "; dialer key list shows them");
  }
  sql::append_audit(tx, organisation, audit_by_command("revokeKey", key->text(), options.reason));
  tx.commit();
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"id", key->text()}, {"state", "revoked"}}) + "\n");
  } else {
    print("Key " + key->text() + " is revoked; every engine refuses it in under a second.\n");
  }
  return exit_ok;
}

}  // namespace dialer::cli
