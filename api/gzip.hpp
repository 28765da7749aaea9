#pragma once
// Bodies as gzip (RFC 1952), both ways.

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dialer::api {

/// What was to be gzip is none.
class gzip_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Unpacks what comes piece by piece, into pieces of a size that the reader chooses: a small body may be a very large
/// one packed.
class gunzip {
 public:
  gunzip();
  ~gunzip();
  gunzip(const gunzip&) = delete;
  gunzip& operator=(const gunzip&) = delete;

  /// REQUIRES: read() has come back empty since the last.
  void feed(std::string packed);
  /// The next bytes, at most so many; empty: none without more to unpack. Throws gzip_error.
  std::string read(std::size_t bytes_max);
  /// All that was fed is read, and it was whole.
  bool at_end() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

std::string gzip(std::string_view plain);

/// By an Accept-Encoding header; empty: absent.
bool accepts_gzip(std::string_view accept_encoding);

/// Which way a body comes, by its Content-Encoding header.
enum class body_coding { plain, gzip, unknown };
body_coding parse_content_encoding(std::string_view content_encoding);

}  // namespace dialer::api
