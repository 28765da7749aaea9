#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/contexts.hpp"
#include "cli/errors.hpp"
#include "cli/private_file.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

void check_name(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name.front() == '.' || name.front() == '-' || !std::ranges::all_of(name, plain)) {
    throw usage_error("the name \"" + name + "\" is none; take letters, digits, - and _");
  }
}

}  // namespace

int run_context_add(const context_options& options) {
  check_name(options.name);
  check_service_url(options.url);
  const fs::path file = contexts_file();
  service_contexts contexts = read_contexts(file);
  const auto absolute = [](const std::string& path) { return path.empty() ? path : fs::absolute(path).string(); };
  service_context made{options.name, options.url, absolute(options.key_file), absolute(options.ca_file)};
  const bool key_is_given = options.key_file == "-";
  std::string key;
  if (key_is_given) {
    std::getline(std::cin, key);
    key = check_key(key, "standard input");
    made.key_file = (file.parent_path() / (options.name + ".key")).string();
  } else {
    (void)read_key(made.key_file);
  }
  if (!made.ca_file.empty() && !fs::is_regular_file(made.ca_file)) {
    throw settings_error("cannot read the CA file " + made.ca_file + "; check the path");
  }
  if (key_is_given) write_private_file(made.key_file, key + "\n");
  std::erase_if(contexts.all, [&](const service_context& one) { return one.name == options.name; });
  contexts.all.push_back(std::move(made));
  write_contexts(file, contexts);
  print("Context " + options.name + " is kept in " + file.string() + "; take it with --context " + options.name +
        ", or for every command: dialer context use " + options.name + "\n");
  return exit_ok;
}

int run_context_use(const context_options& options) {
  const fs::path file = contexts_file();
  service_contexts contexts = read_contexts(file);
  if (!options.name.empty()) (void)contexts.find(options.name);
  contexts.used = options.name;
  write_contexts(file, contexts);
  print(options.name.empty() ? std::string("Commands work on the database again.\n")
                             : "Commands that the REST API knows go to " + contexts.find(options.name).url +
                                   " now, unless --database or --state-dir is given.\n");
  return exit_ok;
}

int run_context_list(const context_options& options) {
  const service_contexts contexts = read_contexts(contexts_file());
  if (options.output == output_format::json) {
    json::array all;
    for (const service_context& one : contexts.all) {
      all.push_back(json::object{{"name", one.name},
                                 {"url", one.url},
                                 {"key_file", one.key_file},
                                 {"ca_file", one.ca_file},
                                 {"used", one.name == contexts.used}});
    }
    print(json::serialize(all) + "\n");
    return exit_ok;
  }
  text_table table;
  for (const service_context& one : contexts.all) {
    table.row({one.name, one.url, one.key_file, one.name == contexts.used ? "used" : ""});
  }
  print(contexts.all.empty() ? "There is no context; make one with: dialer context add\n" : table.text());
  return exit_ok;
}

int run_context_remove(const context_options& options) {
  const fs::path file = contexts_file();
  service_contexts contexts = read_contexts(file);
  const std::string key_file = contexts.find(options.name).key_file;
  std::erase_if(contexts.all, [&](const service_context& one) { return one.name == options.name; });
  if (contexts.used == options.name) contexts.used.clear();
  write_contexts(file, contexts);
  if (fs::path{key_file} == file.parent_path() / (options.name + ".key")) fs::remove(key_file);
  print("Context " + options.name + " is removed.\n");
  return exit_ok;
}

std::string choose_context(const std::string& named, bool database_named) {
  if (!named.empty()) return named;
  if (database_named) return {};
  if (const char* variable = std::getenv("DIALER_CONTEXT"); variable != nullptr && *variable != '\0') return variable;
  if (std::getenv("DIALER_DATABASE") != nullptr) return {};
  const bool places = std::getenv("XDG_CONFIG_HOME") != nullptr || std::getenv("HOME") != nullptr;
  return places ? read_contexts(contexts_file()).used : std::string();
}

}  // namespace dialer::cli
