#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "carriers/webhook_check.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/text_table.hpp"
#include "compliance/do_not_call_list.hpp"

namespace dialer::cli {

int run_check_webhooks(const std::string& file) {
  std::ifstream opened;
  if (file != "-") opened.open(file, std::ios::binary);
  std::istream& in = file == "-" ? std::cin : opened;
  if (!in) throw settings_error("cannot read " + file + "; check the path");
  const auto result = carriers::check_webhooks(in, std::cout);
  std::cout.flush();
  std::fprintf(stderr, "%zu webhooks: %zu valid, %zu not, %zu of them unreadable\n", result.checked, result.valid,
               result.checked - result.valid, result.malformed);
  return result.malformed == 0 ? exit_ok : exit_failed;
}

int run_do_not_call_build(const do_not_call_build_options& options) {
  const auto as_of = parse_instant(options.as_of);
  if (!as_of) {
    throw usage_error("--as-of is \"" + options.as_of +
                      "\"; write when the registry's file was fetched, in UTC: "
                      "2026-11-20T15:00:00Z or 2026-11-20");
  }
  const utc_time now = std::chrono::floor<utc_time::duration>(utc_time::clock::now());
  if (*as_of > now + std::chrono::days{1}) {
    throw usage_error("--as-of is \"" + options.as_of +
                      "\", which is in the future; write when the registry's file was fetched");
  }
  const auto built = compliance::build_do_not_call_list(options.text, options.out, *as_of, options.version);
  if (options.output == output_format::json) {
    print(boost::json::serialize(boost::json::object{
              {"numbers", built.numbers}, {"duplicates", built.duplicates}, {"file", options.out}}) +
          "\n");
  } else {
    print(std::to_string(built.numbers) + " numbers (" + std::to_string(built.duplicates) +
          " listed twice) written to " + options.out + "\n");
  }
  return exit_ok;
}

}  // namespace dialer::cli
