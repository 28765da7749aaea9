// A number that is labelled, through everything between a carrier's report and the next call's caller ID: it is found
// by its own calls, rests, is not shown, and comes back.

#include <algorithm>

#include "tests/sim/engine_process.hpp"
#include "tests/sim/world.hpp"
#include "tests/sim/zones.hpp"

namespace dialer::sim {
namespace {

constexpr std::size_t numbers = 4;
constexpr double calls_per_hour = 400;  // of each number
constexpr double answered = 0.35;
constexpr std::uint64_t contacts = 40'000;   // more than the calls of eight hours, and some are in no allowed country
constexpr microseconds labelled_at{5h};      // a day's calls tell what is usual
constexpr microseconds found_within{90min};  // within an hour nearly always: the test counts

e164 shown(std::size_t which) {
  return e164::from_digits(14155550100 + which);
}

}  // namespace

void world::set_up_labelled() {
  labelled_run_ = true;
  faults_ = {};
  ledger_.conserves_every = 500;
  auto& config = ledger_.config;
  config.id = organisation_id{id128{1, 1}};
  config.generation = config.settings_version = 1;
  config.rules.zones = std::make_shared<fixed_zones>();
  config.workspaces.push_back({workspace_id{id128{2, 1}}, "workspace", 1});
  config.agents.push_back(
      {agent_id{id128{3, 1}}, config.workspaces[0].id, "agent", true, "https://agent.example/answer", 0});
  carriers::account account;
  account.id = integration_id{id128{4, 1}};
  account.base_url = "https://127.0.0.1:1";
  account.calls_per_second = 5;
  config.accounts.push_back(account);
  for (std::size_t i = 0; i < numbers; ++i) {
    callerid::phone_number number;
    number.id = phone_number_id{id128{5, i + 1}};
    number.workspace = config.workspaces[0].id;
    number.integration = account.id;
    number.number = shown(i);
    number.status = callerid::number_status::active;
    number.capabilities = voice;
    number.outbound_enabled = true;
    number.calls_per_day_max = number.calls_per_hour_max = number.concurrent_calls_max = 0;
    config.numbers.push_back(number);
    config.assignments.push_back({number.id, config.agents[0].id, number.workspace});
  }
  campaigns::settings settings;
  settings.id = campaign_id{id128{6, 1}};
  settings.workspace = config.workspaces[0].id;
  settings.agent = config.agents[0].id;
  settings.name = "campaign";
  settings.state = campaigns::campaign_state::running;
  settings.caller_id = campaigns::caller_id_policy::least_used_today;
  settings.calls_per_second_max = numbers * calls_per_hour / 3600;
  settings.attempts_per_contact_max = 1;
  config.campaigns.push_back(settings);
  compliance::place place;
  place.country = "US";
  place.zones = {std::string{zones_of_test[0].name}};
  place.source = compliance::place_source::time_zone;
  config.lanes.push_back({settings.id, 0, place, contact_id{}});
  for (std::uint64_t n = 0; n < contacts; ++n) {
    ledger_.add_contact(settings.id, 0, contact_id{1 + n},
                        e164::from_digits(12125550100 + n % 100 + n / 100 * 10'000'000));
  }
}

labelled_result::count world::calls_between(microseconds from, microseconds to) const {
  labelled_result::count found;
  for (const carrier::call& call : carrier_.calls()) {
    if (call.created < from || call.created >= to) continue;
    ++found.calls;
    found.answers += call.was_answered();
  }
  return found;
}

std::uint32_t world::calls_showing(e164 number, microseconds from, microseconds to) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(carrier_.calls(), [&](const carrier::call& call) {
    return call.from == number && call.created >= from && call.created < to;
  }));
}

labelled_result world::run_labelled() {
  set_up_labelled();
  connect();
  try {
    boot();
    return through_label_and_rest();
  } catch (const violation& broken) {
    throw violation{"seed " + std::to_string(seed_) + " at " + std::to_string(time_.elapsed().count()) +
                    " us: " + broken.what()};
  }
}

labelled_result world::through_label_and_rest() {
  using callerid::health;
  labelled_result found;
  const e164 number = shown(0);
  const auto state = [&](e164 of) {
    const callerid::health_record* known = ledger_.health_of(of);
    return known == nullptr ? health::healthy : known->state;
  };
  bool labelled = false;
  carrier_.answer_rate = [&](e164 from) { return labelled && from == number ? answered / 2 : answered; };
  time_.run_until(labelled_at);
  if (state(number) == health::resting) fail("a number that nobody labelled rests");
  found.before = calls_between(10min, labelled_at);

  labelled = true;
  while (state(number) != health::resting) {
    if (time_.elapsed() >= labelled_at + found_within) fail("a labelled number does not rest");
    time_.run_until(time_.elapsed() + 1min);
  }
  const microseconds rested_at = time_.elapsed();
  found.to_rest = rested_at - labelled_at;
  found.labelled = calls_between(labelled_at, rested_at);
  found.calls_to_rest = calls_showing(number, labelled_at, rested_at);

  // It is not shown from now on (check_create), in another life of the engine neither.
  time_.run_until(rested_at + 20min);
  crash();
  time_.run_until(rested_at + 1h);
  found.after = calls_between(rested_at, rested_at + 1h);
  for (std::size_t other = 1; other < numbers; ++other) found.others_rested += state(shown(other)) == health::resting;
  const callerid::health_record resting = *ledger_.health_of(number);
  if (resting.state != health::resting || !resting.until) fail("the rest is over after an hour");
  const auto length = *resting.until - resting.since;
  if (length < 48h || length > 72h) fail("a rest that is not 48 to 72 hours long");

  // Nothing happens for two days; then an engine that was not there before ends the rest, to the second or so.
  running_.reset();
  labelled = false;
  const auto at = [&](utc_time when) {
    return std::chrono::duration_cast<microseconds>(when - time_.true_time(microseconds{0}));
  };
  time_.run_until(at(*resting.until) - 1min);
  boot();
  time_.run_until(at(*resting.until) - 1s);
  if (state(number) != health::resting) fail("the rest ends too soon");
  time_.run_until(at(*resting.until) + 15s);
  if (state(number) != health::watch) fail("the rest does not end");
  if (ledger_.health_of(number)->since != *resting.until) fail("the rest ends at another instant than was said");

  running_.reset();
  microseconds opens = at(*resting.until) + 1min;
  while (!may_ring(0, time_.true_time(opens)) || !may_ring(0, time_.true_time(opens + 10min))) opens += 10min;
  time_.run_until(opens);
  boot();
  time_.run_until(opens + 10min);
  if (calls_showing(number, opens, time_.elapsed()) == 0) fail("a number that is back from its rest is not shown");
  return found;
}

}  // namespace dialer::sim
