#pragma once
// What passes between the simulated carriers and whatever carries their bytes: the TLS server, or a test.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "carriers/simulator/log_entry.hpp"
#include "model/clock.hpp"

namespace dialer::carriers::simulator {

/// One complete request. The views need to live only during handle().
struct api_request {
  std::string_view method;
  std::string_view target;  ///< path and query as sent
  std::string_view authorization;
  std::string_view body;
};

/// How the answer travels.
enum class answer_delivery : std::uint8_t {
  whole,
  dropped,   ///< the connection is closed in silence
  reset,     ///< the same with a TCP reset
  partial,   ///< half of the bytes, then closed
  trickled,  ///< byte by byte
};

struct api_answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string headers;  ///< further header lines, each with its CRLF
  std::string body;
  std::chrono::milliseconds latency{0};  ///< wait before the first byte
  answer_delivery delivery = answer_delivery::whole;
  std::chrono::milliseconds trickle{0};  ///< between bytes
  int account = -1;                      ///< give it to answer_finished() once the answer has left or was abandoned
};

/// A callback to deliver by POST.
struct callback_post {
  std::uint64_t id = 0;  ///< comes back with the result
  std::string url;       ///< without fragment
  std::string content_type;
  std::string headers;  ///< further header lines, each with its CRLF
  std::string body;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{15000};
};

enum class callback_outcome : std::uint8_t { answered, connect_failed, no_answer, overflow };

struct callback_result {
  callback_outcome outcome = callback_outcome::answered;
  int status = 0;
  std::string body{};  ///< of the answer
};

/// Where a simulated carrier's effects go. Called during handle(), advance() and callback_done(), on their thread.
class outputs {
 public:
  virtual ~outputs() = default;
  virtual void record(const log_entry& entry) = 0;
  virtual void post(callback_post callback) = 0;
};

}  // namespace dialer::carriers::simulator
