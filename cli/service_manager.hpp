#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace dialer::cli {

/// Whoever started this process and wants to hear how it is: systemd, by the protocol of sd_notify(3). Nobody, where
/// NOTIFY_SOCKET is not set; then all of it does nothing.
class service_manager {
 public:
  /// Takes what it needs out of the environment: PostgreSQL speaks the protocol, too, and must not speak for us. While
  /// no other thread runs.
  static service_manager take_from_environment();

  /// `socket`: a path, or "@..." of the abstract name space; empty: nobody.
  explicit service_manager(std::string socket, std::chrono::microseconds watchdog = {});

  /// "READY=1". What can't be told is logged: an engine dials on when nobody wants to know.
  void tell(std::string_view state) const;

  /// How often to tell it WATCHDOG=1: a quarter of the time after which it takes the process for dead, so that one time
  /// may be left out. 0: never.
  std::chrono::microseconds watchdog_every() const { return watchdog_ / 4; }

 private:
  std::string socket_;
  std::chrono::microseconds watchdog_;
};

}  // namespace dialer::cli
