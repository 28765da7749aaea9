#include "cli/database.hpp"

#include "sql/cluster_directory.hpp"
#include "sql/migrations.hpp"

namespace dialer::cli {

std::filesystem::path state_dir_of(const database_options& options) {
  return options.state_dir.empty() ? sql::default_state_dir() : std::filesystem::absolute(options.state_dir);
}

database::database(const database_options& options) : target_{options.url} {
  if (target_.empty()) {
    sql::cluster_options cluster;
    cluster.state_dir = state_dir_of(options);
    cluster_.emplace(sql::private_cluster::attach(cluster));
    target_ = cluster_->connection_string();
  }
  sql::session on = open();
  sql::migrate(on);
}

sql::connect_options database::connection(std::chrono::milliseconds call_timeout) const {
  sql::connect_options options;
  options.target = target_;
  options.call_timeout = call_timeout;
  return options;
}

sql::session database::open() const {
  return sql::session{connection(std::chrono::minutes{10})};
}

}  // namespace dialer::cli
