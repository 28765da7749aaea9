#pragma once

#include <string>

namespace dialer::carriers::simulator {

/// A server certificate for localhost, 127.0.0.1 and ::1 and the authority that signed it, all PEM.
struct server_identity {
  std::string certificate;
  std::string key;
  std::string authority;
};

/// Makes a fresh authority and a P-256 server certificate, valid from yesterday (by the machine's clock) for two years.
/// The authority's own key is thrown away. Throws std::runtime_error when OpenSSL refuses.
server_identity make_server_identity();

}  // namespace dialer::carriers::simulator
