#include "api/packed_body.hpp"

#include <utility>

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

void packed_stream::feed(std::string packed) {
  packed_bytes_ += packed.size();
  from_.feed(std::move(packed));
}

std::optional<refusals::unreadable> packed_stream::read(std::string& plain, std::size_t bytes_max) {
  try {
    plain = from_.read(bytes_max);
  } catch (const gzip_error&) {
    return refusals::unreadable::no_gzip;
  }
  plain_bytes_ += plain.size();
  if (plain_bytes_ > harmless_bytes_ && plain_bytes_ / ratio_max > packed_bytes_) {
    return refusals::unreadable::packed_too_tightly;
  }
  return std::nullopt;
}

}  // namespace dialer::api
