#include "api/packed_body.hpp"

#include <string>
#include <utility>

#include "api/gzip.hpp"
#include "api/http_refusals.hpp"

namespace dialer::api {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

}  // namespace

std::optional<http_response> unpack_body(http_request& request) {
  const std::size_t bytes_max = std::exchange(request.unpacked_max, 0);
  if (bytes_max == 0) return std::nullopt;
  using enum refusals::unreadable;
  try {
    gunzip packed;
    packed.feed(std::exchange(request.body, {}));
    for (std::string more; !(more = packed.read(piece_bytes)).empty();) {
      request.body += more;
      if (request.body.size() > bytes_max) return refusals::of_unreadable(body_too_large);
    }
    if (packed.at_end()) return std::nullopt;
  } catch (const gzip_error&) {
    // It is told below.
  }
  return refusals::of_unreadable(no_gzip);
}

}  // namespace dialer::api
