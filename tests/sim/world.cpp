#include "tests/sim/world.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "tests/sim/engine_process.hpp"
#include "tests/sim/zones.hpp"

namespace dialer::sim {
namespace {

constexpr microseconds faults_last{180s};
constexpr microseconds first_dial_within{30s};
constexpr microseconds circuit_probed_within{61s};
e164 number_of(std::uint64_t n) {
  return e164::from_digits(12125550100 + n % 100 + n / 100 * 10'000'000);
}

}  // namespace

world::world(std::uint64_t seed, bool verbose)
    : seed_{seed},
      verbose_{verbose},
      time_{seed},
      faults_{fault_plan::draw(time_.random)},
      ledger_{time_},
      carrier_{time_, faults_} {
  ledger_.saw = [this](const std::string& what) { saw(what); };
  carrier_.saw = ledger_.saw;
  carrier_.starts = [this](const carrier::call& call) { check_start(call); };
  carrier_.cut = [this](const carrier::call& call) { check_cut(call); };
}

world::~world() = default;

void world::set_up() {
  random_source& random = time_.random;
  auto& config = ledger_.config;
  config.id = organisation_id{id128{1, 1}};
  config.generation = config.settings_version = 1;
  config.rules.zones = std::make_shared<fixed_zones>();
  const std::uint64_t workspaces = 1 + random.below(2);
  for (std::uint64_t i = 0; i < workspaces; ++i) {
    config.workspaces.push_back({workspace_id{id128{2, i + 1}}, "workspace", 1});
    const auto calls_max = static_cast<std::uint32_t>(random.chance(0.3) ? 3 + random.below(10) : 0);
    config.agents.push_back({agent_id{id128{3, i + 1}}, config.workspaces.back().id, "agent", true,
                             "https://agent.example/answer", calls_max});
  }
  const std::uint64_t accounts = 1 + random.below(2);
  for (std::uint64_t i = 0; i < accounts; ++i) {
    carriers::account account;
    account.id = integration_id{id128{4, i + 1}};
    account.kind = random.chance(0.5) ? carriers::carrier_kind::twilio : carriers::carrier_kind::telnyx;
    account.base_url = "https://127.0.0.1:1";
    account.calls_per_second = static_cast<double>(2 + random.below(4));
    account.concurrent_calls_max = static_cast<std::uint32_t>(random.chance(0.5) ? 0 : 5 + random.below(20));
    config.accounts.push_back(account);
  }
  const bool caller_ids_capped = random.chance(0.2);
  for (std::uint64_t i = 0; i < 3 * workspaces; ++i) {
    callerid::phone_number number;
    number.id = phone_number_id{id128{5, i + 1}};
    number.workspace = config.workspaces[i % workspaces].id;
    number.integration = config.accounts[i / workspaces % accounts].id;
    number.number = e164::from_digits(14155550100 + i);
    number.status = callerid::number_status::active;
    number.capabilities = voice;
    number.outbound_enabled = true;
    number.weight = static_cast<std::uint16_t>(1 + random.below(3));
    number.calls_per_day_max = caller_ids_capped ? static_cast<std::uint32_t>(5 + random.below(20)) : 0;
    number.calls_per_hour_max = caller_ids_capped ? static_cast<std::uint32_t>(3 + random.below(10)) : 0;
    number.concurrent_calls_max = static_cast<std::uint32_t>(random.chance(0.2) ? 1 + random.below(3) : 0);
    config.numbers.push_back(number);
    config.assignments.push_back({number.id, config.agents[i % workspaces].id, number.workspace});
  }
  const std::uint64_t campaigns = 1 + random.below(3);
  std::uint64_t next_contact = 0;
  for (std::uint64_t i = 0; i < campaigns; ++i) {
    campaigns::settings settings;
    settings.id = campaign_id{id128{6, i + 1}};
    settings.workspace = config.workspaces[i % workspaces].id;
    settings.agent = config.agents[i % workspaces].id;
    settings.name = "campaign " + std::to_string(i);
    settings.state = campaigns::campaign_state::running;
    settings.weight = static_cast<std::uint16_t>(1 + random.below(3));
    settings.redial_absent = random.chance(0.5);
    settings.attempts_per_number_24h = static_cast<std::uint16_t>(2 + random.below(3));
    settings.caller_id = static_cast<campaigns::caller_id_policy>(random.below(5));
    if (settings.caller_id == campaigns::caller_id_policy::fixed) {
      settings.caller_id_number = config.numbers[i % workspaces].number;
    }
    if (random.chance(0.2)) settings.concurrent_calls_max = static_cast<std::uint32_t>(1 + random.below(6));
    if (random.chance(0.2)) settings.calls_per_second_max = 0.5 + static_cast<double>(random.below(3));
    for (retry_rule& rule : settings.retry) rule.delay = std::chrono::seconds{1 + random.below(40)};
    config.campaigns.push_back(settings);
    for (std::uint16_t lane = 0; lane < zones_of_test.size(); ++lane) {
      compliance::place place;
      place.country = "US";
      place.zones = {std::string{zones_of_test[lane].name}};
      place.source = compliance::place_source::time_zone;
      config.lanes.push_back({settings.id, lane, place, contact_id{}});
    }
    const std::uint64_t contacts = 5 + random.below(random.chance(0.2) ? 150 : 40);
    for (std::uint64_t n = 0; n < contacts; ++n) {
      // Campaigns share some numbers.
      const std::uint64_t number = random.chance(0.1) ? random.below(20) : next_contact;
      ++next_contact;
      const auto lane =
          static_cast<std::uint16_t>(random.chance(0.6) ? random.below(2) : random.below(zones_of_test.size()));
      ledger_.add_contact(settings.id, lane, contact_id{1000 * (i + 1) + n}, number_of(number));
    }
  }
}

carriers::carrier_kind world::kind_of(integration_id account) const {
  return std::ranges::find(ledger_.config.accounts, account, &carriers::account::id)->kind;
}

void world::boot() {
  // When the starts before it left, nobody can tell by a wall clock that was set meanwhile.
  if (time_.elapsed() - clock_set_at_ < 10s) starts_.clear();
  running_ = std::make_shared<engine_process>(*this);
  running_->start();
  booted_at_ = time_.elapsed();
}

// kill -9: everything in memory is gone; what was handed to the kernel is not.
void world::crash() {
  ++result_.crashes;
  saw("crash");
  if (faults_on_ && time_.random.chance(faults_.usurped)) {
    undead_ = std::exchange(running_, nullptr);
    saw("undead");
    time_.after(time_.between(1s, 20s), [this] { undead_.reset(); });
  }
  running_.reset();
  // Started again at once by its service manager, or by a person.
  time_.after(time_.between(10ms, time_.random.chance(0.5) ? 300ms : 5s), [this] {
    if (!running_) boot();
  });
}

// Opt-outs, pauses, withdrawn numbers, crashes and outages, at random moments of the safety phase.
void world::people() {
  if (!faults_on_) return;
  random_source& random = time_.random;
  const auto announce = [this] {
    if (running_) running_->tell(time_.between(1ms, 300ms), engine::changes_announced{});
    if (undead_) undead_->tell(time_.between(1ms, 300ms), engine::changes_announced{});
  };
  if (random.chance(0.3)) {
    auto at = ledger_.contacts().begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random.below(ledger_.contacts().size())));
    const e164 number = at->second.number;
    opted_out_at_.try_emplace(number, ledger_.opt_out(number));
    saw("opt-out");
    announce();
  }
  if (random.chance(0.1)) {
    const auto which = random.below(ledger_.config.campaigns.size());
    const campaign_id id = ledger_.config.campaigns[which].id;
    paused_at_[id] =
        ledger_.change([&](auto& config) { config.campaigns[which].state = campaigns::campaign_state::paused; });
    saw("pause");
    announce();
    time_.after(time_.between(1s, 30s), [this, which, id, announce] {
      if (!faults_on_) return;  // everything runs again by then
      ledger_.change([&](auto& config) { config.campaigns[which].state = campaigns::campaign_state::running; });
      paused_at_.erase(id);
      announce();
    });
  }
  if (random.chance(0.05)) {
    const auto which = random.below(ledger_.config.numbers.size());
    const bool on = !ledger_.config.numbers[which].outbound_enabled;
    const e164 number = ledger_.config.numbers[which].number;
    const std::uint64_t at = ledger_.change([&](auto& config) { config.numbers[which].outbound_enabled = on; });
    if (on) {
      withdrawn_at_.erase(number);
    } else {
      withdrawn_at_[number] = at;
    }
    saw("caller ID withdrawn or back");
    announce();
  }
  if (random.chance(0.05)) freeze(announce);
  if (random.chance(faults_.clock_steps)) {
    const bool right = random.chance(0.3);
    time_.set_wall_clock(right ? 0s : time_.between(0s, 20s) - 10s);
    clock_set_at_ = time_.elapsed();
    saw("wall clock set");
  }
  if (random.chance(faults_.crashes / 2) && running_) crash();
  if (random.chance(faults_.outages / 12)) {
    outage_until_ = time_.elapsed() + time_.between(1s, 20s);
    saw("outage");
  }
  time_.after(5s, [this] { people(); });
}

// One of the switches is thrown, and lifted some time later.
void world::freeze(const std::function<void()>& announce) {
  auto& config = ledger_.config;
  struct kill_switch {
    const char* name;
    id128 id;
    bool* frozen;
  };
  const auto one_of = [&](const char* name, auto& all) {
    auto& one = all[time_.random.below(all.size())];
    return kill_switch{name, one.id, &one.frozen};
  };
  const std::array switches{kill_switch{"freeze organisation", config.id, &config.frozen},
                            one_of("freeze workspace", config.workspaces),
                            one_of("freeze agent", config.agents),
                            one_of("freeze campaign", config.campaigns),
                            one_of("freeze number", config.numbers),
                            one_of("freeze account", config.accounts)};
  const kill_switch which = switches[time_.random.below(switches.size())];
  if (frozen_at_.contains(which.id)) return;
  frozen_at_[which.id] = ledger_.change([&](auto&) { *which.frozen = true; });
  saw(which.name);
  announce();
  time_.after(time_.between(1s, 20s), [this, which, announce] {
    if (!faults_on_) return;
    ledger_.change([&](auto&) { *which.frozen = false; });
    frozen_at_.erase(which.id);
    announce();
  });
}

void world::connect() {
  carrier_.report = [this](attempt_id attempt, carriers::call_report report) {
    note(attempt.value + static_cast<std::uint64_t>(report.phase));
    // The inbox is durable before the carrier is answered; a dead engine hears nothing.
    if (running_) running_->tell(time_.between(1ms, 20ms), engine::call_reported{attempt, std::move(report)});
  };
}

run_result world::run() {
  set_up();
  connect();
  try {
    boot();
    time_.after(1s, [this] { people(); });
    time_.run_until(faults_last);
    faults_on_ = false;
    const microseconds listing_back = faults_.listing_back;
    faults_ = {};
    faults_.listing_back = listing_back;
    outage_until_ = microseconds{0};
    undead_.reset();
    if (!running_ || running_->lost) boot();
    ledger_.change([](auto& config) {
      config.frozen = false;
      for (auto& campaign : config.campaigns) campaign.state = campaigns::campaign_state::running;
      for (auto& number : config.numbers) number.outbound_enabled = true;
      const auto unfreeze = [](auto& all) {
        for (auto& one : all) one.frozen = false;
      };
      unfreeze(config.workspaces);
      unfreeze(config.agents);
      unfreeze(config.campaigns);
      unfreeze(config.numbers);
      unfreeze(config.accounts);
      // A person has looked at the accounts: what they refused gets another chance.
      for (auto& account : config.accounts) account.name = "looked at";
    });
    ledger_.end_rests();
    frozen_at_.clear();
    paused_at_.clear();
    withdrawn_at_.clear();
    running_->tell(0us, engine::changes_announced{});
    const bool must_dial = something_to_dial(true);
    const std::size_t before = creates_;
    time_.run_until(faults_last + first_dial_within);
    if (must_dial && creates_ == before) fail("nothing was dialed within 30 s after the faults stopped");
    if (must_dial) saw("dialing again");
    const bool must_probe = creates_ == before && something_to_dial(false);
    time_.run_until(faults_last + first_dial_within + circuit_probed_within);
    if (must_probe && creates_ == before) fail("no call was let through to an account whose circuit is open");
    // Callbacks come up to two minutes late, doubts last six, an absent call is tried again after thirty.
    std::string open = "nothing yet";
    // One more restart, out of the quiet: what was settled before it is not forgotten. Not always, for it also heals
    // what an engine that lives on would never get over.
    if (time_.random.chance(0.3)) time_.after(time_.between(3min, 15min), [this] { crash(); });
    for (microseconds at = faults_last + 5min; !open.empty() && at <= faults_last + 4h; at += 1min) {
      time_.run_until(at);
      open = unsettled();
    }
    if (!open.empty()) fail("four hours after the faults stopped " + open);
  } catch (const violation& broken) {
    if (verbose_) print();
    throw violation{"seed " + std::to_string(seed_) + " at " + std::to_string(time_.elapsed().count()) +
                    " us: " + broken.what()};
  }
  result_.calls = carrier_.calls().size();
  for (const auto& [id, row] : ledger_.attempts()) {
    result_.doubts += row.kinds.contains(engine::outcome_kind::in_doubt);
    result_.absent += row.kinds.contains(engine::outcome_kind::absent);
    result_.recovered += row.kinds.contains(engine::outcome_kind::adopted);
  }
  return result_;
}

// The whole record, to read what went wrong.
void world::print() const {
  const auto seconds = [](microseconds at) { return static_cast<double>(at.count()) / 1e6; };
  const microseconds begin = time_.true_time(0us).time_since_epoch();
  for (const auto& [id, row] : ledger_.attempts()) {
    std::printf("%s contact %s to %s from %s decided %.3f durable %.3f ref %s closed %.3f as %d kinds",
                id.text().c_str(), row.what.contact.text().c_str(), row.what.to.text().c_str(),
                row.what.from.text().c_str(), seconds(row.what.decided_at.time_since_epoch() - begin),
                seconds(row.durable_at), row.call_ref.c_str(), seconds(row.closed_at.value_or(microseconds{0})),
                static_cast<int>(row.closed_as ? *row.closed_as : engine::outcome_kind{}));
    for (const auto kind : row.kinds) std::printf(" %d", static_cast<int>(kind));
    std::printf("\n");
  }
  for (const auto& [id, row] : ledger_.contacts()) {
    std::printf("%s lane %u number %s state %d attempts %u", id.text().c_str(), row.lane, row.number.text().c_str(),
                static_cast<int>(row.state), row.attempts);
    if (const engine::contact_wait* wait = ledger_.wait_of(id)) {
      std::printf(" due %.3f reason %s", seconds(wait->contact.due_at.time_since_epoch() - begin),
                  std::string{to_string(wait->why)}.c_str());
    }
    std::printf("\n");
  }
  for (const carrier::call& call : carrier_.calls()) {
    std::printf("%s attempt %s to %s created %.3f ended %.3f\n", call.ref.c_str(), call.attempt.text().c_str(),
                call.to.text().c_str(), seconds(call.created), seconds(call.ended));
  }
}

// FNV-1a, so that two runs can be compared whole.
void world::note(std::uint64_t what) {
  result_.trace = (result_.trace ^ what ^ static_cast<std::uint64_t>(time_.elapsed().count())) * 0x100000001B3ULL;
}

void world::saw(const std::string& what) {
  ++result_.seen[what];
}

void world::fail(const std::string& what) const {
  throw violation{what};
}

}  // namespace dialer::sim
