#pragma once
// The server that both sides of a create-call benchmark call: nginx over TLS, one worker, answering every request as a
// carrier answers a call it has taken. And wrk, the reference client.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace dialer::bench {

class carrier_stand_in {
 public:
  static constexpr const char* account_sid = "AC0123456789abcdef0123456789abcdef";

  /// Makes a certificate and starts the server; needs openssl and nginx. `directory` must outlive the object.
  explicit carrier_stand_in(const std::filesystem::path& directory);
  ~carrier_stand_in();
  carrier_stand_in(const carrier_stand_in&) = delete;
  carrier_stand_in& operator=(const carrier_stand_in&) = delete;

  std::string url() const;
  std::string ca_file() const { return (directory_ / "server.crt").string(); }
  /// Requests over TLS since the start, by the server's own count.
  std::uint64_t requests();
  /// Mean size of the bodies of the requests so far, from one in 256 of them.
  double mean_body_bytes() const;

  /// Requests per second of `wrk -t1 -c64`, each a create-call with a head like the engine's and
  /// a body of `body_bytes`.
  double run_wrk(std::size_t body_bytes, int seconds) const;

 private:
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  std::uint16_t status_port_ = 0;
  pid_t server_ = -1;
  std::uint64_t status_requests_ = 0;
};

}  // namespace dialer::bench
