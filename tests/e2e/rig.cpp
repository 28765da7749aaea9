#include "tests/e2e/rig.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <ext/stdio_filebuf.h>
#include <stdexcept>

#include "carriers/http/exchange.hpp"
#include "carriers/simulator/carrier_simulator.hpp"
#include "cli/instants.hpp"
#include "cli/new_id.hpp"
#include "compliance/numbering_plan.hpp"
#include "engine/base_url.hpp"
#include "sql/configuration.hpp"
#include "sql/contact_store.hpp"
#include "sql/migrations.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* twilio_sid = "AC00000000000000000000000000000001";
constexpr const char* twilio_token = "3d9f1e6a70c24b5e8a1d4c7b90f2e6a5";
constexpr const char* telnyx_connection = "1494404757140276705";
constexpr const char* telnyx_key = "KEY018E5F0C6B7A4D3E9F";

// A Wednesday: noon in New York, nine in the morning in Los Angeles, five in London.
const utc_time stated_instant = cli::parse_instant("2026-11-18T17:00:00Z").value();

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const fs::directory_entry& entry : fs::directory_iterator{"/proc"}) {
    if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string().front())) == 0) continue;
    const std::string stat = read_file(entry.path() / "stat");
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) continue;
    // "pid (name) state ppid ..."
    if (std::atoi(stat.c_str() + name_end + 4) == parent) found.push_back(std::atoi(stat.c_str()));
  }
  return found;
}

}  // namespace

campaigns::settings unhindered() {
  campaigns::settings settings;
  settings.attempts_per_contact_max = 50;
  settings.attempts_per_number_24h = 50;
  settings.attempts_per_number_7d = 50;
  for (auto& rule : settings.retry) rule = {0s, 1};
  return settings;
}

std::string dialer_binary() {
  const char* path = getenv("DIALER_BINARY");
  if (path == nullptr) throw std::runtime_error{"$DIALER_BINARY is not set; run through ctest"};
  return path;
}

rig::rig(const rig_options& options) : clock_{cli::system_clock::starting_at(stated_instant)}, port_{free_port()} {
  start_carriers(options.scenario);  // forks: before anything else is open
  start_database();
  configure(options);
}

rig::~rig() {
  engine_.reset();
  stop_carriers();
}

sql::connect_options rig::connection() const {
  sql::connect_options options;
  options.target = database_;
  options.call_timeout = 5min;
  return options;
}

void rig::start_database() {
  sql::cluster_options options;
  options.state_dir = directory() / "postgresql";
  cluster_.emplace(sql::private_cluster::start(options));
  database_ = cluster_->connection_string();
}

void rig::kill_database() {
  const pid_t server = cluster_->server_pid();
  std::vector<pid_t> all = children_of(server);
  ::kill(server, SIGKILL);
  for (const pid_t each : all) ::kill(each, SIGKILL);
}

void rig::restart_database() {
  cluster_.reset();
  start_database();
}

void rig::start_carriers(const std::string& scenario) {
  carriers::simulator::simulator_options settings;
  settings.log_file = log();
  settings.twilio_accounts = {{twilio_sid, twilio_token}};
  settings.telnyx_accounts = {{telnyx_key, telnyx_connection}};
  settings.clock_offset_us = clock_.wall_offset().count();
  if (!scenario.empty()) {
    settings.scenario_file = directory() / "scenario.toml";
    std::string text = scenario;
    for (std::size_t at; (at = text.find("@ENGINE@")) != std::string::npos;) {
      text.replace(at, 8, "http://127.0.0.1:" + std::to_string(port_));
    }
    write_file(settings.scenario_file, text);
  }
  int ready[2];
  if (pipe(ready) != 0) throw std::runtime_error{"no pipe for the carriers"};
  carriers_ = fork();
  if (carriers_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prefer_me();
    close(ready[0]);
    __gnu_cxx::stdio_filebuf<char> buffer{ready[1], std::ios::out};
    std::ostream out{&buffer};
    _exit(carriers::simulator::run_carrier_simulator(settings, out));
  }
  close(ready[1]);
  reached_ = cli::read_carriers_ready(ready[0]);
}

void rig::stop_carriers() {
  if (carriers_ == 0) return;
  ::kill(carriers_, SIGTERM);
  waitpid(carriers_, nullptr, 0);
  carriers_ = 0;
}

void rig::configure(const rig_options& options) {
  sql::session session = open();
  sql::migrate(session);
  sql::transaction tx{session};
  sql::configuration to{tx, cli::new_id};
  std::vector<std::string> countries{"GB"};  // wherever there are numbers reserved for fiction
  for (const auto& code : compliance::all_area_codes()) {
    if (!code.country.empty()) countries.emplace_back(code.country);
  }
  std::ranges::sort(countries);
  countries.erase(std::ranges::unique(countries).begin(), countries.end());
  organisation_ = to.organisation("Example", callerid::sharing_policy::workspace, countries).id;
  const workspace_id workspace = to.workspace(organisation_, {{}, "Main", 1}).id;
  const agent_id agent =
      to.agent(organisation_, {{}, workspace, "Ann", true, "https://agent.example.com/answer", 0}).id;

  std::vector<phone_number_id> shown;
  const auto add_account = [&](sql::integration_record record, std::uint64_t first_number) {
    record.account.ca_file = reached_.ca_file;
    const integration_id integration = to.integration(organisation_, record).id;
    for (unsigned n = 0; n < options.caller_ids; ++n) {
      callerid::phone_number number;
      number.workspace = workspace;
      number.integration = integration;
      number.number = e164::from_digits(first_number + n);
      number.status = callerid::number_status::active;
      number.capabilities = voice;
      number.outbound_enabled = true;
      number.calls_per_day_max = number.calls_per_hour_max = 0;
      shown.push_back(to.number(organisation_, number).id);
    }
  };
  if (options.accounts.twilio_calls_per_second > 0) {
    sql::integration_record twilio;
    twilio.account.kind = carriers::carrier_kind::twilio;
    twilio.account.name = "twilio";
    twilio.account.base_url = reached_.twilio_url;
    twilio.account.account_sid = twilio_sid;
    twilio.account.calls_per_second = options.accounts.twilio_calls_per_second;
    twilio.secret_ref = "env:E2E_TWILIO_TOKEN";
    add_account(std::move(twilio), 12'125'550'100);
  }
  if (options.accounts.telnyx_calls_per_second > 0) {
    sql::integration_record telnyx;
    telnyx.account.kind = carriers::carrier_kind::telnyx;
    telnyx.account.name = "telnyx";
    telnyx.account.base_url = reached_.telnyx_url;
    telnyx.account.connection_id = telnyx_connection;
    telnyx.account.webhook_public_key = reached_.telnyx_public_key;
    telnyx.account.calls_per_second = options.accounts.telnyx_calls_per_second;
    telnyx.secret_ref = "env:E2E_TELNYX_KEY";
    add_account(std::move(telnyx), 13'125'550'100);
  }
  to.assignments(organisation_, agent, shown);
  for (unsigned n = 0; n < options.campaigns; ++n) {
    campaigns::settings campaign = options.wanted;
    campaign.name = "Campaign " + std::to_string(n + 1);
    campaign.workspace = workspace;
    campaign.agent = agent;
    campaigns_.push_back(to.campaign(organisation_, campaign).id);
  }
  tx.commit();
}

void rig::import(campaign_id to, std::size_t count) {
  std::vector<fictitious> numbers = open_numbers(stated_instant);
  if (count > numbers.size()) {
    throw std::runtime_error{"there are only " + std::to_string(numbers.size()) + " fictitious numbers open"};
  }
  numbers.resize(count);
  import(to, numbers);
}

void rig::import(campaign_id to, const std::vector<fictitious>& numbers) {
  const std::size_t count = numbers.size();
  sql::contact_store store{connection(), organisation_, to, "a list"};
  id_sequence ids = store.contact_ids();
  campaigns::import_progress progress;
  std::vector<campaigns::imported_contact> batch;
  for (std::size_t n = 0; n < count; ++n) {
    campaigns::imported_contact& one = batch.emplace_back();
    one.id = contact_id{ids.next(clock_.now().utc)};
    one.number = numbers[n].number;
    one.place = numbers[n].place;
    one.row = n + 1;
    one.variables = "{}";
    if (batch.size() < 10'000 && n + 1 < count) continue;
    progress.byte_offset = progress.rows = progress.accepted = n + 1;
    progress.finished = n + 1 == count;
    store.commit(batch, progress);
    batch.clear();
  }
}

void rig::start_campaign(campaign_id which) {
  sql::session session = open();
  sql::change_campaign_state(session, organisation_, which, sql::campaign_action::start);
}

std::string rig::ring(carriers::carrier_kind carrier, const std::string& number) {
  const engine::base_url at =
      engine::parse_base_url(carrier == carriers::carrier_kind::twilio ? reached_.twilio_url : reached_.telnyx_url);
  carriers::http::pool_options to;
  to.host = at.host;
  to.port = at.port;
  to.ca_file = reached_.ca_file;
  const std::string body = "to=%2B" + number.substr(1) + "&from=%2B13105550142";
  const carriers::http::kept_answer answer = carriers::http::exchange{to}.ask(
      "POST /simulator/ring HTTP/1.1\r\nHost: simulator\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  if (answer.status != 200) throw std::runtime_error{number + " did not ring: " + answer.body + answer.error};
  return answer.body.substr(0, answer.body.find('\n'));
}

launch rig::engine_launch(const std::vector<std::string>& more) const {
  launch what;
  what.argv = {dialer_binary(), "serve", "--database", database_, "--state-dir", (directory() / "engine").string(),
               "--listen", "127.0.0.1:" + std::to_string(port_), "--wall-clock", cli::to_text(clock_.now().utc),
               // One client of ours asks more than one of a customer's may.
               "--requests-per-second", "0"};
  what.argv.insert(what.argv.end(), more.begin(), more.end());
  what.environment = {{"E2E_TWILIO_TOKEN", twilio_token}, {"E2E_TELNYX_KEY", telnyx_key}};
  what.preferred = true;
  what.output = directory() / "engine.out";
  what.errors = directory() / "engine.err";
  return what;
}

std::map<std::string, std::string> rig::carrier_secrets() {
  return {{"twilio", twilio_token}, {"telnyx", telnyx_key}};
}

std::string rig::make_key() const {
  const finished made =
      run({dialer_binary(), "key", "create", "--name", "e2e", "--scope", "read,operate,admin,numbers_create",
           "--database", database_, "--state-dir", (directory() / "engine").string()},
          directory());
  if (made.code != 0) throw std::runtime_error{"no API key: " + made.errors};
  return made.output.substr(0, made.output.find('\n'));
}

process& rig::start_engine(const std::vector<std::string>& more) {
  engine_.reset();
  return engine_.emplace(engine_launch(more));
}

}  // namespace dialer::e2e
