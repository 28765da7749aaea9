#include "api/health.hpp"

#include <algorithm>

namespace dialer::api {
namespace {

std::string list(const std::vector<readiness_check>& checks) {
  std::string text;
  for (const auto& check : checks) {
    text += (check.ok ? "[+] " : "[-] ") + check.name + (check.detail.empty() ? "" : ": " + check.detail) + "\n";
  }
  return text;
}

}  // namespace

std::vector<route> health_routes(readiness_source checks) {
  return {
      {"GET", "/healthz", [](const http_request&, const respond_function& respond) { respond({.body = "ok\n"}); }},
      {"GET", "/readyz", [checks = std::move(checks)](const http_request& request, const respond_function& respond) {
         const std::vector<readiness_check> now = checks();
         const bool ready = std::ranges::all_of(now, &readiness_check::ok);
         const std::string verdict = ready ? "ready\n" : "not ready\n";
         respond({.status = ready ? 200 : 503, .body = (request.query == "verbose" ? list(now) : "") + verdict});
       }}};
}

}  // namespace dialer::api
