#include "api/gzip.hpp"

#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <optional>
#include <utility>

#include "model/ascii.hpp"

namespace dialer::api {
namespace {

constexpr int gzip_window = 15 + 16;  // as zlib has it: the largest window, in gzip's form

Bytef* bytes_of(std::string& text) {
  return reinterpret_cast<Bytef*>(text.data());
}

/// Takes what stands before `mark` off the front.
std::string_view take_until(std::string_view& text, char mark) {
  const auto at = std::min(text.find(mark), text.size());
  std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
  while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
  return part;
}

/// Of "gzip;q=0.5"; one that can't be read counts as 0.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view one = take_until(parameters, ';');
    if (!one.starts_with("q=") && !one.starts_with("Q=")) continue;
    double weight = 0;
    const auto [end, error] = std::from_chars(one.data() + 2, one.data() + one.size(), weight);
    return error == std::errc{} && end == one.data() + one.size() ? weight : 0;
  }
  return 1;
}

bool is_gzip(std::string_view coding) {
  return same_ignoring_case(coding, "gzip") || same_ignoring_case(coding, "x-gzip");
}

}  // namespace

struct gunzip::impl {
  z_stream stream{};
  std::string packed;
  bool whole = false;  // a member has ended; another may follow
};

gunzip::gunzip() : impl_{std::make_unique<impl>()} {
  if (inflateInit2(&impl_->stream, gzip_window) != Z_OK) throw std::bad_alloc{};
}

gunzip::~gunzip() {
  inflateEnd(&impl_->stream);
}

void gunzip::feed(std::string packed) {
  impl_->packed = std::move(packed);
  impl_->stream.next_in = bytes_of(impl_->packed);
  impl_->stream.avail_in = static_cast<uInt>(impl_->packed.size());
}

std::string gunzip::read(std::size_t bytes_max) {
  z_stream& stream = impl_->stream;
  std::string text(bytes_max, '\0');
  stream.next_out = bytes_of(text);
  stream.avail_out = static_cast<uInt>(text.size());
  while (stream.avail_out != 0) {
    if (impl_->whole) {
      if (stream.avail_in == 0) break;
      inflateReset(&stream);
      impl_->whole = false;
    }
    const int came = inflate(&stream, Z_NO_FLUSH);
    if (came == Z_BUF_ERROR) break;  // nothing to do without more
    if (came == Z_MEM_ERROR) throw std::bad_alloc{};
    if (came != Z_OK && came != Z_STREAM_END) throw gzip_error{"not gzip"};
    impl_->whole = came == Z_STREAM_END;
  }
  text.resize(text.size() - stream.avail_out);
  return text;
}

bool gunzip::at_end() const {
  return impl_->whole && impl_->stream.avail_in == 0;
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  // The least effort: most of what there is to gain with JSON is gained by it.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc{};
  }
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = bytes_of(packed);
  stream.avail_out = static_cast<uInt>(packed.size());
  const int done = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw gzip_error{"a body could not be packed"};
  return packed;
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> named, any;
  while (!accept_encoding.empty()) {
    std::string_view parameters = take_until(accept_encoding, ',');
    const std::string_view coding = take_until(parameters, ';');
    if (is_gzip(coding)) named = weight_of(parameters) > 0;
    if (coding == "*") any = weight_of(parameters) > 0;
  }
  return named.value_or(any.value_or(false));
}

body_coding parse_content_encoding(std::string_view content_encoding) {
  if (content_encoding.empty() || same_ignoring_case(content_encoding, "identity")) return body_coding::plain;
  return is_gzip(content_encoding) ? body_coding::gzip : body_coding::unknown;
}

}  // namespace dialer::api
