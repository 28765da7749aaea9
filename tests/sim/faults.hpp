#pragma once

#include "model/random.hpp"
#include "tests/sim/schedule.hpp"

namespace dialer::sim {

/// Which faults bite in one run, each as a probability per occasion. A random subset is drawn per seed (swarm testing):
/// uniform faults hide what only a rare mixture shows.
struct fault_plan {
  double commit_fails = 0;    ///< certainly not written
  double commit_unknown = 0;  ///< answer lost; the ledger reads back, seconds later
  double commit_slow = 0;     ///< up to 5 s
  double load_fails = 0;
  double outages = 0;      ///< chance of a database outage in each minute
  double answer_lost = 0;  ///< the carrier acted, the answer never comes
  double answer_500_acted = 0;
  double answer_500_not_acted = 0;
  double answer_429 = 0;
  double answer_full = 0;       ///< too many calls at once
  double answer_caller_id = 0;  ///< this caller ID may not be used
  double answer_config = 0;     ///< a request of ours the carrier can't read
  double answer_stopped = 0;    ///< the account is closed for a while
  double answer_barred = 0;     ///< refused now, may be tried again later (Telnyx 403)
  double answer_late = 0;       ///< after the client gave up, the answer comes all the same
  double answer_refused = 0;    ///< invalid number
  double answer_denied = 0;     ///< acted on and lost, never listed; its callback comes when the doubt is long over
  double answer_slow = 0;
  double queued = 0;  ///< taken, and started up to five minutes later (Twilio)
  double connect_fails = 0;
  double report_lost = 0;
  double report_late = 0;
  double report_twice = 0;
  double listing_fails = 0;
  double listing_twice = 0;  ///< a call listed twice: among the active ones, then in the events
  double listing_lags = 0;   ///< chance that listings run behind by up to 20 s
  double crashes = 0;        ///< chance of a crash in each 10 s
  double usurped = 0;        ///< chance, per crash, that the old engine is not dead but lives on for a while

  double clock_steps = 0;         ///< chance, each 5 s, that our wall clock is set up to 10 s off or right again
  microseconds listing_back{0};   ///< the carrier can't be asked before this instant
  microseconds carrier_clock{0};  ///< the carrier's clock less ours

  static fault_plan draw(random_source& random) {
    fault_plan plan;
    const auto maybe = [&](double& which, double most) {
      if (random.chance(0.5)) which = most * static_cast<double>(random.below(1000)) / 1000.0;
    };
    maybe(plan.commit_fails, 0.2);
    maybe(plan.commit_unknown, 0.2);
    maybe(plan.commit_slow, 0.2);
    maybe(plan.load_fails, 0.3);
    maybe(plan.outages, 0.5);
    maybe(plan.answer_lost, 0.3);
    maybe(plan.answer_500_acted, 0.3);
    maybe(plan.answer_500_not_acted, 0.2);
    maybe(plan.answer_429, 0.3);
    maybe(plan.answer_refused, 0.1);
    maybe(plan.answer_full, 0.1);
    maybe(plan.answer_caller_id, 0.02);
    maybe(plan.answer_config, 0.3);
    maybe(plan.answer_stopped, 0.02);
    maybe(plan.answer_barred, 0.1);
    maybe(plan.answer_late, 1.0);
    maybe(plan.listing_twice, 0.5);
    maybe(plan.answer_slow, 0.3);
    maybe(plan.queued, 0.8);
    maybe(plan.connect_fails, 0.2);
    maybe(plan.report_lost, 0.5);
    maybe(plan.report_late, 0.5);
    maybe(plan.report_twice, 0.5);
    maybe(plan.listing_fails, 0.3);
    maybe(plan.listing_lags, 0.5);
    maybe(plan.crashes, 0.7);
    maybe(plan.usurped, 0.5);
    if (random.chance(0.1)) {
      plan.listing_back = std::chrono::seconds{320 + random.below(300)};
      if (random.chance(0.5)) plan.report_lost = 0.95;  // nothing is heard of a call but by asking
    }
    if (random.chance(0.5)) plan.carrier_clock = std::chrono::seconds{random.below(1201)} - std::chrono::seconds{600};
    maybe(plan.clock_steps, 0.5);
    maybe(plan.answer_denied, 0.05);
    return plan;
  }
};

}  // namespace dialer::sim
