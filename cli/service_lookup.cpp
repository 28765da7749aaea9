#include "cli/service_lookup.hpp"

#include <boost/json/serialize.hpp>

#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {

namespace json = boost::json;

rest_client connect_to_service(const command_options& options) {
  if (options.context.empty()) {
    throw usage_error("this command asks a service: name one with --context (dialer context add)");
  }
  return rest_client{read_contexts(contexts_file()).find(options.context), options.reason};
}

json::object find_at_service(rest_client& service, const std::string& path, const char* what, const std::string& text,
                             const char* name) {
  const json::array all = service.list(path);
  std::vector<named> known;
  for (const json::value& one : all) known.push_back({text_of(one.as_object(), "id"), text_of(one.as_object(), name)});
  return all[find_one(known, what, text)].as_object();
}

std::string text_of(const json::object& from, const char* key) {
  return std::string(from.at(key).as_string());
}

engine_standing standing_of(const json::object& answer) {
  return text_of(answer, "engine") == to_string(engine_standing::acknowledged) ? engine_standing::acknowledged
                                                                               : engine_standing::pending;
}

void print_json(const json::object& what) {
  print(json::serialize(what) + "\n");
}

}  // namespace dialer::cli
