#include "tests/sim/carrier.hpp"

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

void carrier::create(attempt_id attempt, contact_id contact, e164 to, e164 from,
                     std::function<void(carriers::create_answer)> answer) {
  using carriers::answer_class;
  using carriers::reaction;
  random_source& random = time_.random;
  const auto delay = random.chance(faults_.answer_slow) ? time_.between(1s, 9s) : time_.between(5ms, 200ms);
  const auto say = [&](carriers::create_answer what) {
    time_.after(delay, [answer, what = std::move(what)] { answer(what); });
  };
  if (random.chance(faults_.answer_429)) {
    auto busy = answered(answer_class::not_sent, reaction::throttle_rate, 429);
    if (random.chance(0.5)) busy.retry_after = 2000ms;
    return say(std::move(busy));
  }
  if (random.chance(faults_.answer_refused)) {
    auto refused = answered(answer_class::rejected, reaction::fail_number, 400);
    refused.outcome = disposition::invalid_number;
    return say(std::move(refused));
  }
  if (random.chance(faults_.answer_500_not_acted)) {
    auto fault = answered(answer_class::unknown, reaction::reconcile, 500);
    fault.circuit = true;
    return say(std::move(fault));
  }
  place(attempt, contact, to, from);
  if (random.chance(faults_.answer_500_acted)) {
    auto fault = answered(answer_class::unknown, reaction::reconcile, 500);
    fault.circuit = true;
    return say(std::move(fault));
  }
  if (random.chance(faults_.answer_lost)) {
    // The client gives up after its own time limit.
    time_.after(10s, [answer] {
      auto lost = answered(answer_class::unknown, reaction::reconcile, 0);
      lost.circuit = true;
      answer(lost);
    });
    return;
  }
  auto yes = answered(answer_class::accepted, reaction::none, 201);
  yes.call_ref = calls_.back().ref;
  say(std::move(yes));
}

void carrier::place(attempt_id attempt, contact_id contact, e164 to, e164 from) {
  random_source& random = time_.random;
  call made;
  made.ref = "CA" + std::to_string(calls_.size() + 1);
  made.attempt = attempt;
  made.contact = contact;
  made.to = to;
  made.from = from;
  made.created = time_.elapsed();
  const auto ring = time_.between(1s, 25s);
  const bool answers = random.chance(0.4);
  const auto talk = answers ? time_.between(1s, 60s) : microseconds{0};
  made.ended = made.created + ring + talk;
  made.how = answers ? disposition::answered : random.chance(0.5) ? disposition::no_answer : disposition::busy;
  calls_.push_back(made);
  const std::size_t index = calls_.size() - 1;
  tell(index, carriers::call_phase::initiated);
  time_.after(ring / 2, [this, index] { tell(index, carriers::call_phase::ringing); });
  if (answers) time_.after(ring, [this, index] { tell(index, carriers::call_phase::answered); });
  time_.after(ring + talk, [this, index] { tell(index, carriers::call_phase::ended); });
}

void carrier::tell(std::size_t index, carriers::call_phase phase) {
  random_source& random = time_.random;
  if (calls_[index].canceled && phase != carriers::call_phase::ended) return;
  const int copies = random.chance(faults_.report_lost) ? 0 : random.chance(faults_.report_twice) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto delay = random.chance(faults_.report_late) ? time_.between(1s, 120s) : time_.between(1ms, 50ms);
    time_.after(delay, [this, index, phase] { report(calls_[index].attempt, report_of(calls_[index], phase)); });
  }
}

carriers::call_report carrier::report_of(const call& which, carriers::call_phase phase) const {
  carriers::call_report said;
  said.call_ref = which.ref;
  said.phase = phase;
  said.if_answered = which.canceled ? disposition::canceled : which.how;
  said.if_unanswered = said.if_answered;
  said.duration = 1s;
  return said;
}

carriers::call_phase carrier::phase_of(const call& which) const {
  return time_.elapsed() >= which.ended ? carriers::call_phase::ended : carriers::call_phase::initiated;
}

carriers::call_page carrier::list(e164 to, e164 from) const {
  carriers::call_page page;
  random_source& random = time_.random;
  if (random.chance(faults_.listing_fails)) return page;
  page.ok = true;
  const auto lag = random.chance(faults_.listing_lags) ? time_.between(0s, 20s) : microseconds{0};
  for (auto which = calls_.rbegin(); which != calls_.rend(); ++which) {
    if (which->to != to || which->from != from || which->created + lag > time_.elapsed()) continue;
    carriers::listed_call listed;
    listed.report = report_of(*which, phase_of(*which));
    listed.to = which->to;
    listed.from = which->from;
    // Carriers give whole seconds.
    listed.created_at = std::chrono::floor<std::chrono::seconds>(time_.now().utc - (time_.elapsed() - which->created));
    page.calls.push_back(std::move(listed));
  }
  return page;
}

std::optional<carriers::call_report> carrier::fetch(const std::string& ref) const {
  if (time_.random.chance(faults_.listing_fails)) return std::nullopt;
  for (const call& which : calls_) {
    if (which.ref == ref) return report_of(which, phase_of(which));
  }
  return std::nullopt;
}

carriers::cancel_result carrier::cancel(const std::string& ref) {
  if (time_.random.chance(faults_.listing_fails)) return carriers::cancel_result::failed;
  for (std::size_t index = 0; index < calls_.size(); ++index) {
    call& which = calls_[index];
    if (which.ref != ref) continue;
    if (which.ended <= time_.elapsed()) return carriers::cancel_result::already_ended;
    which.canceled = true;
    which.ended = time_.elapsed();
    tell(index, carriers::call_phase::ended);
    return carriers::cancel_result::done;
  }
  return carriers::cancel_result::unknown_call;
}

}  // namespace dialer::sim
