#pragma once
// The REST API as a client sees it: one connection, kept, and made anew when the engine was.

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/api/loopback_client.hpp"
#include "tests/e2e/process.hpp"

namespace dialer::e2e {

struct rest_answer {
  int status = 0;    ///< 0: there was none, so that nobody knows whether it was done
  std::string head;  ///< status line and headers
  std::string text;
  boost::json::object body;  ///< empty when `text` is no object
};

/// Asks until the service is able to answer: on a busy machine its last look at the keys is too old now and then, and
/// whoever is told 503 may ask again.
template <class Ask>
rest_answer served(const Ask& ask) {
  rest_answer answer;
  eventually(std::chrono::seconds{20}, [&] { return (answer = ask()).status != 503; });
  return answer;
}

/// Blocking. One thread.
class rest_client {
 public:
  /// `key` empty: none is sent.
  rest_client(std::uint16_t port, std::string key) : port_{port}, key_{std::move(key)} {}

  /// `headers`: "Name: value\r\n" each. A body is JSON.
  rest_answer ask(const std::string& method, const std::string& target, const std::string& body = "",
                  const std::string& headers = "");
  /// Posts a file as it is. `bytes`: so many of it, and then the connection is closed.
  rest_answer upload(const std::string& target, const std::filesystem::path& file, const std::string& headers = "",
                     std::optional<std::uintmax_t> bytes = {});

 private:
  bool connect();
  std::string head_of(const std::string& method, const std::string& target, const std::string& headers,
                      std::uintmax_t size) const;
  rest_answer receive();

  std::uint16_t port_;
  std::string key_;
  std::optional<api::loopback_client> connection_;
};

}  // namespace dialer::e2e
