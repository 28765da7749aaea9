#include "carriers/call.hpp"

#include <utility>

namespace dialer::carriers {

void join(call_report& known, call_report&& more) {
  const bool answered = known.phase == call_phase::answered || more.phase == call_phase::answered;
  const bool machine = known.machine || more.machine;
  const bool abandoned = known.abandoned || more.abandoned;
  const bool surer = more.phase == known.phase && known.maybe_answered && !more.maybe_answered;
  if (more.phase > known.phase || surer) known = std::move(more);
  known.machine = machine;
  known.abandoned = abandoned;
  if (!answered || known.phase != call_phase::ended) return;
  known.if_unanswered = known.if_answered;
  known.maybe_answered = false;
}

call_report no_such_call() {
  call_report report;
  report.phase = call_phase::ended;
  report.if_answered = disposition::unknown;
  report.if_unanswered = disposition::unknown;
  return report;
}

bool is_no_such_call(const call_report& report) {
  return report.phase == call_phase::ended && report.if_answered == disposition::unknown;
}

}  // namespace dialer::carriers
