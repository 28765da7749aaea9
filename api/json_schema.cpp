#include "api/json_schema.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view reference_prefix = "#/components/schemas/";
constexpr std::size_t errors_max = 20;

constexpr std::array<std::string_view, 20> keywords{
    "$ref",      "type",     "properties", "required",    "additionalProperties",
    "items",     "enum",     "minimum",    "maximum",     "minLength",
    "maxLength", "minItems", "maxItems",   "description", "title",
    "default",   "format",   "examples",   "readOnly",    "writeOnly"};

std::string_view view(const json::value& text) {
  const auto& string = text.as_string();
  return {string.data(), string.size()};
}

bool is_type(std::string_view type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  throw std::invalid_argument{"no JSON type: " + std::string(type)};
}

/// "string", or "string or null".
std::string type_text(const json::value& type) {
  if (type.is_string()) return std::string(view(type));
  std::string text;
  for (const json::value& one : type.as_array()) text += (text.empty() ? "" : " or ") + std::string(view(one));
  return text;
}

bool has_type(const json::value& type, const json::value& value) {
  if (type.is_string()) return is_type(view(type), value);
  return std::ranges::any_of(type.as_array(), [&](const json::value& one) { return is_type(view(one), value); });
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string child(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

/// One bound of a schema, told with its number.
struct bound {
  const char* keyword;
  bool upper;
  const char* unit;
};

void check_bounds(const std::string& path, const json::object& schema, double measured,
                  std::initializer_list<bound> bounds, std::vector<param_error>& errors) {
  for (const bound& one : bounds) {
    const json::value* limit = schema.if_contains(one.keyword);
    if (limit == nullptr) continue;
    const auto at = limit->to_number<double>();
    if (one.upper ? measured <= at : measured >= at) continue;
    errors.push_back({path, std::string("must ") + (one.upper ? "not be above " : "be at least ") +
                                json::serialize(*limit) + one.unit});
  }
}

}  // namespace

json_schemas::json_schemas(json::object named) : named_{std::move(named)} {
  for (const auto& [name, schema] : named_) require_known(schema);
}

void json_schemas::require_known(const json::value& schema) const {
  if (schema.is_bool()) return;
  const json::object& object = schema.as_object();
  for (const auto& [key, value] : object) {
    if (std::ranges::find(keywords, std::string_view{key.data(), key.size()}) == keywords.end()) {
      throw std::invalid_argument{"a schema says \"" + std::string(key) + "\", which nobody checks"};
    }
  }
  (void)resolve(object);
  if (const auto* properties = object.if_contains("properties")) {
    for (const auto& [name, one] : properties->as_object()) require_known(one);
  }
  if (const auto* items = object.if_contains("items")) require_known(*items);
  if (const auto* rest = object.if_contains("additionalProperties")) require_known(*rest);
}

const json::value& json_schemas::resolve(const json::object& schema) const {
  static const json::value anything = true;
  const json::value* reference = schema.if_contains("$ref");
  if (reference == nullptr) return anything;
  const std::string_view name = view(*reference);
  const json::value* found =
      name.starts_with(reference_prefix) ? named_.if_contains(name.substr(reference_prefix.size())) : nullptr;
  if (found == nullptr) throw std::invalid_argument{"a schema refers to " + std::string(name) + ", which is not there"};
  return *found;
}

std::vector<param_error> json_schemas::check_named(std::string_view name, const json::value& value) const {
  return check(named_.at(json::string_view{name.data(), name.size()}), value);
}

std::vector<param_error> json_schemas::check(const json::value& schema, const json::value& value) const {
  std::vector<param_error> errors;
  check_at("", schema, value, errors);
  return errors;
}

void json_schemas::check_at(const std::string& path, const json::value& schema, const json::value& value,
                            std::vector<param_error>& errors) const {
  if (schema.is_bool() || errors.size() >= errors_max) return;
  const json::object& rules = schema.as_object();
  check_at(path, resolve(rules), value, errors);
  if (const auto* type = rules.if_contains("type"); type != nullptr && !has_type(*type, value)) {
    errors.push_back({path, "must be " + type_text(*type)});
    return;
  }
  if (const auto* choices = rules.if_contains("enum")) {
    const auto& all = choices->as_array();
    if (std::ranges::find(all, value) == all.end()) {
      errors.push_back({path, "must be one of " + json::serialize(all)});
      return;
    }
  }
  if (value.is_string()) {
    check_bounds(path, rules, static_cast<double>(characters(view(value))),
                 {{"minLength", false, " characters long"}, {"maxLength", true, " characters"}}, errors);
  } else if (value.is_number()) {
    check_bounds(path, rules, value.to_number<double>(), {{"minimum", false, ""}, {"maximum", true, ""}}, errors);
  } else if (value.is_array()) {
    const json::array& array = value.as_array();
    check_bounds(path, rules, static_cast<double>(array.size()),
                 {{"minItems", false, " items long"}, {"maxItems", true, " items"}}, errors);
    if (const auto* items = rules.if_contains("items")) {
      for (std::size_t i = 0; i < array.size(); ++i) {
        check_at(path + "[" + std::to_string(i) + "]", *items, array[i], errors);
      }
    }
  } else if (value.is_object()) {
    check_object(path, rules, value.as_object(), errors);
  }
}

void json_schemas::check_object(const std::string& path, const json::object& schema, const json::object& value,
                                std::vector<param_error>& errors) const {
  if (const auto* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.contains(name.as_string())) errors.push_back({child(path, view(name)), "is missing"});
    }
  }
  const auto* properties = schema.if_contains("properties");
  const auto* rest = schema.if_contains("additionalProperties");
  for (const auto& [key, one] : value) {
    if (errors.size() >= errors_max) return;
    const std::string_view name{key.data(), key.size()};
    const json::value* rules = properties == nullptr ? nullptr : properties->as_object().if_contains(key);
    if (rules == nullptr && rest != nullptr && rest->is_bool() && !rest->as_bool()) {
      errors.push_back({child(path, name), "is not known here"});
    } else if (rules != nullptr || rest != nullptr) {
      check_at(child(path, name), rules != nullptr ? *rules : *rest, one, errors);
    }
  }
}

}  // namespace dialer::api
