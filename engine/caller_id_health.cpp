// What calls say of the numbers they show, and what follows: a number that rests, or comes back, is written down with
// the outcomes.

#include <algorithm>
#include <functional>

#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

/// Nothing about the number's label shows in a call that failed on its way or was taken back.
bool reached(disposition how) {
  switch (how) {
    case disposition::answered:
    case disposition::voicemail:
    case disposition::busy:
    case disposition::no_answer:
    case disposition::rejected: return true;
    case disposition::failed:
    case disposition::invalid_number:
    case disposition::canceled:
    case disposition::blocked:
    case disposition::unknown: break;
  }
  return false;
}

/// `duration_s` 0: the carrier did not say.
callerid::call_end end_of(disposition how, std::uint32_t duration_s) {
  callerid::call_end end;
  end.reached = reached(how);
  end.answered = how == disposition::answered;
  end.short_call = end.answered && duration_s != 0 && std::chrono::seconds{duration_s} < callerid::short_call_below;
  return end;
}

/// Numbers are compared by the calls of one campaign: its list decides more than anything how many answer.
callerid::health_book::pool_key pool_of(campaign_id campaign) {
  return std::hash<campaign_id>{}(campaign);
}

}  // namespace

void organisation::count_for_health(const attempt_run& attempt, disposition how, std::uint32_t duration_s,
                                    instant now) {
  callerid::call_end end = end_of(how, duration_s);
  end.refused = attempt.caller_id_signal;
  end.opted_out = attempt.opted_out;
  const intent& call = attempt.what;
  if (health_.count(attempt.caller_id, call.from, pool_of(call.campaign), call.to, end, now.utc)) {
    note_health(attempt.caller_id, now);
  }
}

void organisation::rest_caller_id(const attempt_run& attempt, instant now) {
  const callerid::call_end end{.reached = false, .refused = true, .restricted = true};
  const intent& call = attempt.what;
  if (health_.count(attempt.caller_id, call.from, pool_of(call.campaign), call.to, end, now.utc)) {
    note_health(attempt.caller_id, now);
  }
}

void organisation::recount_health(const past_attempt& past, callerid::number_index number) {
  if (!past.ended_as) return;
  health_.recount(number, past.from, pool_of(past.campaign), past.to, end_of(*past.ended_as, past.duration_s),
                  past.ended_at);
}

// People and earlier owners decided these; what this owner decided since is newer.
void organisation::restore_health(instant now) {
  for (const callerid::health_record& record : snapshot_.number_health) {
    const callerid::number_index number = pools_.index_of(record.number);
    if (health_.restore(number, record)) pools_.limit(number, health_.limits(number, now.utc));
  }
}

void organisation::advance_health(instant now) {
  for (const callerid::health_book::change& change : health_.advance(now.utc)) {
    if (change.state) {
      note_health(change.number, now);
    } else {
      pools_.limit(change.number, health_.limits(change.number, now.utc));
    }
  }
}

void organisation::note_health(callerid::number_index number, instant now) {
  pools_.limit(number, health_.limits(number, now.utc));
  const callerid::health_record& record = health_.record(number);
  const auto noted = std::ranges::find(closing_.numbers, record.number, &callerid::health_record::number);
  if (noted == closing_.numbers.end()) {
    closing_.numbers.push_back(record);
  } else {
    *noted = record;
  }
}

}  // namespace dialer::engine
