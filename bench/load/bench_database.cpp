#include "bench/load/bench_database.hpp"

#include <stdlib.h>

#include "bench/load/harness.hpp"
#include "bench/load/national_list.hpp"
#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "sql/migrations.hpp"

namespace dialer::bench {
namespace {

namespace fs = std::filesystem;

sql::private_cluster start_cluster(const fs::path& directory) {
  sql::cluster_options options;
  options.state_dir = directory / "state";
  fs::create_directory(options.state_dir);
  fs::permissions(options.state_dir, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  return sql::private_cluster::start(options);
}

}  // namespace

scratch_directory::scratch_directory() {
  char name[] = "/tmp/dialer-bench-XXXXXX";
  require(::mkdtemp(name) != nullptr, "no directory for the benchmark below /tmp");
  path_ = name;
  // The database runs as another user when we are root.
  fs::permissions(path_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

bench_database::bench_database() : cluster_{start_cluster(directory_.path())}, session_{connection()} {
  sql::migrate(session_);
}

sql::connect_options bench_database::connection() const {
  sql::connect_options options;
  options.target = cluster_.connection_string();
  options.call_timeout = std::chrono::minutes{2};
  options.commit_timeout = std::chrono::minutes{1};
  return options;
}

void bench_database::add_organisation(const carriers::account& account, unsigned caller_ids) {
  sql::transaction tx{session_};
  sql::configuration config{tx, cli::new_id};
  organisation_ = config.organisation("Bench", callerid::sharing_policy::workspace, listed_countries()).id;
  workspace_ = config.workspace(organisation_, {{}, "Main", 1}).id;
  agent_ = config.agent(organisation_, {{}, workspace_, "Agent", true, "https://agent.example.com/answer", 0}).id;
  sql::integration_record record{account, "env:BENCH", {}};
  record.account.secret.clear();
  const integration_id integration = config.integration(organisation_, record).id;
  std::vector<phone_number_id> numbers;
  for (unsigned n = 0; n < caller_ids; ++n) {
    callerid::phone_number number;
    number.workspace = workspace_;
    number.integration = integration;
    number.number = number_in(listed_area_codes()[n % listed_area_codes().size()], 2'340'000 + n);
    number.status = callerid::number_status::active;
    number.capabilities = voice;
    number.outbound_enabled = true;
    number.calls_per_day_max = 0;
    number.calls_per_hour_max = 0;
    numbers.push_back(config.number(organisation_, number).id);
  }
  config.assignments(organisation_, agent_, numbers);
  tx.commit();
}

campaign_id bench_database::add_campaign(const std::string& name) {
  campaigns::settings settings;
  settings.workspace = workspace_;
  settings.agent = agent_;
  settings.name = name;
  settings.window.fill({0, 1440});
  sql::transaction tx{session_};
  sql::configuration config{tx, cli::new_id};
  const campaign_id id = config.campaign(organisation_, settings).id;
  tx.commit();
  return id;
}

}  // namespace dialer::bench
