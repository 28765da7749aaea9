#include "cli/engine_runtime.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "api/carrier_callbacks.hpp"
#include "api/health.hpp"
#include "api/http_server.hpp"
#include "api/key_watch.hpp"
#include "api/metrics.hpp"
#include "api/rest_resources.hpp"
#include "api/rest_service.hpp"
#include "carriers/call_report_text.hpp"
#include "carriers/codec.hpp"
#include "cli/engine_metrics.hpp"
#include "cli/errors.hpp"
#include "cli/new_id.hpp"
#include "cli/place_finder.hpp"
#include "compliance/gate.hpp"
#include "engine/shard.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/ledger_worker.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

// How soon a change that somebody committed is noticed at the latest.
constexpr auto look_for_changes = 50ms;
constexpr auto database_back_off = 500ms;

}  // namespace

struct engine_runtime::impl : engine::event_sink, api::callback_inbox {
  impl(runtime_options with, const clock& time_source) : options{std::move(with)}, time{time_source} {
    if (options.shards == 0) options.shards = std::max(1U, std::thread::hardware_concurrency());
  }

  // --- start and stop ---

  void start() {
    // Standard output belongs to a command's data.
    if (!spdlog::get("dialer")) spdlog::set_default_logger(spdlog::stderr_logger_mt("dialer"));
    ledger_options.connection.target = options.database;
    ledger_options.connection.application_name = "dialer engine";
    ledger_options.resolve_secret = options.resolve_secret;
    control.emplace(ledger_options.connection);
    take_over_ledger.emplace(ledger_options);
    control->connect();
    listen();
    worker.emplace(ledger_options, *this);
    for (unsigned i = 0; i < options.shards; ++i) {
      shards.push_back(std::make_unique<engine::shard>(time, *worker, *this, [this](organisation_id lost) {
        const std::lock_guard lock{mutex};
        lost_organisations.push_back(lost);
        wake.notify_all();
      }));
    }
    look();
    publish_accounts();
    watcher = std::thread{[this] { watch(); }};
  }

  void listen() {
    api::callback_settings callbacks;
    callbacks.token_key = options.token_key;
    // The address is known only after the port is; carriers are told the public one.
    callback_routes = std::make_unique<api::carrier_callbacks>(
        with_public_url(callbacks), [this] { return accounts.load(); }, *this, time,
        [](const std::string& line) { spdlog::warn("{}", line); });
    std::vector<api::route> routes = callback_routes->routes();
    for (api::route& each : api::health_routes([this] { return readiness(); })) routes.push_back(std::move(each));
    std::vector<api::metric_source> sources{
        [this](api::metric_writer& out) { write_metrics(all_views(), out); },
        [this](api::metric_writer& out) { api::write_metrics(server->stats(), out); },
        [this](api::metric_writer& out) { api::write_metrics(callback_routes->stats(), out); }};
    sources.emplace_back([this](api::metric_writer& out) { api::write_metrics(rest->stats(), out); });
    routes.push_back(api::metrics_route(std::move(sources)));
    start_rest();
    for (api::route& each : rest->routes()) routes.push_back(std::move(each));
    server.emplace(std::move(routes));
    bound_port = server->start(options.listen);
  }

  void start_rest() {
    const auto warn = [](const std::string& line) { spdlog::warn("{}", line); };
    keys.emplace(options.key_pepper, time);
    key_follower.emplace(ledger_options.connection, *keys, time, warn);
    api::rest_options serving;
    serving.database = ledger_options.connection;
    serving.uploads = options.uploads;
    serving.place = make_place_finder(compliance::load_system_zone_rules());
    rest.emplace(std::move(serving), api::rest_resources(), *keys, time, new_id, warn);
  }

  api::callback_settings with_public_url(api::callback_settings settings) {
    if (options.public_url.empty()) options.public_url = "http://" + options.listen;
    settings.public_url = options.public_url;
    return settings;
  }

  void stop() {
    if (stopping.exchange(true)) return;
    {
      const std::lock_guard lock{mutex};
      wake.notify_all();
    }
    if (watcher.joinable()) watcher.join();
    drain();
    if (server) server->stop(2s);
    for (auto& shard : shards) shard->stop();
    worker.reset();
    release_all();
  }

  void drain() {
    auto left = std::make_shared<std::atomic<std::size_t>>(shards.size());
    for (auto& shard : shards) {
      shard->drain([this, left] {
        left->fetch_sub(1);
        const std::lock_guard lock{mutex};
        wake.notify_all();
      });
    }
    std::unique_lock lock{mutex};
    if (!wake.wait_for(lock, options.drain, [&] { return left->load() == 0; })) {
      spdlog::warn("not drained within {} s: what is still out will be settled with the carrier after the next start",
                   options.drain.count());
    }
  }

  void release_all() {
    for (const auto& [id, owned] : organisations) {
      try {
        take_over_ledger->release(owned.owner);
      } catch (const std::runtime_error&) {
        // The next owner takes over from any state; releasing only spares it the question.
        spdlog::warn("{}: ownership was not released: {}", id.text(),
                     explain_failure(std::current_exception()).message);
      }
    }
  }

  // --- organisations and their changes ---

  struct owned_organisation {
    engine::ownership owner;
    std::uint64_t generation = 0;
    std::map<integration_id, std::shared_ptr<engine::send_queue>> queues;
    std::vector<carriers::account> accounts;
  };

  void watch() {
    std::string trouble;  // said once, however often it is met
    while (!stopping) {
      auto pause = std::chrono::milliseconds{look_for_changes};
      try {
        look();
        if (!trouble.empty()) spdlog::info("changes are followed again");
        trouble.clear();
      } catch (const std::exception&) {
        const std::string met = explain_failure(std::current_exception()).message;
        if (met != trouble) spdlog::warn("{}; trying again", met);
        trouble = met;
        control->disconnect();
        pause = database_back_off;
      }
      std::unique_lock lock{mutex};
      wake.wait_for(lock, pause, [this] { return stopping.load() || !lost_organisations.empty(); });
    }
  }

  void look() {
    std::vector<organisation_id> lost;
    {
      const std::lock_guard lock{mutex};
      lost.swap(lost_organisations);
    }
    for (const organisation_id& id : lost) {
      spdlog::warn("{}: another engine had taken it over", id.text());
      organisations.erase(id);
    }
    std::exception_ptr unusable;  // what one organisation set up must not keep changes from the others
    for (const sql::organisation_generation& at : sql::read_generations(*control)) {
      try {
        follow(at);
      } catch (const settings_error&) {
        unusable = std::current_exception();
      }
    }
    if (unusable) std::rethrow_exception(unusable);
  }

  void follow(const sql::organisation_generation& at) {
    const auto known = organisations.find(at.organisation);
    if (known == organisations.end()) {
      take_over(at.organisation);
    } else if (known->second.generation != at.generation) {
      post(at.organisation, engine::changes_announced{});
      refresh_accounts(known->second);
      known->second.generation = at.generation;
    }
  }

  // Before anything is taken over or handed to the shards: what can't be used leaves everything as it is.
  static void check(const std::vector<carriers::account>& accounts) {
    for (const carriers::account& account : accounts) {
      try {
        carriers::make_codec(account);
      } catch (const std::invalid_argument& wrong) {
        throw settings_error("integration \"" + account.name + "\": " + wrong.what());
      }
    }
  }

  engine::organisation_snapshot read(organisation_id id) {
    sql::transaction tx{*control, sql::transaction::mode::snapshot};
    engine::organisation_snapshot snapshot = sql::read_snapshot(tx, id, options.resolve_secret);
    tx.commit();
    return snapshot;
  }

  void take_over(organisation_id id) {
    check(read(id).accounts);
    engine::recovery found = take_over_ledger->take_over(id, options.node, time.now().utc);
    std::vector<attempt_id> open;
    for (const engine::open_attempt& attempt : found.open) open.push_back(attempt.what.attempt);
    const std::vector<engine::stored_event> events = take_over_ledger->events_of(id, open);
    spdlog::info("{}: taken over in epoch {}, {} attempts open", id.text(), found.owner.epoch, open.size());

    owned_organisation& owned = organisations[id];
    owned.owner = found.owner;
    owned.generation = found.snapshot.generation;
    add_accounts(owned, found.snapshot.accounts);

    engine::organisation_options settings;
    settings.node = static_cast<std::uint8_t>(options.node);
    settings.seed = static_cast<std::uint64_t>(time.now().utc.time_since_epoch().count());
    settings.region = region_of_number;
    std::vector<std::shared_ptr<engine::send_queue>> queues;
    for (const auto& [integration, queue] : owned.queues) queues.push_back(queue);
    home_of(id).adopt(std::move(settings), std::move(found), rules_of(id), std::move(queues));
    for (const engine::stored_event& event : events) {
      if (auto report = carriers::parse_report(event.payload)) {
        post(id, engine::call_reported{event.attempt, std::move(*report)});
      }
    }
  }

  compliance::rules_snapshot rules_of(organisation_id id) {
    compliance::rules_snapshot rules;
    rules.zones = compliance::load_system_zone_rules();
    const auto lists = sql::read_do_not_call(*control, id);
    if (!lists.empty()) rules.national = compliance::do_not_call_list::open(lists.front().path);
    return rules;
  }

  void add_accounts(owned_organisation& owned, const std::vector<carriers::account>& wanted) {
    owned.accounts = wanted;
    for (const carriers::account& account : wanted) {
      auto& queue = owned.queues[account.id];
      if (queue) {
        queue->set_account(account);
        continue;
      }
      queue = std::make_shared<engine::send_queue>(account);
      // What the last engine sent within the carrier's counting window is not known here: begin with an empty bucket.
      const auto window = account.kind == carriers::carrier_kind::twilio ? 1100ms : 5100ms;
      if (owned.owner.epoch > 1) queue->budget.hold(time.now().steady + window);
      engine::sender_options sending;
      sending.token_key = options.token_key;
      sending.callback_base_url = options.public_url;
      sending.connections_max = options.connections;
      // As many connections as the account's pace needs at a tenth of a second an answer.
      const auto warm = std::clamp<std::size_t>(static_cast<std::size_t>(account.calls_per_second / 10), 1,
                                                std::min<std::size_t>(options.connections, 16));
      for (auto& shard : shards) shard->add_account(queue, sending, warm);
      home_of(owned.owner.organisation).add_queue(owned.owner.organisation, queue);
    }
    // The first time only with all organisations: callbacks that come before are put off, not refused.
    if (accounts.load()) publish_accounts();
  }

  void refresh_accounts(owned_organisation& owned) {
    const auto snapshot = read(owned.owner.organisation);
    if (snapshot.accounts == owned.accounts) return;
    check(snapshot.accounts);
    add_accounts(owned, snapshot.accounts);
  }

  void publish_accounts() {
    auto all = std::make_shared<std::vector<api::owned_account>>();
    for (const auto& [id, owned] : organisations) {
      for (const carriers::account& account : owned.accounts) all->push_back({id, account});
    }
    accounts.store(std::move(all));
  }

  // --- ports ---

  void post(const organisation_id& to, engine::event&& what) override { home_of(to).post(to, std::move(what)); }

  // Where an organisation lives never changes while the process runs: routing needs no look-up and no lock.
  engine::shard& home_of(const organisation_id& id) const {
    return *shards[std::hash<organisation_id>{}(id) % shards.size()];
  }

  void store(organisation_id organisation, attempt_id attempt, carriers::callback event,
             std::function<void(bool stored)> done) override {
    worker->store(organisation, attempt, std::move(event), std::move(done));
  }

  std::vector<engine::organisation_view> all_views() const {
    std::vector<engine::organisation_view> all;
    for (const auto& shard : shards) {
      for (auto& view : shard->views()) all.push_back(std::move(view));
    }
    return all;
  }

  std::vector<api::readiness_check> readiness() const {
    const bool ledger = worker && worker->healthy();
    return {{"ledger", ledger, ledger ? "" : "the last commit or load failed"},
            {"running", !stopping, stopping ? "draining" : ""}};
  }

  runtime_options options;
  const clock& time;
  sql::ledger_options ledger_options;

  std::optional<sql::session> control;
  std::optional<sql::postgres_ledger> take_over_ledger;
  std::optional<sql::ledger_worker> worker;
  std::vector<std::unique_ptr<engine::shard>> shards;
  std::unique_ptr<api::carrier_callbacks> callback_routes;
  std::optional<api::key_ring> keys;
  std::optional<api::key_watch> key_follower;
  std::optional<api::rest_service> rest;
  std::optional<api::http_server> server;
  std::uint16_t bound_port = 0;
  std::atomic<api::account_snapshot> accounts;  // none before start() is through

  std::map<organisation_id, owned_organisation> organisations;  // the watcher's, and start()'s and stop()'s around it

  std::mutex mutex;
  std::condition_variable wake;
  std::vector<organisation_id> lost_organisations;
  std::atomic<bool> stopping{false};
  std::thread watcher;
};

engine_runtime::engine_runtime(runtime_options options, const clock& time)
    : impl_{std::make_unique<impl>(std::move(options), time)} {}

engine_runtime::~engine_runtime() {
  stop();
}

void engine_runtime::start() {
  impl_->start();
}
void engine_runtime::stop() {
  impl_->stop();
}
std::uint16_t engine_runtime::port() const {
  return impl_->bound_port;
}
std::vector<engine::organisation_view> engine_runtime::views() const {
  return impl_->all_views();
}

}  // namespace dialer::cli
