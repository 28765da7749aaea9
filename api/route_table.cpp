#include "api/route_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace dialer::api {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  for (;;) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(const std::string& segment) {
  return segment.starts_with('{');
}

bool matches(const served_route& candidate, const std::vector<std::string>& path) {
  return std::ranges::equal(candidate.segments, path, [](const std::string& wanted, const std::string& given) {
    return is_parameter(wanted) ? !given.empty() : wanted == given;
  });
}

bool same_requests(const served_route& left, const served_route& right) {
  return left.what.method == right.what.method &&
         std::ranges::equal(left.segments, right.segments, [](const std::string& one, const std::string& other) {
           return is_parameter(one) ? is_parameter(other) : one == other;
         });
}

http_params params_of(const served_route& found, const std::vector<std::string>& path) {
  http_params params;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string& name = found.segments[i];
    if (is_parameter(name)) params.emplace_back(name.substr(1, name.size() - 2), path[i]);
  }
  return params;
}

}  // namespace

route_table::route_table(std::vector<route> routes) {
  for (route& each : routes) {
    served_route served{std::move(each), {}};
    served.segments = split(served.what.path);
    served.parameters = static_cast<std::size_t>(std::ranges::count_if(served.segments, is_parameter));
    for (const served_route& other : routes_) {
      if (same_requests(served, other)) {
        throw std::invalid_argument{"two routes answer " + served.what.method + " " + served.what.path};
      }
    }
    routes_.push_back(std::move(served));
  }
  std::ranges::stable_sort(routes_, {}, &served_route::parameters);
}

route_table::match route_table::find(std::string_view method, std::string_view path) const {
  const std::vector<std::string> segments = split(path);
  match result;
  for (const served_route& candidate : routes_) {
    if (!matches(candidate, segments)) continue;
    if (candidate.what.method == method) return {&candidate, params_of(candidate, segments), {}};
    result.allow += (result.allow.empty() ? "" : ", ") + candidate.what.method;
  }
  return result;
}

}  // namespace dialer::api
