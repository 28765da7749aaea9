#include "cli/contexts.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "api/api_key.hpp"
#include "carriers/url.hpp"
#include "cli/errors.hpp"
#include "cli/private_file.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::string text_of(const json::object& from, const char* key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr ? std::string() : std::string(found->as_string());
}

}  // namespace

const service_context& service_contexts::find(const std::string& name) const {
  const auto found = std::ranges::find(all, name, &service_context::name);
  if (found != all.end()) return *found;
  std::string names;
  for (const service_context& one : all) names += (names.empty() ? "" : ", ") + one.name;
  throw usage_error("there is no context \"" + name + "\"; " +
                    (names.empty() ? "make one with: dialer context add" : "there are: " + names));
}

fs::path contexts_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return fs::path{config} / "dialer" / "contexts.json";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path{home} / ".config" / "dialer" / "contexts.json";
  throw settings_error("contexts have no place: neither XDG_CONFIG_HOME nor HOME is set");
}

service_contexts read_contexts(const fs::path& file) {
  if (!fs::exists(file)) return {};
  const std::string text = read_private_file(file);
  service_contexts read;
  try {
    const json::object all = json::parse(text).as_object();
    read.used = text_of(all, "used");
    for (const json::value& each : all.at("contexts").as_array()) {
      const json::object& one = each.as_object();
      read.all.push_back(
          {text_of(one, "name"), text_of(one, "url"), text_of(one, "key_file"), text_of(one, "ca_file")});
    }
  } catch (const std::exception&) {
    throw settings_error(file.string() + " is damaged; remove it and add the contexts again (dialer context add)");
  }
  return read;
}

void write_contexts(const fs::path& file, const service_contexts& contexts) {
  json::array all;
  for (const service_context& one : contexts.all) {
    all.push_back(
        json::object{{"name", one.name}, {"url", one.url}, {"key_file", one.key_file}, {"ca_file", one.ca_file}});
  }
  write_private_file(file, json::serialize(json::object{{"used", contexts.used}, {"contexts", std::move(all)}}) + "\n");
}

std::string check_key(std::string key, const std::string& from) {
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) key.pop_back();
  if (!api::api_key_id_of(key)) {
    throw settings_error(from + " holds no API key; it is one line that begins with dlr_, made by: dialer key create");
  }
  return key;
}

std::string read_key(const std::string& key_file) {
  return check_key(read_private_file(key_file), key_file);
}

void check_service_url(const std::string& url) {
  const auto refuse = [&](const std::string& why) {
    return usage_error("--url \"" + url + "\" " + why + "; write https://HOST or https://HOST:PORT");
  };
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) throw refuse("is no https address");
  const std::string host = url.substr(secure ? 8 : 7);
  if (host.empty() || host.find_first_of("/?#@ \t\r\n\"\\") != std::string::npos)
    throw refuse("is more or less than a host");
  if (!secure && !carriers::is_loopback_url(url)) throw refuse("would send the key in the clear");
}

}  // namespace dialer::cli
