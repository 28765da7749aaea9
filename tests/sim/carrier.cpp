#include "tests/sim/carrier.hpp"

#include <algorithm>

namespace dialer::sim {
namespace {

using namespace std::chrono_literals;

carriers::create_answer answered(carriers::answer_class what, carriers::reaction react, int status) {
  carriers::create_answer answer;
  answer.what = what;
  answer.react = react;
  answer.http_status = status;
  return answer;
}

}  // namespace

void carrier::create(const request& what, std::function<void(carriers::create_answer)> answer) {
  using carriers::answer_class;
  using carriers::reaction;
  random_source& random = time_.random;
  const auto delay = random.chance(faults_.answer_slow) ? time_.between(1s, 9s) : time_.between(5ms, 200ms);
  const auto say = [&](const char* name, carriers::create_answer said) {
    saw(std::string{"answer "} + name);
    time_.after(delay, [answer, said = std::move(said)] { answer(said); });
  };
  if (random.chance(faults_.answer_429)) {
    auto busy = answered(answer_class::not_sent, reaction::throttle_rate, 429);
    if (random.chance(0.5)) busy.retry_after = 2000ms;
    return say("throttled", std::move(busy));
  }
  if (random.chance(faults_.answer_full)) {
    return say("full", answered(answer_class::not_sent, reaction::throttle_concurrency, 429));
  }
  if (random.chance(faults_.answer_stopped)) stopped_until_ = time_.elapsed() + time_.between(1s, 30s);
  if (!usable()) return say("stopped", answered(answer_class::rejected, reaction::stop_account, 401));
  if (random.chance(faults_.answer_caller_id)) {
    const bool for_good = random.chance(0.5);
    return say(for_good ? "caller ID" : "caller ID restricted",
               answered(answer_class::rejected, for_good ? reaction::caller_id : reaction::rest_caller_id, 400));
  }
  if (random.chance(faults_.answer_config)) {
    return say("config", answered(answer_class::rejected, reaction::config, 400));
  }
  if (random.chance(faults_.answer_barred)) {
    auto barred = answered(answer_class::rejected, reaction::retry, 403);
    barred.circuit = true;
    return say("barred", std::move(barred));
  }
  if (random.chance(faults_.answer_refused)) {
    const bool number = random.chance(0.5);
    auto refused = answered(answer_class::rejected, number ? reaction::fail_number : reaction::fail_here, 400);
    refused.outcome = number ? disposition::invalid_number : disposition::blocked;
    return say("refused", std::move(refused));
  }
  auto fault = answered(answer_class::unknown, reaction::reconcile, 500);
  fault.circuit = true;
  if (random.chance(faults_.answer_500_not_acted)) return say("500, no call", std::move(fault));
  if (random.chance(faults_.answer_denied)) {
    place_denied(what);
    return say("denied", std::move(fault));
  }
  place(what);
  auto yes = answered(answer_class::accepted, reaction::none, 201);
  yes.call_ref = calls_.back().ref;
  const microseconds queued = calls_.back().starts - calls_.back().created;
  // An estimate, and not a good one.
  yes.queue_time =
      std::chrono::floor<std::chrono::milliseconds>(time_.between(0s, random.chance(0.5) ? queued / 8 : queued));
  if (random.chance(faults_.answer_500_acted)) return say("500, and a call", std::move(fault));
  if (random.chance(faults_.answer_lost)) {
    saw("answer lost");
    // The client gives up after its own time limit.
    fault.http_status = 0;
    time_.after(10s, [answer, fault] { answer(fault); });
    if (random.chance(faults_.answer_late)) {
      time_.after(time_.between(10s, 40s), [answer, yes] { answer(yes); });
    }
    return;
  }
  say("yes", std::move(yes));
}

carrier::call carrier::make(const request& what) const {
  call made;
  made.ref = "CA" + std::to_string(calls_.size() + 1);
  made.attempt = what.attempt;
  made.contact = what.contact;
  made.account = what.account;
  made.to = what.to;
  made.from = what.from;
  made.created = time_.elapsed();
  made.starts = made.created;
  made.kind = what.kind;
  return made;
}

void carrier::place_denied(const request& what) {
  call made = make(what);
  made.denied = true;
  made.ended = made.created + time_.between(5s, 60s);
  made.how = disposition::no_answer;
  calls_.push_back(made);
  // Told twice, because a dead engine hears nothing.
  const auto told = time_.between(400s, 1200s);
  for (const auto at : {told, told + 60s}) {
    time_.after(at, [this, made] { report(made.attempt, report_of(made, carriers::call_phase::ended)); });
  }
}

void carrier::place(const request& what) {
  random_source& random = time_.random;
  call made = make(what);
  const bool waits = what.kind == carriers::carrier_kind::twilio && random.chance(faults_.queued);
  const auto queue = waits ? time_.between(0s, 300s) : microseconds{0};
  made.starts = made.created + queue;
  const auto ring = time_.between(1s, 25s);
  const bool answers = random.chance(answer_rate(what.from));
  const auto talk = !answers                                                             ? microseconds{0}
                    : random.chance(time_.elapsed() < faults_.listing_back ? 0.4 : 0.01) ? time_.between(300s, 900s)
                                                                                         : time_.between(1s, 60s);
  made.ended = made.starts + ring + talk;
  made.how = answers ? disposition::answered : random.chance(0.5) ? disposition::no_answer : disposition::busy;
  if (answers) made.answers = made.starts + ring;
  made.cause_tells = random.chance(0.5);
  calls_.push_back(made);
  const std::size_t index = calls_.size() - 1;
  time_.after(queue, [this, index, waits] {
    if (waits && calls_[index].ended > time_.elapsed()) starts(calls_[index]);
    tell(index, carriers::call_phase::initiated);
  });
  time_.after(queue + ring / 2, [this, index] { tell(index, carriers::call_phase::ringing); });
  if (answers) time_.after(queue + ring, [this, index] { tell(index, carriers::call_phase::answered); });
  time_.after(queue + ring + talk, [this, index] { tell(index, carriers::call_phase::ended); });
}

void carrier::tell(std::size_t index, carriers::call_phase phase) {
  random_source& random = time_.random;
  if (calls_[index].ended < time_.elapsed()) return;  // hung up on meanwhile
  const int copies = random.chance(faults_.report_lost) ? 0 : random.chance(faults_.report_twice) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto delay = random.chance(faults_.report_late) ? time_.between(1s, 120s) : time_.between(1ms, 50ms);
    time_.after(delay, [this, index, phase] { report(calls_[index].attempt, event_of(calls_[index], phase)); });
  }
}

carriers::call_report carrier::report_of(const call& which, carriers::call_phase phase) const {
  carriers::call_report said;
  said.call_ref = which.ref;
  said.phase = phase;
  said.if_answered = which.was_answered() ? disposition::answered : which.canceled ? disposition::canceled : which.how;
  said.if_unanswered = said.if_answered;
  said.duration = 1s;
  return said;
}

// Telnyx's hangup does not say whether the call had been answered, but by a cause that fits only one of the two.
carriers::call_report carrier::event_of(const call& which, carriers::call_phase phase) const {
  carriers::call_report said = report_of(which, phase);
  if (which.kind != carriers::carrier_kind::telnyx || phase != carriers::call_phase::ended) return said;
  const bool cleared = said.if_answered == disposition::answered || said.if_answered == disposition::no_answer;
  if (!cleared || which.cause_tells) return said;
  said.if_answered = disposition::answered;
  said.if_unanswered = disposition::no_answer;
  said.maybe_answered = true;
  return said;
}

carriers::call_phase carrier::phase_of(const call& which) const {
  if (time_.elapsed() >= which.ended) return carriers::call_phase::ended;
  if (time_.elapsed() < which.starts) return carriers::call_phase::queued;
  const bool tells = which.kind == carriers::carrier_kind::twilio;  // Telnyx says that it is up, and no more
  return tells && time_.elapsed() >= which.answers ? carriers::call_phase::answered : carriers::call_phase::initiated;
}

bool carrier::cannot_be_asked() const {
  if (time_.elapsed() >= faults_.listing_back && !time_.random.chance(faults_.listing_fails)) return false;
  saw("carrier cannot be asked");
  return true;
}

// By its reference a call is found no sooner than in a listing.
bool carrier::not_shown_yet(const call& which) const {
  if (which.created + 20s <= time_.elapsed() || !time_.random.chance(faults_.listing_lags)) return false;
  saw("404 for a call that is up");
  return true;
}

carriers::call_page carrier::list(integration_id account, carriers::carrier_kind kind, e164 to, e164 from,
                                  const std::string& next) const {
  const bool telnyx = kind == carriers::carrier_kind::telnyx;
  const std::size_t page_size = telnyx ? 10 : 2;
  carriers::call_page page;
  random_source& random = time_.random;
  if (cannot_be_asked()) return page;
  page.ok = true;
  const auto by_its_clock = [&](microseconds at) {
    return std::chrono::floor<std::chrono::seconds>(time_.true_time(at) + faults_.carrier_clock);
  };
  page.carrier_time = by_its_clock(time_.elapsed());
  const auto lag = random.chance(faults_.listing_lags) ? time_.between(0s, 20s) : microseconds{0};
  for (auto which = calls_.rbegin(); which != calls_.rend(); ++which) {
    if (which->account != account || which->created + lag > time_.elapsed() || which->denied) continue;
    carriers::listed_call listed;
    listed.report = report_of(*which, phase_of(*which));
    if (telnyx) listed.token = which->attempt.text();
    // Telnyx lists whatever is up on the connection, by its token alone; then the events of one number.
    if (!telnyx || listed.report.phase == carriers::call_phase::ended) {
      if (which->to != to || (which->from != from && !telnyx)) continue;
      listed.to = which->to;
      listed.from = which->from;
      listed.created_at = by_its_clock(which->created);
    }
    page.calls.push_back(listed);
    if (random.chance(faults_.listing_twice)) page.calls.push_back(std::move(listed));
  }
  const std::size_t begin = std::min(next.empty() ? 0 : std::stoul(next), page.calls.size());
  const std::size_t end = std::min(begin + page_size, page.calls.size());
  if (end < page.calls.size()) {
    page.next = std::to_string(end);
    saw("listing of several pages");
  }
  page.calls = {page.calls.begin() + static_cast<std::ptrdiff_t>(begin),
                page.calls.begin() + static_cast<std::ptrdiff_t>(end)};
  return page;
}

std::optional<carriers::call_report> carrier::fetch(const std::string& ref) const {
  const auto which = std::ranges::find(calls_, ref, &call::ref);
  if (which == calls_.end()) return std::nullopt;
  const bool shown = !not_shown_yet(*which);
  if (shown && !cannot_be_asked()) return report_of(*which, phase_of(*which));
  which->could_not_be_asked = true;
  if (!shown) return carriers::no_such_call();
  return std::nullopt;
}

carriers::cancel_result carrier::cancel(const std::string& ref, bool ringing_only) {
  const bool deaf = cannot_be_asked();
  for (std::size_t index = 0; index < calls_.size(); ++index) {
    call& which = calls_[index];
    if (which.ref != ref) continue;
    const bool shown = !not_shown_yet(which);
    which.could_not_be_asked |= deaf || !shown;
    if (deaf) return carriers::cancel_result::failed;
    if (!shown) return carriers::cancel_result::unknown_call;
    if (which.ended <= time_.elapsed()) return carriers::cancel_result::already_ended;
    const bool talks = which.answers <= time_.elapsed();
    if (talks && ringing_only && which.kind == carriers::carrier_kind::twilio) {
      saw("answered before it was canceled");
      return carriers::cancel_result::already_ended;
    }
    if (talks) cut(which);
    which.canceled = true;
    which.ended = time_.elapsed();
    if (which.ended < which.starts) {
      saw("canceled in the carrier's queue");  // and nobody is told
    } else {
      tell(index, carriers::call_phase::ended);
    }
    return carriers::cancel_result::done;
  }
  return deaf ? carriers::cancel_result::failed : carriers::cancel_result::unknown_call;
}

}  // namespace dialer::sim
