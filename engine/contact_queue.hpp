#pragma once

#include <cstddef>
#include <vector>

#include "campaigns/contact.hpp"
#include "compliance/prefetch.hpp"

namespace dialer::engine {

/// A lane's contacts in the order to be dialed: a ring in one piece of memory, because a thousand lanes that give and
/// take blocks of a deque spend more time in the allocator than in deciding.
class contact_queue {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  /// Starts reading the first `count` contacts, whether or not there are so many.
  void prefetch(std::size_t count) const noexcept {
    const auto* from = reinterpret_cast<const char*>(ring_.data() + head_);
    for (const char* line = from; line < from + count * sizeof(campaigns::contact); line += 64) {
      compliance::prefetch_line(line);
    }
    compliance::prefetch_line(from + count * sizeof(campaigns::contact) - 1);
  }
  /// REQUIRES: !empty().
  const campaigns::contact& front() const noexcept { return ring_[head_]; }
  void pop_front() noexcept {
    head_ = wrap(head_ + 1);
    --size_;
  }
  void push_front(const campaigns::contact& contact) {
    make_room(1);
    head_ = wrap(head_ + ring_.size() - 1);
    ring_[head_] = contact;
    ++size_;
  }
  void push_back(const campaigns::contact& contact) {
    make_room(1);
    ring_[wrap(head_ + size_)] = contact;
    ++size_;
  }
  /// Grows once for a page of contacts.
  void make_room(std::size_t more) {
    if (size_ + more <= ring_.size()) return;
    std::size_t slots = ring_.empty() ? 16 : ring_.size();
    while (slots < size_ + more) slots *= 2;
    std::vector<campaigns::contact> larger(slots);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = ring_[wrap(head_ + i)];
    ring_ = std::move(larger);
    head_ = 0;
  }

 private:
  std::size_t wrap(std::size_t at) const noexcept { return at & (ring_.size() - 1); }  // always a power of two

  std::vector<campaigns::contact> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dialer::engine
