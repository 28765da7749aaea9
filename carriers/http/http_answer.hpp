#pragma once
// The words between the HTTPS client and the carrier codecs; no Asio, TLS or Beast type appears here.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::carriers::http {

/// How far a request came.
enum class delivery : std::uint8_t {
  not_sent,  ///< resolve, connect or TLS failed, or not all bytes were handed to the kernel: it cannot be complete
  unknown,   ///< all bytes left and no complete answer came (timeout, reset, cut body, unreadable head)
  answered,  ///< a complete answer
};

/// The views are valid only during the callback that receives the answer.
struct http_answer {
  delivery how = delivery::unknown;
  int status = 0;         ///< 0 unless answered
  std::string_view body;  ///< followed by at least 64 readable bytes (simdjson's padding)
  std::string_view content_type;
  std::string_view retry_after;       ///< header values as sent; empty when absent
  std::string_view rate_limit_reset;  ///< x-ratelimit-reset
  std::string_view date;
  std::string_view error;  ///< when not answered: what happened, in words
  std::size_t bytes_sent = 0;
};

}  // namespace dialer::carriers::http
