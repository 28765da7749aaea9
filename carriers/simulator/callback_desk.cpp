#include "carriers/simulator/callback_desk.hpp"

namespace dialer::carriers::simulator {

namespace {

bool retryable(const callback_target& target, const callback_result& result) {
  switch (result.outcome) {
    case callback_outcome::connect_failed: return target.retry_connect;
    case callback_outcome::no_answer: return target.retry_no_answer;
    case callback_outcome::overflow: return false;
    case callback_outcome::answered:
      if (result.status == 408 || result.status == 429) return target.retry_408_429 || target.retry_4xx;
      return (result.status >= 500 && target.retry_5xx) ||
             (result.status >= 400 && result.status < 500 && target.retry_4xx);
  }
  return false;
}

std::string reason_of(const callback_result& result) {
  switch (result.outcome) {
    case callback_outcome::connect_failed: return "connect_failed";
    case callback_outcome::no_answer: return "no_answer";
    case callback_outcome::overflow: return "queue_full";
    case callback_outcome::answered: break;
  }
  return "status_" + std::to_string(result.status);
}

}  // namespace

callback_desk::callback_desk(carrier_name carrier, const scenario& rules, fault_dice& dice, outputs& out,
                             finisher finish, listener hear)
    : carrier_{carrier}, rules_{rules}, dice_{dice}, out_{out}, finish_{std::move(finish)}, hear_{std::move(hear)} {}

void callback_desk::record(log_event event, const pending& subject, utc_time now, int status,
                           std::string_view reason) const {
  log_entry entry;
  entry.event = event;
  entry.at = now;
  entry.carrier = carrier_;
  entry.ref = subject.draft.ref;
  entry.callback = call_event_names[static_cast<std::size_t>(subject.draft.event)];
  entry.sequence = subject.draft.sequence;
  entry.delivery = subject.deliveries;
  entry.status = status;
  entry.reason = reason;
  out_.record(entry);
}

void callback_desk::submit(callback_draft draft, utc_time now) {
  // Sequence numbers stay far below 63, so calls to one number do not share draws; 63 stands for "no sequence number".
  const auto faults =
      dice_.roll_callback(draft.to, draft.call_ordinal * 64 + (static_cast<std::uint64_t>(draft.sequence) & 63));
  const std::string ref = draft.ref;
  if (faults.lost) {
    record(log_event::callback_lost, pending{std::move(draft)}, now, 0, "fault");
  } else if (faults.reordered && draft.event != call_event::ended && !held_.contains(ref)) {
    held_.emplace(ref, std::move(draft));
    return;  // the next callback of this call takes it along, behind itself
  } else {
    if (faults.twice) enqueue(draft, faults.delay_ms, now);
    enqueue(std::move(draft), faults.delay_ms, now);
  }
  if (const auto held = held_.find(ref); held != held_.end()) {
    callback_draft overtaken = std::move(held->second);
    held_.erase(held);
    enqueue(std::move(overtaken), faults.delay_ms, now);
  }
}

void callback_desk::enqueue(callback_draft draft, std::int64_t delay_ms, utc_time now) {
  const auto id = ++last_id_;
  pending_.emplace(id, std::make_unique<pending>(pending{std::move(draft)}));
  if (delay_ms > 0) {
    due_.push({now + std::chrono::milliseconds{delay_ms}, id});
  } else {
    deliver(id, now);
  }
}

void callback_desk::deliver(std::uint64_t id, utc_time now) {
  auto& subject = *pending_.at(id);
  ++subject.deliveries;
  callback_post post;
  post.id = id;
  post.url = subject.draft.target.url;
  post.content_type = subject.draft.content_type;
  post.headers = subject.draft.headers;
  post.body = subject.draft.body;
  post.connect_timeout = subject.draft.target.connect_timeout;
  post.timeout = subject.draft.target.timeout;
  finish_(subject.draft, subject.deliveries, now, post);
  record(log_event::callback_sent, subject, now, 0, {});
  out_.post(std::move(post));
}

void callback_desk::done(std::uint64_t id, callback_result result, utc_time now) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const auto& subject = *found->second;
  const bool accepted = result.outcome == callback_outcome::answered && result.status >= 200 && result.status < 300;
  if (!accepted && subject.deliveries < subject.draft.target.attempts_max && retryable(subject.draft.target, result)) {
    due_.push({now + std::chrono::milliseconds{rules_.callback_retry_ms * subject.deliveries}, id});
    return;
  }
  if (accepted) {
    record(log_event::callback_acknowledged, subject, now, result.status, {});
  } else {
    record(log_event::callback_lost, subject, now, result.status, reason_of(result));
  }
  const auto over = std::move(found->second);
  pending_.erase(found);
  if (over->draft.is_question) hear_(over->draft, result, now);
}

void callback_desk::advance(utc_time now) {
  while (!due_.empty() && due_.top().at <= now) {
    const auto next = due_.top();
    due_.pop();
    deliver(next.id, next.at);
  }
}

std::optional<utc_time> callback_desk::next_due() const {
  return due_.empty() ? std::nullopt : std::optional<utc_time>{due_.top().at};
}

}  // namespace dialer::carriers::simulator
