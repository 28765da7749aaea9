#include "campaigns/contact_lane.hpp"

#include <algorithm>

namespace dialer::campaigns {

contact_lane::contact_lane(lane_number lane, contact_id through, std::uint32_t capacity)
    : lane_{lane}, capacity_{capacity}, through_{through}, fresh_cursor_{through} {}

std::uint32_t contact_lane::room() const noexcept {
  if (loading_) return 0;
  const std::size_t queued = size();
  const std::size_t outstanding_max = std::size_t{capacity_} * outstanding_factor;
  if (queued >= capacity_ || outstanding_.size() >= outstanding_max) return 0;
  return static_cast<std::uint32_t>(std::min<std::size_t>(capacity_ - queued, outstanding_max - outstanding_.size()));
}

bool contact_lane::wants_page(utc_time now) const noexcept {
  const bool due = !waiting_known_ || (next_due_ && *next_due_ <= now);
  return room() > 0 && (!fresh_exhausted_ || due);
}

void contact_lane::asked(std::uint32_t count) noexcept {
  loading_ = true;
  asked_for_ = count;
  fresh_since_asked_ = false;
  due_since_asked_.reset();
}

void contact_lane::more_fresh() noexcept {
  fresh_exhausted_ = false;
  fresh_since_asked_ = true;
}

void contact_lane::loaded(std::span<const contact> contacts, bool fresh_exhausted, std::optional<utc_time> next_due) {
  loading_ = false;
  fresh_exhausted_ = fresh_exhausted && !fresh_since_asked_;
  waiting_known_ = contacts.size() < asked_for_;
  next_due_ = next_due;
  if (due_since_asked_) waits_until(*due_since_asked_);
  for (const contact& each : contacts) {
    if (each.fresh) {
      fresh_.push_back(each);
      outstanding_.push_back({each.id, false});
      fresh_cursor_ = each.id;
    } else {
      waiting_.push_back(each);
      wait_cursor_ = each.due_at;
      wait_cursor_id_ = each.id;
    }
  }
}

void contact_lane::waits_until(utc_time due_at) noexcept {
  if (!next_due_ || due_at < *next_due_) next_due_ = due_at;
  if (loading_ && (!due_since_asked_ || due_at < *due_since_asked_)) due_since_asked_ = due_at;
}

const contact& contact_lane::front() noexcept {
  return waiting_.empty() ? fresh_.front() : waiting_.front();
}

contact contact_lane::take() {
  ring<contact>& from = waiting_.empty() ? fresh_ : waiting_;
  const contact taken = from.front();
  from.pop_front();
  return taken;
}

void contact_lane::put_back(const contact& taken) {
  (taken.fresh ? fresh_ : waiting_).push_front(taken);
}

void contact_lane::durable(contact_id id) noexcept {
  // Batches become durable nearly in order: the front is the usual place, a binary search finds the others.
  std::size_t low = 0;
  if (!outstanding_.empty() && outstanding_.front().id != id) {
    std::size_t high = outstanding_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (outstanding_[middle].id < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
  }
  if (low >= outstanding_.size() || outstanding_[low].id != id) return;
  outstanding_[low].durable = true;
  while (!outstanding_.empty() && outstanding_.front().durable) {
    through_ = outstanding_.front().id;
    outstanding_.pop_front();
  }
}

}  // namespace dialer::campaigns
