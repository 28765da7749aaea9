#pragma once
// Posts callbacks over HTTP/1.1, plain or TLS, on kept connections. It reports how each post went and repeats nothing
// (except that a kept connection found dead before any answer byte is replaced once: no carrier counts that).

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "carriers/simulator/api_message.hpp"

namespace boost::asio {
class io_context;
}

namespace dialer::carriers::simulator {

struct callback_client_options {
  std::size_t connections_max = 32;  ///< per scheme, host and port
  std::size_t queue_max = 50'000;    ///< waiting posts per scheme, host and port; above: overflow, at once
  std::string ca_file;               ///< PEM; empty = certificates are not checked
};

/// Thread-safety: lives on the thread that runs its io_context, which must outlive it.
class callback_client {
 public:
  using result_handler = std::function<void(std::size_t source, std::uint64_t id, callback_result result)>;

  /// Throws std::runtime_error when ca_file cannot be read.
  callback_client(boost::asio::io_context& io, callback_client_options options, result_handler on_result);
  ~callback_client();

  /// `source` comes back with the result; ids need to be unique per source only. Never blocks.
  void post(std::size_t source, callback_post callback);

 private:
  struct impl;
  std::shared_ptr<impl> impl_;  // shared: pending handlers keep it alive until they have run
};

}  // namespace dialer::carriers::simulator
