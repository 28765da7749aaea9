#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/text_table.hpp"
#include "model/hex.hpp"
#include "sql/audit_log.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

struct kept_head {
  std::uint64_t number = 0;
  std::string hash;  // hexadecimal
};

kept_head read_head(const std::string& text) {
  const auto colon = text.find(':');
  kept_head head;
  const bool number = colon != std::string::npos && colon != 0 && colon < 19 &&
                      text.find_first_not_of("0123456789") == colon && text.size() == colon + 1 + 64;
  if (!number) throw usage_error("--head is \"" + text + "\"; write NUMBER:HASH, as dialer audit verify printed it");
  head.number = std::stoull(text.substr(0, colon));
  head.hash = text.substr(colon + 1);
  return head;
}

// A chain that was written anew from some row on is in order; only who kept a hash of it can tell. Nothing can be held
// against an empty log: its head, number 0, has no hash.
std::string differs_from_kept(sql::session& on, organisation_id organisation, const kept_head& head) {
  if (head.number == 0) return {};
  const auto now = sql::audit_hash_at(on, organisation, head.number);
  if (now && to_hex(*now) == head.hash) return {};
  return "row " + std::to_string(head.number) +
         (now ? " has another hash than the one kept: it or one before it was changed" : " was removed");
}

}  // namespace

int run_audit_verify(const audit_verify_options& options) {
  std::optional<kept_head> kept;
  if (!options.head.empty()) kept = read_head(options.head);
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  const sql::audit_verdict found = sql::verify_audit(on, organisation);
  const bool in_order = found.fault.empty();
  const std::string differs = in_order && kept ? differs_from_kept(on, organisation, *kept) : std::string();
  const bool intact = in_order && differs.empty();
  const std::string rows = std::to_string(found.rows);
  const std::string head = rows + ":" + to_hex(found.head);
  if (options.output == output_format::json) {
    json::object all{{"organisation", organisation.text()}, {"rows", found.rows}, {"intact", intact}};
    if (intact) {
      all["head"] = head;
    } else {
      all["row"] = in_order ? kept->number : found.number;
      all["fault"] = in_order ? differs : found.fault;
    }
    print(json::serialize(all) + "\n");
  } else if (intact) {
    print(rows + " rows, each as it was written. Keep this elsewhere, for --head:\n" + head + "\n");
  } else if (in_order) {
    print("The audit log was written anew since the head was kept: " + differs + ". Its " + rows +
          " rows are in order among themselves, which proves nothing.\n");
  } else {
    print("The audit log was tampered with: " + found.fault + ". The " + rows +
          " rows from the first on are in order.\n");
  }
  return intact ? exit_ok : exit_failed;
}

}  // namespace dialer::cli
