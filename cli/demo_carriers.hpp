#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace dialer::cli {

struct demo_carriers_options {
  std::filesystem::path directory;  ///< for log and certificates
  std::string scenario;             ///< file, or empty
  std::uint64_t seed = 1;
  std::string twilio_sid;
  std::string twilio_token;
  std::string telnyx_connection;
  std::string telnyx_key;
  std::chrono::microseconds wall_offset{0};
};

/// Where simulated carriers are reached.
struct carriers_ready {
  std::string twilio_url;
  std::string telnyx_url;
  std::string telnyx_public_key;
  std::string ca_file;
};

/// Waits until the simulator at the other end of the pipe is up; closes this end. Throws std::runtime_error when it
/// does not come up.
carriers_ready read_carriers_ready(int pipe);

/// Both carriers, simulated, in a process of their own: the record they keep is judged against the ledger.
class demo_carriers {
 public:
  /// Forks; call before the first thread is started. Throws std::runtime_error when the simulator does not come up.
  explicit demo_carriers(const demo_carriers_options& options);
  ~demo_carriers();
  demo_carriers(const demo_carriers&) = delete;
  demo_carriers& operator=(const demo_carriers&) = delete;

  /// Ends the process; its log is complete afterwards.
  void stop();

  const carriers_ready& reached() const { return reached_; }
  const std::filesystem::path& log() const { return log_; }

 private:
  pid_t pid_ = 0;
  carriers_ready reached_;
  std::filesystem::path log_;
};

}  // namespace dialer::cli
