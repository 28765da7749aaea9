#include "api/rest_operation.hpp"

#include <algorithm>

namespace dialer::api {

void refuse_missing(std::string_view kind) {
  throw rest_error{{404, "not_found", "there is no such " + std::string(kind)}};
}

void refuse_param(std::string param, std::string message) {
  problem what{422, "invalid", param + " " + message, param};
  what.errors.push_back({std::move(param), std::move(message)});
  throw rest_error{std::move(what)};
}

std::optional<std::string_view> rest_call::query_param(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &http_params::value_type::first);
  return found == query.end() ? std::nullopt : std::optional<std::string_view>{found->second};
}

}  // namespace dialer::api
