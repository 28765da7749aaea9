#include <algorithm>
#include <fstream>
#include <iostream>
#include <span>

#include "campaigns/phone_normaliser.hpp"
#include "cli/audit_by.hpp"
#include "cli/campaign_text.hpp"
#include "cli/commands.hpp"
#include "cli/engine_standing.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/over_rest.hpp"
#include "cli/text_table.hpp"
#include "sql/opt_outs.hpp"

namespace dialer::cli {
namespace {

e164 read_number(const campaigns::phone_normaliser& normaliser, const std::string& text, const std::string& where) {
  const auto result = normaliser.normalise(text);
  if (result) return result.number;
  const auto& problem = campaigns::describe(result.problem);
  throw usage_error(where + ": \"" + text + "\" is no number: " + std::string(problem.meaning) + "; " +
                    std::string(problem.remedy));
}

std::vector<e164> read_numbers(const opt_out_options& options) {
  std::optional<campaigns::phone_normaliser> normaliser;
  try {
    normaliser.emplace(options.country);
  } catch (const std::invalid_argument& wrong) {
    throw usage_error(std::string("--country: ") + wrong.what());
  }
  std::vector<e164> numbers;
  for (const auto& text : options.numbers) numbers.push_back(read_number(*normaliser, text, "--number"));
  if (options.file.empty()) return numbers;
  std::ifstream file;
  if (options.file != "-") file.open(options.file, std::ios::binary);
  std::istream& in = options.file == "-" ? std::cin : file;
  if (!in) throw settings_error("cannot read " + options.file + "; check the path");
  std::uint64_t line = 0;
  for (std::string text; std::getline(in, text);) {
    ++line;
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.pop_back();
    if (!text.empty()) numbers.push_back(read_number(*normaliser, text, options.file + ":" + std::to_string(line)));
  }
  return numbers;
}

// A transaction each, with what it leaves in the audit log; the last one's generation.
std::uint64_t write(sql::session& on, organisation_id organisation, std::span<const e164> numbers,
                    const opt_out_options& options) {
  constexpr std::string_view source = "command line";
  std::uint64_t generation = 0;
  while (!numbers.empty()) {
    const auto some = numbers.first(std::min(sql::opt_outs_max, numbers.size()));
    numbers = numbers.subspan(some.size());
    sql::transaction tx{on};
    generation = options.withdraw ? sql::withdraw_opt_outs(tx, organisation, some, source)
                                  : sql::add_opt_outs(tx, organisation, some, source);
    const std::string resource = some.size() == 1 ? some.front().text() : std::to_string(some.size()) + " numbers";
    sql::append_audit(tx, organisation,
                      audit_by_command(options.withdraw ? "withdrawOptOut" : "addOptOuts", resource, options.reason));
    tx.commit();
  }
  return generation;
}

}  // namespace

int run_opt_out(const opt_out_options& options) {
  const std::vector<e164> numbers = read_numbers(options);  // all or none: a bad line changes nothing
  if (numbers.empty()) throw usage_error("there is no number; give --number E164 or --file FILE with one a line");
  if (!options.context.empty()) return over_rest::opt_out(options, numbers);
  const database store{options.database};
  sql::session on = store.open();
  const organisation_id organisation = find_organisation(on, options.organisation);
  const std::uint64_t generation = write(on, organisation, numbers, options);
  const engine_standing standing = await_engine(on, organisation, generation);
  print(opt_out_text(numbers.size(), options.withdraw, standing, options.output));
  return exit_ok;
}

}  // namespace dialer::cli
