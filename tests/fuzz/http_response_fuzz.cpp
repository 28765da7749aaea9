// Answers from the network, whole and in random pieces: both readings must agree, and nothing may be read outside.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "carriers/http/response_parser.hpp"
#include "model/random.hpp"

namespace {

using namespace dialer::carriers::http;

constexpr response_limits limits{.head_bytes_max = 512, .body_bytes_max = 512};

struct reading {
  response_parser parser{limits};
  response_parser::progress end = response_parser::progress::more;
  std::unique_ptr<char[]> buffer;
  http_answer answer;
};

void require(bool holds) {
  if (!holds) std::abort();
}

/// Pieces of 1 to `piece_max` bytes (0: all at once), in a buffer that moves before every push and has no byte to
/// spare.
reading read(std::string_view bytes, std::size_t piece_max, std::uint64_t seed) {
  reading r;
  dialer::random_source random{seed};
  while (!bytes.empty() && r.end == response_parser::progress::more) {
    const std::string_view piece = bytes.substr(0, piece_max == 0 ? bytes.size() : 1 + random.below(piece_max));
    bytes.remove_prefix(piece.size());
    const std::size_t kept = r.parser.kept();
    require(kept <= limits.head_bytes_max + limits.body_bytes_max);
    auto moved = std::make_unique<char[]>(kept + piece.size());
    if (kept != 0) std::memcpy(moved.get(), r.buffer.get(), kept);
    piece.copy(moved.get() + kept, piece.size());
    r.buffer = std::move(moved);
    r.end = r.parser.push(r.buffer.get(), piece.size());
  }
  if (r.end == response_parser::progress::more) r.end = r.parser.finish();
  if (r.end == response_parser::progress::complete) r.parser.describe(r.buffer.get(), r.answer);
  require(r.end != response_parser::progress::more);
  require((r.end == response_parser::progress::broken) != r.parser.error().empty());
  return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  std::uint64_t seed = 0;
  std::memcpy(&seed, data, sizeof seed);
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 8, size - 8};
  const reading whole = read(bytes, 0, 0);
  const reading pieces = read(bytes, 1 + seed % 16, seed);
  require(whole.end == pieces.end);
  if (whole.end == response_parser::progress::complete) {
    require(whole.answer.status == pieces.answer.status && whole.answer.body == pieces.answer.body);
    require(whole.answer.content_type == pieces.answer.content_type && whole.answer.date == pieces.answer.date);
    require(whole.answer.retry_after == pieces.answer.retry_after);
    require(whole.answer.rate_limit_reset == pieces.answer.rate_limit_reset);
    require(whole.parser.keep_alive() == pieces.parser.keep_alive());
    require(whole.answer.status >= 200 && whole.answer.status <= 599);
  }
  return 0;
}
