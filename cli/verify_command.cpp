#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>

#include "cli/audit.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

std::string to_json(const audit_result& found) {
  json::array examples;
  for (const auto& one : found.examples) examples.emplace_back(one);
  return json::serialize(json::object{{"attempted", found.attempted},
                                      {"acknowledged", found.acknowledged},
                                      {"lost", found.lost},
                                      {"unexpected", found.unexpected},
                                      {"duplicated", found.duplicated},
                                      {"recovered", found.recovered},
                                      {"unresolved", found.unresolved},
                                      {"calls", found.calls},
                                      {"elsewhere", found.elsewhere},
                                      {"truncated", found.truncated},
                                      {"agrees", found.agrees()},
                                      {"examples", std::move(examples)}}) +
         "\n";
}

std::string to_table(const audit_result& found) {
  text_table table;
  const auto row = [&](const char* name, std::uint64_t count, const char* meaning) {
    table.row({name, std::to_string(count), meaning});
  };
  row("attempted", found.attempted, "attempts in the ledger");
  row("acknowledged", found.acknowledged, "accepted by the carrier, and written down");
  row("lost", found.lost, "in one book, missing in the other");
  row("unexpected", found.unexpected, "calls that no attempt asked for");
  row("duplicated", found.duplicated, "second calls for one attempt or to a busy line");
  row("recovered", found.recovered, "in doubt, and found afterwards");
  row("unresolved", found.unresolved, "calls whose attempt is still open");
  row("calls", found.calls, "in the log, on these accounts");
  row("elsewhere", found.elsewhere, "in the log, on other accounts");
  std::string text = table.text();
  for (const auto& example : found.examples) text += example + "\n";
  return text + (found.agrees() ? "The ledger and the log agree.\n" : "The ledger and the log do not agree.\n");
}

}  // namespace

int run_verify(const verify_options& options) {
  if (!std::filesystem::is_regular_file(options.log)) {
    throw settings_error("cannot read the log " + options.log + "; give the file that carrier-sim wrote (--log)");
  }
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = options.which.campaign.empty()
                                           ? find_organisation(on, options.which.organisation)
                                           : find_campaign(on, options.which).organisation;
  const audit_result found = audit(on, organisation, options.log);
  if (found.truncated) std::fprintf(stderr, "the log's last line is unfinished and was left out\n");
  print(options.output == output_format::json ? to_json(found) : to_table(found));
  return found.agrees() ? exit_ok : exit_failed;
}

}  // namespace dialer::cli
