#include "tests/sim/world.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>

namespace dialer::sim {
namespace {

using namespace std::chrono_literals;

constexpr microseconds faults_last{180s};
constexpr double calls_per_second = 5;

// Local time is UTC minus a whole number of hours: real zone data has its own tests.
class fixed_zones : public compliance::zone_rules {
 public:
  bool knows(std::string_view zone) const override { return zone.starts_with("Test/"); }
  std::optional<compliance::zone_offset> offset_at(std::string_view zone, utc_time at) const override {
    if (!knows(zone)) return std::nullopt;
    const int hours = zone == "Test/West" ? -8 : zone == "Test/Night" ? -13 : -5;
    return compliance::zone_offset{std::chrono::hours{hours}, at + std::chrono::hours{24 * 30}};
  }
  std::string version() const override { return "test"; }
};

e164 number_of(std::uint64_t n) {
  return e164::from_digits(12125550100 + n % 100 + n / 100 * 10'000'000);
}

}  // namespace

// An engine in one life: its memory, its requests on the way. Everything it sends carries a weak reference, so that a
// crash cuts what has not left yet.
struct world::engine_process : std::enable_shared_from_this<engine_process> {
  explicit engine_process(world& of) : in{of} {}

  void start() {
    engine::organisation_options options;
    options.seed = in.time_.random();
    options.batch_max = 1 + in.time_.random.below(64);
    options.look_ahead_min = 4 + in.time_.random.below(64);
    options.reserve = std::chrono::milliseconds{50 + in.time_.random.below(900)};
    compliance::rules_snapshot rules;
    rules.zones = std::make_shared<fixed_zones>();
    machine = std::make_unique<engine::organisation>(options, in.ledger_.take_over(), rules, in.time_.now());
    tick();
  }

  void step(engine::event what) {
    engine::effects out;
    machine->step(std::move(what), in.time_.now(), out);
    machine->step(engine::tick{}, in.time_.now(), out);
    carry_out(out);
    arm();
  }

  void tick() { step(engine::tick{}); }

  void arm() {
    const steady_time at = machine->next_tick();
    if (armed_for == at) return;
    armed_for = at;
    in.time_.after(at - in.time_.now().steady, [weak = weak_from_this(), at] {
      if (auto self = weak.lock(); self && self->armed_for == at) {
        self->armed_for = {};
        self->tick();
      }
    });
  }

  // The process hears of it later, if it still lives.
  void tell(microseconds delay, engine::event what) {
    auto held = std::make_shared<engine::event>(std::move(what));
    in.time_.after(delay, [weak = weak_from_this(), held] {
      if (auto self = weak.lock()) self->step(std::move(*held));
    });
  }

  bool down() const { return in.time_.elapsed() < in.outage_until_; }
  bool bites(double probability) { return in.faults_on_ && in.time_.random.chance(probability); }
  microseconds way() { return in.time_.between(100us, 5ms); }

  template <class Batch, class Answer>
  void commit(Batch batch) {
    const bool fails = down() || bites(in.faults_.commit_fails);
    const bool unknown = !fails && bites(in.faults_.commit_unknown);
    const microseconds there = bites(in.faults_.commit_slow) ? in.time_.between(10ms, 5s) : way();
    auto held = std::make_shared<Batch>(std::move(batch));
    // What was handed to the kernel arrives whether or not the process lives.
    in.time_.after(there, [&world = in, weak = weak_from_this(), held, fails, unknown] {
      Answer answer{held->number, engine::commit_result::failed};
      if (!fails) answer.result = world.ledger_.commit(*held);
      world.note(held->number ^ static_cast<std::uint64_t>(answer.result));
      // An unknown commit is read back by the ledger before the engine hears anything.
      const microseconds back = unknown ? world.time_.between(2s, 6s) : world.time_.between(100us, 5ms);
      if (auto self = weak.lock()) self->tell(back, answer);
    });
  }

  void carry_out(engine::effects& out) {
    if (out.ownership_lost) lost = true;
    for (auto& batch : out.decisions) commit<engine::decision_batch, engine::decisions_committed>(std::move(batch));
    for (auto& batch : out.outcomes) commit<engine::outcome_batch, engine::outcomes_committed>(std::move(batch));
    for (auto& request : out.loads) {
      const bool fails = down() || bites(in.faults_.load_fails);
      in.time_.after(way(), [&world = in, weak = weak_from_this(), request, fails] {
        engine::contacts_loaded loaded{!fails, {}};
        if (fails) {
          loaded.page.campaign = request.campaign;
          loaded.page.lane = request.lane;
        } else {
          loaded.page = world.ledger_.load(request);
        }
        if (auto self = weak.lock()) self->tell(self->way(), std::move(loaded));
      });
    }
    if (out.load_changes) {
      const bool fails = down() || bites(in.faults_.load_fails);
      in.time_.after(way(), [&world = in, weak = weak_from_this(), above = *out.load_changes, fails] {
        engine::changes_loaded loaded{!fails, {}};
        if (!fails) loaded.changes = world.ledger_.changes(above);
        if (auto self = weak.lock()) self->tell(self->way(), std::move(loaded));
      });
    }
    if (out.confirm_applied) {
      in.ledger_.applied_generation = std::max(in.ledger_.applied_generation, *out.confirm_applied);
      for (const auto& [number, generation] : in.opted_out_at_) {
        if (generation <= *out.confirm_applied && in.opt_out_confirmed_.emplace(number, in.time_.elapsed()).second) {
          ++in.result_.opt_outs_confirmed;
        }
      }
    }
    for (auto& call : out.sends) {
      auto ticket = std::make_shared<pending_send>(pending_send{std::move(call), false, false});
      unsent.push_back(ticket);
      by_attempt[ticket->call.attempt] = ticket;
    }
    for (const auto& veto : out.vetoes) {
      const auto ticket = by_attempt.find(veto.attempt);
      if (ticket == by_attempt.end() || ticket->second->claimed) continue;
      ticket->second->vetoed = true;
      ++in.result_.vetoes;
      answer_not_sent(veto.attempt, veto.why);
    }
    for (auto& question : out.questions) ask(question);
    for (const auto& slow : out.slowdowns) {
      if (slow.hold) {
        in.line_->hold(in.time_.now().steady + *slow.hold);
      } else {
        in.line_->slow_down(in.time_.now().steady, 30s);
      }
    }
    if (!out.sends.empty() || !out.vetoes.empty()) pull();
  }

  // --- what engine/sender does, in virtual time ---

  struct pending_send {
    engine::send_call call;
    bool vetoed;
    bool claimed;
  };

  void pull() {
    while (!unsent.empty()) {
      const std::shared_ptr<pending_send> ticket = unsent.front();
      const instant now = in.time_.now();
      if (ticket->vetoed || !ticket->call.permit.valid_at(now)) {
        unsent.pop_front();
        taken(*ticket);
        if (!ticket->vetoed) {
          ticket->vetoed = true;
          answer_not_sent(ticket->call.attempt, reason::permit_expired);
        }
        continue;
      }
      if (const steady_time at = in.line_->take(now.steady); at > now.steady) {
        in.time_.after(at - now.steady, [weak = weak_from_this()] {
          if (auto self = weak.lock()) self->pull();
        });
        return;
      }
      unsent.pop_front();
      taken(*ticket);
      ticket->claimed = true;
      write(*ticket);
    }
  }

  void taken(const pending_send& ticket) { tell(way(), engine::sends_taken{ticket.call.integration, 1}); }

  void answer_not_sent(attempt_id attempt, reason why) {
    carriers::create_answer answer;
    answer.what = carriers::answer_class::not_sent;
    answer.react = carriers::reaction::none;
    tell(0us, engine::create_answered{attempt, std::move(answer), why});
  }

  void write(pending_send& ticket) {
    const attempt_id attempt = ticket.call.attempt;
    const dial_permit permit = std::move(ticket.call.permit);
    if (bites(in.faults_.connect_fails)) {
      carriers::create_answer answer;
      answer.what = carriers::answer_class::not_sent;
      answer.react = carriers::reaction::retry;
      answer.circuit = true;
      tell(way(), engine::create_answered{attempt, std::move(answer), reason::none});
      return;
    }
    // Written: it arrives even if the process dies now.
    in.time_.after(way(), [&world = in, weak = weak_from_this(), attempt, contact = ticket.call.contact,
                           to = permit.to(), from = permit.caller_id(), epoch = machine->owner().epoch] {
      world.check_create(attempt, contact, to, from, epoch);
      world.carrier_.create(attempt, contact, to, from, [weak, attempt](carriers::create_answer answer) {
        if (auto self = weak.lock()) self->tell(1ms, engine::create_answered{attempt, std::move(answer), reason::none});
      });
    });
  }

  void ask(engine::carrier_question& question) {
    in.time_.after(in.time_.between(5ms, 100ms), [&world = in, weak = weak_from_this(), question] {
      auto self = weak.lock();
      if (const auto* look = std::get_if<engine::look_up>(&question)) {
        if (self) self->tell(5ms, engine::looked_up{look->attempt, world.carrier_.list(look->to, look->from)});
      } else if (const auto* fetch = std::get_if<engine::fetch_call>(&question)) {
        if (self) self->tell(5ms, engine::call_fetched{fetch->attempt, world.carrier_.fetch(fetch->call_ref)});
      } else if (const auto* end = std::get_if<engine::cancel_call>(&question)) {
        const auto how = world.carrier_.cancel(end->call_ref);
        if (self) self->tell(5ms, engine::call_canceled{end->attempt, end->call_ref, how});
      } else if (const auto* probe = std::get_if<engine::probe_account>(&question)) {
        if (self) self->tell(5ms, engine::account_probed{probe->integration, true});
      }
    });
  }

  world& in;
  std::unique_ptr<engine::organisation> machine;
  steady_time armed_for{};
  std::deque<std::shared_ptr<pending_send>> unsent;
  std::map<attempt_id, std::shared_ptr<pending_send>> by_attempt;
  bool lost = false;
};

world::world(std::uint64_t seed, bool verbose)
    : seed_{seed},
      verbose_{verbose},
      time_{seed},
      faults_{fault_plan::draw(time_.random)},
      ledger_{time_},
      carrier_{time_, faults_},
      line_{std::make_shared<carriers::call_budget>(carriers::carrier_kind::twilio, calls_per_second)} {}

world::~world() = default;

void world::set_up() {
  auto& config = ledger_.config;
  config.id = organisation_id{id128{1, 1}};
  config.generation = 1;
  const workspace_id workspace{id128{2, 1}};
  const agent_id agent{id128{3, 1}};
  const integration_id account{id128{4, 1}};
  config.workspaces = {{workspace, "workspace", 1}};
  config.agents = {{agent, workspace, "agent", true, "https://agent.example/answer", 0}};
  carriers::account carrier;
  carrier.id = account;
  carrier.base_url = "https://127.0.0.1:1";
  carrier.calls_per_second = calls_per_second;
  carrier.concurrent_calls_max = static_cast<std::uint32_t>(time_.random.chance(0.5) ? 0 : 5 + time_.random.below(20));
  config.accounts = {carrier};
  for (std::uint64_t i = 0; i < 3; ++i) {
    callerid::phone_number number;
    number.id = phone_number_id{id128{5, i + 1}};
    number.workspace = workspace;
    number.integration = account;
    number.number = e164::from_digits(14155550100 + i);
    number.status = callerid::number_status::active;
    number.capabilities = callerid::voice;
    number.outbound_enabled = true;
    number.calls_per_day_max = 0;
    number.calls_per_hour_max = 0;
    config.numbers.push_back(number);
    config.assignments.push_back({number.id, agent, workspace});
  }
  const std::uint64_t campaigns = 1 + time_.random.below(3);
  std::uint64_t next_contact = 0;
  for (std::uint64_t i = 0; i < campaigns; ++i) {
    campaigns::settings settings;
    settings.id = campaign_id{id128{6, i + 1}};
    settings.workspace = workspace;
    settings.agent = agent;
    settings.name = "campaign " + std::to_string(i);
    settings.state = campaigns::campaign_state::running;
    settings.weight = static_cast<std::uint16_t>(1 + time_.random.below(3));
    settings.redial_absent = time_.random.chance(0.5);
    settings.caller_id = static_cast<campaigns::caller_id_policy>(time_.random.below(3));
    for (retry_rule& rule : settings.retry) rule.delay = std::chrono::seconds{1 + time_.random.below(40)};
    config.campaigns.push_back(settings);
    const char* zones[] = {"Test/East", "Test/West", "Test/Night"};
    for (std::uint16_t lane = 0; lane < 3; ++lane) {
      compliance::place place;
      place.country = "US";
      place.zones = {zones[lane]};
      place.source = compliance::place_source::time_zone;
      config.lanes.push_back({settings.id, lane, place, contact_id{}});
    }
    const std::uint64_t contacts = 5 + time_.random.below(40);
    for (std::uint64_t n = 0; n < contacts; ++n) {
      // Campaigns share some numbers.
      const std::uint64_t number = time_.random.chance(0.1) ? time_.random.below(20) : next_contact;
      ++next_contact;
      ledger_.add_contact(settings.id, static_cast<std::uint16_t>(time_.random.below(3)),
                          contact_id{1000 * (i + 1) + n}, number_of(number));
    }
  }
}

void world::boot() {
  running_ = std::make_shared<engine_process>(*this);
  running_->start();
}

// kill -9: everything in memory is gone; what was handed to the kernel is not.
void world::crash() {
  ++result_.crashes;
  if (faults_on_ && time_.random.chance(faults_.usurped)) {
    undead_ = std::exchange(running_, nullptr);
    time_.after(time_.between(1s, 20s), [this] { undead_.reset(); });
  }
  running_.reset();
  // The call budget is measured at the carrier; a new process starts from an empty bucket one second later.
  time_.after(time_.between(1500ms, 5s), [this] {
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
    announce();
  }
  if (random.chance(0.1)) {
    const auto which = random.below(ledger_.config.campaigns.size());
    ledger_.change([&](auto& config) { config.campaigns[which].state = campaigns::campaign_state::paused; });
    announce();
    time_.after(time_.between(1s, 30s), [this, which, announce] {
      ledger_.change([&](auto& config) { config.campaigns[which].state = campaigns::campaign_state::running; });
      announce();
    });
  }
  if (random.chance(0.05)) {
    const auto which = random.below(ledger_.config.numbers.size());
    const bool on = !ledger_.config.numbers[which].outbound_enabled;
    ledger_.change([&](auto& config) { config.numbers[which].outbound_enabled = on; });
    announce();
  }
  if (random.chance(faults_.crashes / 2) && running_) crash();
  if (random.chance(faults_.outages / 12)) outage_until_ = time_.elapsed() + time_.between(1s, 20s);
  time_.after(5s, [this] { people(); });
}

void world::check_create(attempt_id attempt, contact_id contact, e164 to, e164 from, std::uint64_t epoch) {
  note(attempt.value);
  const bool of_the_undead = epoch != ledger_.epoch;
  const store::attempt_row* row = ledger_.find(attempt);
  if (row == nullptr) fail("a create left before its intent was durable");
  if (row->what.to != to || row->what.from != from || row->what.contact != contact) {
    fail("a create differs from its intent");
  }
  for (const carrier::call& call : carrier_.calls()) {
    if (call.attempt == attempt) fail("one attempt was sent twice");
    if (call.to == to && call.ended > time_.elapsed() && !of_the_undead) fail("two calls to one number at once");
  }
  // A request of a replaced engine is the residue that SAFETY states: its new owner holds it in doubt.
  if (of_the_undead) {
    if (row->closed_at && row->closed_as == engine::outcome_kind::absent) fail("declared absent, then sent");
  } else if (row->closed_at) {
    fail("a create for an attempt that is closed");
  }
  for (const auto& [id, other] : ledger_.attempts()) {
    if (id != attempt && other.what.contact == contact && !other.closed_at) {
      fail("a contact is redialed while an earlier attempt is open");
    }
  }
  if (const auto confirmed = opt_out_confirmed_.find(to);
      confirmed != opt_out_confirmed_.end() && confirmed->second < time_.elapsed() && !of_the_undead) {
    fail("a create for " + to.text() + " after its opt-out was acknowledged");
  }
  const auto& lanes = ledger_.config.lanes;
  const auto lane = std::find_if(lanes.begin(), lanes.end(), [&](const auto& each) {
    return each.campaign == row->what.campaign && each.lane == row->what.lane;
  });
  const int hours = lane->where.zones.front() == "Test/West"    ? -8
                    : lane->where.zones.front() == "Test/Night" ? -13
                                                                : -5;
  const auto local = time_.now().utc + std::chrono::hours{hours};
  const auto since_midnight = local - std::chrono::floor<std::chrono::days>(local);
  if (since_midnight < 8h || since_midnight >= 21h + 1s) fail("a create outside the calling window");
  unsigned today = 0;
  for (const carrier::call& call : carrier_.calls()) today += call.to == to;
  if (today >= 3) fail("more than three attempts to one number in 24 hours");
  const auto in_window =
      std::count_if(creates_.begin(), creates_.end(), [&](microseconds at) { return at > time_.elapsed() - 1s; });
  if (in_window >= static_cast<std::ptrdiff_t>(calls_per_second)) fail("above the account's calls per second");
  creates_.push_back(time_.elapsed());
  const auto ceiling = ledger_.config.accounts.front().concurrent_calls_max;
  const auto live = std::count_if(carrier_.calls().begin(), carrier_.calls().end(),
                                  [&](const carrier::call& call) { return call.ended > time_.elapsed(); });
  if (ceiling != 0 && live >= ceiling && !of_the_undead) fail("above the account's concurrent calls");
}

void world::check_liveness() {
  ledger_.check_conservation();
  for (const auto& [id, row] : ledger_.attempts()) {
    if (!row.closed_at) fail("attempt " + id.text() + " is still open an hour after the faults stopped");
  }
  std::map<attempt_id, int> calls;
  for (const carrier::call& call : carrier_.calls()) ++calls[call.attempt];
  for (const auto& [id, count] : calls) {
    if (count != 1) fail("an attempt with two calls");
    const store::attempt_row* row = ledger_.find(id);
    const bool accounted = row->closed_as == engine::outcome_kind::ended;
    if (!accounted) fail("a call that the ledger does not account for");
  }
  std::set<std::string> refs;
  for (const auto& [id, row] : ledger_.attempts()) {
    if (row.call_ref.empty()) continue;
    if (!refs.insert(row.call_ref).second) fail("call " + row.call_ref + " on two attempts");
    if (row.closed_as == engine::outcome_kind::ended && calls[id] != 1) fail("an ended attempt without a call");
  }
  for (const auto& [id, row] : ledger_.contacts()) {
    const bool night = row.lane == 2;
    if (night && row.state != store::contact_state::fresh) fail("a contact in a closed zone was touched");
    if (!night && row.state != store::contact_state::done) {
      const auto tried = std::count_if(ledger_.attempts().begin(), ledger_.attempts().end(), [&](const auto& each) {
        return each.second.what.to == row.number && each.second.closed_as != engine::outcome_kind::not_sent;
      });
      const bool capped = tried >= 3;
      if (!capped) fail("contact " + id.text() + " is not done an hour after the faults stopped");
    }
  }
  if (time_.elapsed() < microseconds{1h}) fail("the run ended early");
}

run_result world::run() {
  set_up();
  carrier_.report = [this](attempt_id attempt, carriers::call_report report) {
    note(attempt.value + static_cast<std::uint64_t>(report.phase));
    // The inbox is durable before the carrier is answered; a dead engine hears nothing.
    if (running_) running_->tell(time_.between(1ms, 20ms), engine::call_reported{attempt, std::move(report)});
  };
  try {
    boot();
    time_.after(1s, [this] { people(); });
    time_.run_until(faults_last);
    faults_on_ = false;
    faults_ = {};
    outage_until_ = microseconds{0};
    undead_.reset();
    if (!running_ || running_->lost) boot();
    ledger_.change([](auto& config) {
      for (auto& campaign : config.campaigns) campaign.state = campaigns::campaign_state::running;
      for (auto& number : config.numbers) number.outbound_enabled = true;
    });
    running_->tell(0us, engine::changes_announced{});
    time_.run_until(faults_last + 1h + 10min);
    check_liveness();
  } catch (const violation& broken) {
    if (verbose_) print();
    throw violation{"seed " + std::to_string(seed_) + " at " + std::to_string(time_.elapsed().count()) +
                    " us: " + broken.what()};
  }
  const auto counters = running_->machine->view(time_.now()).counters;
  result_.calls = carrier_.calls().size();
  for (const auto& [id, row] : ledger_.attempts()) {
    result_.doubts += row.kinds.contains(engine::outcome_kind::in_doubt);
    result_.absent += row.kinds.contains(engine::outcome_kind::absent);
    result_.recovered += row.kinds.contains(engine::outcome_kind::adopted);
  }
  result_.stale_batches = counters.stale_batches;
  return result_;
}

// The whole record, to read what went wrong.
void world::print() const {
  const auto seconds = [](microseconds at) { return static_cast<double>(at.count()) / 1e6; };
  const microseconds begin = time_.now().utc.time_since_epoch() - time_.elapsed();
  for (const auto& [id, row] : ledger_.attempts()) {
    std::printf("%s contact %s to %s from %s decided %.3f durable %.3f ref %s closed %.3f as %d kinds",
                id.text().c_str(), row.what.contact.text().c_str(), row.what.to.text().c_str(),
                row.what.from.text().c_str(), seconds(row.what.decided_at.time_since_epoch() - begin),
                seconds(row.durable_at), row.call_ref.c_str(), seconds(row.closed_at.value_or(microseconds{0})),
                static_cast<int>(row.closed_as ? *row.closed_as : engine::outcome_kind{}));
    for (const auto kind : row.kinds) std::printf(" %d", static_cast<int>(kind));
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

void world::fail(const std::string& what) const {
  throw violation{what};
}

}  // namespace dialer::sim
