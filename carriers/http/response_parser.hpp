#pragma once
// Reads one HTTP/1.1 answer out of a buffer that fills piece by piece (RFC 9112). Pure: no socket, no allocation, and
// the outcome does not depend on where the pieces were cut.
//
// It is strict where leniency would let two readers disagree about where an answer ends: CRLF only, no folded lines,
// one Content-Length of digits, Transfer-Encoding exactly "chunked", never both.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "carriers/http/http_answer.hpp"

namespace dialer::carriers::http {

struct response_limits {
  std::size_t head_bytes_max = 16 * 1024;   ///< status line and fields; also each interim (1xx) head and the trailers
  std::size_t body_bytes_max = 256 * 1024;  ///< after chunk framing is taken off
};

class response_parser {
 public:
  enum class progress : std::uint8_t { more, complete, broken };

  explicit response_parser(response_limits limits) : limits_{limits} {}

  /// Forgets everything: the next push starts an answer.
  void reset();

  /// Takes buffer[kept(), kept() + fresh) as the next bytes. buffer[0, kept()) must be what earlier calls left there;
  /// the buffer may have moved. Chunk framing and interim answers are taken out in place, so kept() never exceeds
  /// head_bytes_max + body_bytes_max, and the place for the next bytes is buffer + kept(). Not to be called again
  /// after complete or broken. The answer is to a request other than HEAD or CONNECT. O(fresh).
  progress push(char* buffer, std::size_t fresh);

  /// The peer ended the stream deliberately (TLS close_notify): completes an answer that has no other end.
  progress finish();

  /// Bytes at the buffer's start that are still needed.
  std::size_t kept() const { return kept_; }
  /// After complete: bytes that came behind the answer. Nobody asked for them.
  std::size_t surplus() const { return surplus_; }
  /// After complete: the peer will take another request on this connection.
  bool keep_alive() const { return keep_alive_; }
  /// After broken: why, in words.
  std::string_view error() const { return error_; }

  /// After complete: status, body and fields, as views into `buffer`.
  void describe(const char* buffer, http_answer& answer) const;

 private:
  enum class state : std::uint8_t {
    head,
    counted,
    until_close,
    chunk_size,
    chunk_extension,
    chunk_line_feed,
    chunk_data,
    chunk_data_return,
    chunk_data_feed,
    trailer_start,
    trailer_line,
    trailer_line_feed,
    last_line_feed,
    done
  };
  struct slice {
    std::uint32_t offset = 0, size = 0;
  };
  enum class framing : std::uint8_t { none, counted, chunked };

  progress fail(std::string_view why);
  progress read_head(char* buffer, std::size_t end);
  bool read_status_line(std::string_view line);
  bool read_field(const char* buffer, std::string_view line);
  bool read_content_length(std::string_view value);
  void read_connection(std::string_view value);
  progress start_body();
  progress read_body(char* buffer, std::size_t at, std::size_t end);
  progress read_chunk_frame(char byte);

  response_limits limits_;
  state state_ = state::head;
  framing framing_ = framing::none;
  bool keep_alive_ = true;
  bool minor_is_0_ = false;
  std::uint8_t interims_ = 0;
  std::uint16_t status_ = 0;
  std::uint32_t line_bytes_ = 0;  ///< of the chunk line or the trailers
  std::uint32_t size_digits_ = 0;
  std::size_t scanned_ = 0;  ///< head bytes already searched for its end
  std::size_t kept_ = 0;
  std::size_t surplus_ = 0;
  std::size_t body_at_ = 0, body_size_ = 0;
  std::size_t wanted_ = 0;  ///< bytes left of the counted body or of the chunk
  slice content_type_, retry_after_, rate_limit_reset_, date_;
  std::string_view error_;
};

}  // namespace dialer::carriers::http
