#include "cli/engine_runtime.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "carriers/call_report_text.hpp"
#include "carriers/codec.hpp"
#include "carriers/http/tls_client.hpp"
#include "cli/errors.hpp"
#include "cli/log.hpp"
#include "cli/place_finder.hpp"
#include "cli/rules.hpp"
#include "cli/service.hpp"
#include "compliance/zone_rules.hpp"
#include "engine/base_url.hpp"
#include "engine/shard.hpp"
#include "sql/generation.hpp"
#include "sql/ledger_worker.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

// How soon a change that somebody committed is noticed at the latest.
constexpr auto look_for_changes = 50ms;
constexpr auto look_at_zone_data = 1s;
constexpr auto database_back_off = 500ms;
// How soon what a person has to set right is looked at again.
constexpr auto settings_back_off = 1s;

}  // namespace

struct engine_runtime::impl : engine::event_sink, api::callback_inbox {
  impl(runtime_options with, const clock& time_source) : options{std::move(with)}, time{time_source} {
    if (options.shards == 0) options.shards = std::max(1U, std::thread::hardware_concurrency());
    if (options.public_url.empty()) options.public_url = "http://" + options.listen;
  }

  // --- start and stop ---

  void start() {
    ledger_options.connection.target = options.database;
    ledger_options.connection.application_name = "dialer engine";
    ledger_options.resolve_secret = [this](const std::string& reference, const sql::secret_place& of) {
      return api::is_sealed(reference) ? options.secret_keys.open(reference, of) : options.resolve_secret(reference);
    };
    ledger_options.check_account = check;
    ledger_options.load_rules = [this](const auto& lists) { return rules.load(lists); };
    control.emplace(ledger_options.connection);
    take_over_ledger.emplace(ledger_options);
    control->connect();
    worker.emplace(ledger_options, *this);
    serving.emplace(
        options, ledger_options.connection, time,
        service_ports{[this] { return accounts.load(); }, [this] { return all_views(); },
                      [this] { return readiness(); }, ledger_options.load_rules, ledger_options.resolve_secret, *this});
    for (unsigned i = 0; i < options.shards; ++i) {
      shards.push_back(std::make_unique<engine::shard>(time, *worker, *this, [this](organisation_id lost) {
        const std::lock_guard lock{mutex};
        lost_organisations.push_back(lost);
        wake.notify_all();
      }));
    }
    shards_made = true;
    check_that_something_is_usable();
    look();
    started = true;
    publish_accounts();
    serving->tell_webhooks(*control);
    serving->look_after_numbers();
    watcher = std::thread{[this] { watch(); }};
  }

  void stop() {
    if (stopping.exchange(true)) return;
    {
      const std::lock_guard lock{mutex};
      wake.notify_all();
    }
    if (watcher.joinable()) watcher.join();
    drain();
    if (serving) serving->stop(2s);
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
      log_warning("not drained in time: what is still out will be settled with the carrier after the next start",
                  {{"waited_s", std::to_string(options.drain.count())}});
    }
  }

  void release_all() {
    for (const auto& [id, owned] : organisations) {
      if (owned.lost) continue;
      try {
        take_over_ledger->release(owned.owner);
      } catch (const std::runtime_error&) {
        // The next owner takes over from any state; releasing only spares it the question.
        log_warning("ownership was not released",
                    {{"organisation", id.text()}, {"why", explain_failure(std::current_exception()).message}});
      }
    }
  }

  // --- organisations and their changes ---

  struct owned_organisation {
    engine::ownership owner;
    std::uint64_t generation = 0;
    std::uint64_t settings_version = 0;
    std::map<integration_id, std::shared_ptr<engine::send_queue>> queues;  // of accounts that are or were usable
    std::vector<carriers::account> accounts;                               // as last seen
    steady_time accounts_again_at = steady_time::max();                    // a look at those that can't be used
    bool lost = false;  // to another engine: stood by for; callbacks are stored all the same
  };

  // Why an organisation is not followed now; tried again.
  struct setback {
    std::string what;
    steady_time again_at;
  };

  void watch() {
    std::string trouble;  // said once, however often it is met
    while (!stopping) {
      auto pause = std::chrono::milliseconds{look_for_changes};
      try {
        look();
        if (!trouble.empty()) log_info("changes are followed again");
        trouble.clear();
      } catch (const std::exception&) {
        const std::string met = explain_failure(std::current_exception()).message;
        if (met != trouble) log_warning("changes can't be followed; trying again", {{"why", met}});
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
    for (const organisation_id& id : lost) stand_by(id);
    follow_zone_data();
    for (const sql::organisation_generation& at : sql::read_generations(*control)) {
      const auto before = setbacks.find(at.organisation);
      if (before != setbacks.end() && time.now().steady < before->second.again_at) continue;
      try {
        follow(at);
        setbacks.erase(at.organisation);
      } catch (const settings_error& wrong) {  // of one organisation: the others are followed all the same
        setback& met = setbacks[at.organisation];
        if (met.what != wrong.what()) {
          log_warning("an organisation can't be followed; trying again",
                      {{"organisation", at.organisation.text()}, {"why", wrong.what()}});
        }
        met = {wrong.what(), time.now().steady + settings_back_off};
      }
    }
  }

  // The system's update of tzdata is no change of any organisation's settings, and says for all when people sleep.
  void follow_zone_data() {
    const steady_time now = time.now().steady;
    if (now < zone_data_again_at) return;
    zone_data_again_at = now + look_at_zone_data;
    const std::string version = compliance::system_tzdata_version();
    // An update that is under way has replaced some files and others not: it is over when the next look sees the same.
    const bool settled = std::exchange(zone_data_seen, version) == version;
    if (!settled || version == zone_data_version) return;
    log_info("the system's time zone data changed", {{"from", zone_data_version}, {"to", version}});
    zone_data_version = version;
    for (const auto& [id, owned] : organisations) {
      if (!owned.lost) post(id, engine::changes_announced{.settings = true});
    }
  }

  void follow(const sql::organisation_generation& at) {
    const auto known = organisations.find(at.organisation);
    if (known == organisations.end()) {
      take_over(at.organisation);
    } else if (owned_organisation& owned = known->second; owned.lost) {
      if (at.node == 0) take_over(at.organisation);
    } else {
      if (owned.generation != at.generation) {
        post(at.organisation, engine::changes_announced{});
        if (owned.settings_version != at.settings_version) refresh_accounts(owned);
        owned.generation = at.generation;
        owned.settings_version = at.settings_version;
      }
      if (time.now().steady >= owned.accounts_again_at && refresh_accounts(owned)) {
        post(at.organisation, engine::changes_announced{.settings = true});
      }
    }
  }

  // One engine wins; the other must not take back what it lost, or they would take it from each other for ever. It is
  // taken again when its owner has given it up.
  void stand_by(const organisation_id& id) {
    owned_organisation& owned = organisations.at(id);
    log_error("another engine has taken the organisation over; standing by until that one gives it up",
              {{"organisation", id.text()}});
    owned.lost = true;
    leave(owned);
  }

  void leave(const owned_organisation& owned) {
    for (const auto& [integration, queue] : owned.queues) remove_account(queue);
  }

  // Throws what keeps an account from being used, its secrets aside.
  static void check(const carriers::account& account) {
    if (std::string missing = carriers::missing_for_calls(account); !missing.empty()) {
      throw settings_error(std::move(missing));
    }
    carriers::make_codec(account);
    engine::parse_base_url(account.base_url);
    if (!account.ca_file.empty()) carriers::http::check_ca_file(account.ca_file);
  }

  static std::string trouble_of(const carriers::account& account) {
    return "integration \"" + account.name + "\": " + account.unusable;
  }

  // An engine that could dial for nobody says so to who started it, and leaves everything as it is.
  void check_that_something_is_usable() {
    std::string first;
    for (const sql::organisation_generation& at : sql::read_generations(*control)) {
      try {
        for (const carriers::account& account : take_over_ledger->snapshot_of(at.organisation).accounts) {
          if (account.unusable.empty()) return;
          if (first.empty()) first = trouble_of(account);
        }
      } catch (const settings_error& wrong) {
        if (first.empty()) first = wrong.what();
      }
    }
    if (!first.empty()) throw settings_error(first);
  }

  void take_over(organisation_id id) {
    // What it is judged by must be there before it is taken from its last owner.
    (void)take_over_ledger->snapshot_of(id);
    engine::recovery found = take_over_ledger->take_over(id, options.node, time.now().utc);
    std::vector<attempt_id> awaited;
    for (const engine::open_attempt& attempt : found.open) awaited.push_back(attempt.what.attempt);
    for (const engine::absent_attempt& attempt : found.absent) awaited.push_back(attempt.attempt);
    std::vector<engine::call_reported> reports = reports_of(id, awaited);
    // The epoch in its two halves, the database's timeline and a count: whole, it reads like a phone number.
    const auto epoch = static_cast<std::uint64_t>(found.owner.epoch);
    log_info("organisation taken over",
             {{"organisation", id.text()},
              {"epoch", std::to_string(epoch >> 32) + "." + std::to_string(epoch & 0xffffffff)},
              {"attempts_open", std::to_string(found.open.size())}});

    owned_organisation owned;
    owned.owner = found.owner;
    owned.generation = found.snapshot.generation;
    owned.settings_version = found.snapshot.settings_version;
    try {
      use_accounts(owned, std::move(found.snapshot.accounts), {});
    } catch (...) {
      leave(owned);
      throw;
    }
    found.snapshot.accounts = owned.accounts;

    engine::organisation_options settings;
    settings.node = static_cast<std::uint8_t>(options.node);
    settings.seed = static_cast<std::uint64_t>(time.now().utc.time_since_epoch().count());
    settings.region = region_of_number;
    std::vector<std::shared_ptr<engine::send_queue>> queues;
    for (const auto& [integration, queue] : owned.queues) queues.push_back(queue);
    home_of(id).adopt(std::move(settings), std::move(found), std::move(reports), std::move(queues));
    organisations.insert_or_assign(id, std::move(owned));
    publish_accounts();
    // What was stored between the reading above and the adoption was told to nobody. A repeat changes nothing.
    for (engine::call_reported& report : reports_of(id, awaited)) post(id, std::move(report));
  }

  std::vector<engine::call_reported> reports_of(organisation_id id, const std::vector<attempt_id>& awaited) {
    std::vector<engine::call_reported> reports;
    for (const engine::stored_event& event : take_over_ledger->events_of(id, awaited)) {
      if (auto report = carriers::parse_report(event.payload)) reports.push_back({event.attempt, std::move(*report)});
    }
    return reports;
  }

  // An account that can't be used keeps the queue it had: calls on their way are asked for as long as the carrier
  // answers.
  void use_accounts(owned_organisation& owned, std::vector<carriers::account> found,
                    const std::vector<carriers::account>& before) {
    owned.accounts_again_at = steady_time::max();
    for (const carriers::account& account : found) {
      if (account.unusable.empty()) {
        use_account(owned, account);
        continue;
      }
      owned.accounts_again_at = time.now().steady + settings_back_off;
      if (std::ranges::find(before, account) == before.end()) {
        log_error("a carrier account can't be used",
                  {{"organisation", owned.owner.organisation.text()}, {"why", trouble_of(account)}});
      }
    }
    owned.accounts = std::move(found);
  }

  void use_account(owned_organisation& owned, const carriers::account& account) {
    const auto known = owned.queues.find(account.id);
    if (known == owned.queues.end()) {
      const auto queue = std::make_shared<engine::send_queue>(account);
      send_from(queue);
      owned.queues.emplace(account.id, queue);
      home_of(owned.owner.organisation).add_queue(owned.owner.organisation, queue);
      return;
    }
    const auto queue = known->second;
    const auto before = queue->account();
    if (*before == account) return;
    queue->set_account(account);
    if (before->base_url == account.base_url && before->ca_file == account.ca_file) return;
    try {
      send_from(queue);
    } catch (...) {
      queue->set_account(*before);  // so that the next look sees a difference
      throw;
    }
  }

  void send_from(const std::shared_ptr<engine::send_queue>& queue) {
    engine::sender_options sending;
    sending.token_key = options.token_key;
    sending.callback_base_url = options.public_url;
    sending.connections_max = options.connections;
    // As many connections as the account's pace needs at a tenth of a second an answer.
    const auto warm = std::clamp<std::size_t>(static_cast<std::size_t>(queue->account()->calls_per_second / 10), 1,
                                              std::min<std::size_t>(options.connections, 16));
    try {
      for (auto& shard : shards) shard->add_account(queue, sending, warm);
    } catch (...) {  // its ca_file went between the check and now: the next look finds it so
      remove_account(queue);
      throw;
    }
  }

  void remove_account(const std::shared_ptr<engine::send_queue>& queue) {
    for (auto& shard : shards) shard->remove_account(queue);
  }

  // True when something about them is new.
  bool refresh_accounts(owned_organisation& owned) {
    std::vector<carriers::account> found = take_over_ledger->snapshot_of(owned.owner.organisation).accounts;
    const bool changed = found != owned.accounts;
    use_accounts(owned, std::move(found), std::exchange(owned.accounts, {}));
    if (changed) publish_accounts();
    return changed;
  }

  // Not before all organisations of the start are here: callbacks that come earlier are put off, not refused.
  void publish_accounts() {
    if (!started) return;
    auto all = std::make_shared<std::vector<api::owned_account>>();
    for (const auto& [id, owned] : organisations) {
      for (const auto& [integration, queue] : owned.queues) all->push_back({id, *queue->account()});
    }
    accounts.store(std::move(all));
  }

  // --- ports ---

  void post(const organisation_id& to, engine::event&& what) override { home_of(to).post(to, std::move(what)); }
  void answer(const engine::ownership& asked_by, engine::event&& what) override {
    home_of(asked_by.organisation).answer(asked_by, std::move(what));
  }

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
    if (!shards_made) return all;
    for (const auto& shard : shards) {
      for (auto& view : shard->views()) all.push_back(std::move(view));
    }
    return all;
  }

  std::vector<api::readiness_check> readiness() const {
    const bool ledger = worker->healthy();
    return {{"ledger", ledger, ledger ? "" : "the last commit or load failed"},
            {"running", !stopping, stopping ? "draining" : ""}};
  }

  runtime_options options;
  const clock& time;
  sql::ledger_options ledger_options;

  rules_reader rules;
  std::optional<sql::session> control;
  std::optional<sql::postgres_ledger> take_over_ledger;
  std::optional<sql::ledger_worker> worker;
  std::vector<std::unique_ptr<engine::shard>> shards;
  std::atomic<bool> shards_made{false};         // the listener, which asks them, is there before
  std::atomic<api::account_snapshot> accounts;  // none before start() is through
  std::optional<service> serving;

  // The watcher's, and start()'s and stop()'s around it.
  std::map<organisation_id, owned_organisation> organisations;
  std::map<organisation_id, setback> setbacks;
  std::string zone_data_version = compliance::system_tzdata_version();  // that is followed
  std::string zone_data_seen = zone_data_version;
  steady_time zone_data_again_at{};
  bool started = false;

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
bool engine_runtime::turns() {
  bool all = impl_->serving->turns();
  for (auto& shard : impl_->shards) all &= shard->turns();
  return all;
}
std::vector<engine::organisation_view> engine_runtime::views() const {
  return impl_->all_views();
}

}  // namespace dialer::cli
