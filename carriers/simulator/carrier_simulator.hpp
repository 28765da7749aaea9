#pragma once
// The carrier simulator as a process: both carriers over TLS, the real clock, callbacks, the log.

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dialer::carriers::simulator {

struct simulator_options {
  std::string twilio_listen = "127.0.0.1:0";  ///< HOST:PORT, port 0 = any; empty = this carrier is not simulated
  std::string telnyx_listen = "127.0.0.1:0";
  std::string log_file;                                              ///< appended to; created if missing
  std::vector<std::pair<std::string, std::string>> twilio_accounts;  ///< account SID, auth token
  std::vector<std::pair<std::string, std::string>> telnyx_accounts;  ///< API key, connection id
  std::string scenario_file;                                         ///< TOML; empty = no faults, default outcomes
  std::uint64_t seed = 0;                                            ///< 0 = the scenario's, or 1
  std::string tls_cert;                                              ///< PEM chain and key; both or none
  std::string tls_key;
  std::string callback_ca_file;      ///< PEM; empty = https callbacks are not verified
  std::int64_t clock_offset_us = 0;  ///< added to the wall clock, for runs at a stated instant
};

/// The same as a value, for callers that run it on a thread of their own (tests, in-process demos).
class carrier_simulator {
 public:
  /// Listens when it returns. Throws scenario_error for the scenario and its accounts, std::runtime_error (naming
  /// address or file) for the rest.
  explicit carrier_simulator(const simulator_options& options);
  ~carrier_simulator();
  carrier_simulator(const carrier_simulator&) = delete;
  carrier_simulator& operator=(const carrier_simulator&) = delete;

  std::string twilio_address() const;  ///< "127.0.0.1:41234"; empty when not simulated
  std::string telnyx_address() const;
  /// PEM file of the authority that clients must trust; empty when a certificate was given.
  const std::string& ca_file() const noexcept;
  /// Base64, as Telnyx's portal shows it.
  const std::string& telnyx_public_key() const noexcept;
  std::uint64_t seed() const noexcept;

  /// Serves on this thread until stop(), then writes the log's last line. Throws when the log cannot be written.
  void run();
  /// Also ends run() on SIGTERM and SIGINT. Call before run().
  void stop_on_signals();
  /// Any thread.
  void stop();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Runs a simulator until SIGTERM or SIGINT. When it listens it writes one line of JSON to `out`: twilio and telnyx
/// ("HOST:PORT"), ca_file, telnyx_public_key, log_file, seed, pid. Returns 0, 1 when it could not run (listen, log,
/// certificate) or 78 when the scenario or the accounts cannot be used; the reason goes to standard error.
int run_carrier_simulator(const simulator_options& options, std::ostream& out);

}  // namespace dialer::carriers::simulator
