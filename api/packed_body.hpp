#pragma once
// Bodies of requests that come packed, made plain.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "api/gzip.hpp"
#include "api/http_refusals.hpp"
#include "api/http_server.hpp"

namespace dialer::api {

/// Makes a body that came packed plain. What it returns refuses the request: no gzip, or too large. A small body may be
/// a large one packed, and costs a thousand times of what it cost to send: never on the listener's thread, and not
/// before it is known who sends.
std::optional<http_response> unpack_body(http_request& request);

/// One of any size, while it comes.
class packed_stream {
 public:
  /// Of what was packed: beyond it, it is there to fill our disk. Lists of contacts have 3 to 10.
  static constexpr std::uint64_t ratio_max = 100;

  /// `harmless_bytes`: so much may come out of however little.
  explicit packed_stream(std::uint64_t harmless_bytes) : harmless_bytes_{harmless_bytes} {}

  /// REQUIRES: read() has come back empty since the last.
  void feed(std::string packed);
  /// The next bytes into `plain`, at most so many; empty: none without more to unpack. What it returns refuses the
  /// body.
  std::optional<refusals::unreadable> read(std::string& plain, std::size_t bytes_max);
  /// All that was fed is read, and it was whole.
  bool at_end() const { return from_.at_end(); }

 private:
  gunzip from_;
  const std::uint64_t harmless_bytes_;
  std::uint64_t packed_bytes_ = 0, plain_bytes_ = 0;
};

}  // namespace dialer::api
