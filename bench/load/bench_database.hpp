#pragma once
// A durable PostgreSQL of the benchmark's own with one organisation in it.

#include <filesystem>
#include <optional>
#include <string>

#include "campaigns/settings.hpp"
#include "carriers/account.hpp"
#include "model/ids.hpp"
#include "sql/private_cluster.hpp"
#include "sql/session.hpp"

namespace dialer::bench {

/// A directory below /tmp that others may pass through; removed at the end.
class scratch_directory {
 public:
  scratch_directory();
  ~scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// fsync on, as users run it. Keep it on the thread that made it.
class bench_database {
 public:
  bench_database();

  sql::connect_options connection() const;
  sql::session& on() { return session_; }
  const std::filesystem::path& directory() const { return directory_.path(); }

  /// An organisation with a workspace and a published agent who may show `caller_ids` numbers, without caps, on one
  /// account. `account`: id ignored; its secret is looked up as "env:BENCH".
  void add_organisation(const carriers::account& account, unsigned caller_ids);
  /// A campaign in the draft state that dials at any hour the law allows.
  campaign_id add_campaign(const std::string& name);
  organisation_id organisation() const { return organisation_; }

 private:
  scratch_directory directory_;
  sql::private_cluster cluster_;
  sql::session session_;
  organisation_id organisation_;
  workspace_id workspace_;
  agent_id agent_;
};

}  // namespace dialer::bench
