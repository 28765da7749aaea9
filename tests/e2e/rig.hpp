#pragma once
// A whole installation in a temporary directory: durable PostgreSQL, simulated carriers over TLS in their own process,
// one organisation with a list, and the engine as a process that can be killed.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/settings.hpp"
#include "carriers/account.hpp"
#include "cli/demo_carriers.hpp"
#include "cli/system_clock.hpp"
#include "sql/private_cluster.hpp"
#include "sql/session.hpp"
#include "tests/e2e/fiction.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"

namespace dialer::e2e {

/// How an account looks to the engine; the simulated carrier's own limits are in the scenario.
struct account_limits {
  double twilio_calls_per_second = 400;  ///< 0: no such account
  double telnyx_calls_per_second = 200;
};

struct rig_options {
  std::string scenario;  ///< TOML of the simulated carriers; empty: their defaults. "@ENGINE@" is the engine's URL
  account_limits accounts;
  unsigned caller_ids = 100;   ///< of each account
  unsigned campaigns = 1;      ///< of the one organisation
  campaigns::settings wanted;  ///< of each; name and owners are filled in
};

/// Settings under which nothing but carriers and law slows dialing: generous caps, no retries.
campaigns::settings unhindered();

class rig {
 public:
  explicit rig(const rig_options& options);
  ~rig();
  rig(const rig&) = delete;
  rig& operator=(const rig&) = delete;

  const std::filesystem::path& directory() const { return scratch_.path(); }
  std::filesystem::path log() const { return directory() / "carriers.log"; }
  organisation_id organisation() const { return organisation_; }
  const std::vector<campaign_id>& campaigns() const { return campaigns_; }
  const std::string& database() const { return database_; }
  std::uint16_t port() const { return port_; }  ///< of the engine
  sql::connect_options connection() const;
  sql::session open() const { return sql::session{connection()}; }
  /// The clock of the whole installation: engine, carriers and tests.
  const cli::system_clock& time() const { return clock_; }

  /// Once a campaign. The first `count` of the fictitious numbers that are open.
  void import(campaign_id to, std::size_t count);
  void import(campaign_id to, const std::vector<fictitious>& numbers);
  void start_campaign(campaign_id which);
  /// Somebody calls a number that an account holds at its simulated carrier. The call's name in the carriers' log.
  std::string ring(carriers::carrier_kind carrier, const std::string& number);

  /// `dialer serve` on this database. The port is the same each time: calls of the last engine report to it.
  process& start_engine(const std::vector<std::string>& more = {});
  process& engine() { return *engine_; }
  /// What the accounts' requests are authorised by, by the account's name.
  static std::map<std::string, std::string> carrier_secrets();
  /// An API key of the organisation with every scope, in force when the next engine starts.
  std::string make_key() const;
  launch engine_launch(const std::vector<std::string>& more = {}) const;
  std::string engine_words() const {
    return read_file(directory() / "engine.out") + read_file(directory() / "engine.err");
  }

  /// SIGKILL of the postmaster and every process of the server.
  void kill_database();
  void restart_database();

  /// Ends the carriers; their log is complete afterwards.
  void stop_carriers();

 private:
  void start_database();
  void start_carriers(const std::string& scenario);
  void configure(const rig_options& options);

  scratch scratch_;
  cli::system_clock clock_;
  std::uint16_t port_;
  std::optional<sql::private_cluster> cluster_;
  std::string database_;
  pid_t carriers_ = 0;
  cli::carriers_ready reached_;
  organisation_id organisation_;
  std::vector<campaign_id> campaigns_;
  std::optional<process> engine_;
};

/// The program under test, from $DIALER_BINARY.
std::string dialer_binary();

}  // namespace dialer::e2e
