#pragma once
// The look-ahead of one lane of a campaign: contacts loaded from the ledger and not yet dialed.
//
// 1. Contacts come out in the order in which they are to be dialed: waiting ones by due time, then fresh ones by id.
// 2. through() never passes a fresh contact that is not durably open, waiting or done: after a crash, everything above
// it
//    is looked at again, nothing is lost.
// 3. Bounded: at most `capacity` contacts are queued, at most outstanding_factor times as many fresh ones lie between
//    through() and the last one loaded. room() says how many more may be loaded.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "campaigns/contact.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::campaigns {

/// First in, first out, with a way back to the front. Grows by doubling, never shrinks: no allocation once warm.
template <class T>
class ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return slots_[(begin_ + i) & (slots_.size() - 1)]; }
  T& front() noexcept { return slots_[begin_]; }
  void pop_front() noexcept {
    begin_ = (begin_ + 1) & (slots_.size() - 1);
    --size_;
  }
  void push_back(const T& value) {
    make_room();
    slots_[(begin_ + size_++) & (slots_.size() - 1)] = value;
  }
  void push_front(const T& value) {
    make_room();
    begin_ = (begin_ + slots_.size() - 1) & (slots_.size() - 1);
    slots_[begin_] = value;
    ++size_;
  }

 private:
  void make_room() {
    if (size_ < slots_.size()) return;
    std::vector<T> larger(slots_.empty() ? 16 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
    slots_ = std::move(larger);
    begin_ = 0;
  }

  std::vector<T> slots_;  // a power of two
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

/// Owned by the shard of its organisation; one thread. All calls O(1) amortised, save durable() out of order: O(log n).
class contact_lane {
 public:
  static constexpr std::uint32_t outstanding_factor = 4;

  /// through: the durable cursor from the ledger. capacity: contacts queued at most.
  contact_lane(lane_number lane, contact_id through, std::uint32_t capacity);

  // --- loading -------------------------------------------------------------------------------------------------------
  /// How many contacts may be asked for now; 0 while a page is under way.
  std::uint32_t room() const noexcept;
  /// True when a page is worth asking for: there is room and there may be a contact to fill it, fresh or due by now.
  bool wants_page(utc_time now) const noexcept;
  /// A request for so many has left; its answer comes as loaded() or failed().
  void asked(std::uint32_t count) noexcept;
  /// The answer: waiting contacts by due time, then fresh ones by id, all beyond the cursors.
  void loaded(std::span<const contact> contacts, bool fresh_exhausted, std::optional<utc_time> next_due);
  void failed() noexcept { loading_ = false; }
  /// An import or a change may have brought fresh contacts: ask again.
  void more_fresh() noexcept;
  /// A contact of the lane was put off until due_at, durably: it will have to be loaded. REQUIRES: due_at is later than
  /// the `now` of every page asked for so far (a wait never ends before it began), else the wait cursor has passed it.
  void waits_until(utc_time due_at) noexcept;

  bool loading() const noexcept { return loading_; }
  bool fresh_exhausted() const noexcept { return fresh_exhausted_; }
  std::optional<utc_time> next_due() const noexcept { return next_due_; }
  contact_id fresh_cursor() const noexcept { return fresh_cursor_; }      ///< the last fresh contact loaded
  utc_time wait_cursor() const noexcept { return wait_cursor_; }          ///< due_at of the last waiting one loaded
  contact_id wait_cursor_id() const noexcept { return wait_cursor_id_; }  ///< and its id

  // --- dialing -------------------------------------------------------------------------------------------------------
  bool empty() const noexcept { return waiting_.empty() && fresh_.empty(); }
  std::size_t size() const noexcept { return waiting_.size() + fresh_.size(); }
  /// The next contact to dial. REQUIRES: !empty().
  const contact& front() noexcept;
  /// Takes it. A fresh one holds through() back until durable() or put_back() and durable() later.
  contact take();
  /// The contact could not be dialed this time, for no reason of its own: it comes next again.
  void put_back(const contact& taken);
  /// The fresh contact is durably open, waiting or done. Ids that were never loaded are ignored.
  void durable(contact_id id) noexcept;

  /// Greatest id such that every fresh contact of the lane up to it is durably touched: what the ledger may store.
  contact_id through() const noexcept { return through_; }
  lane_number number() const noexcept { return lane_; }

 private:
  struct outstanding {
    contact_id id;
    bool durable = false;
  };

  lane_number lane_;
  std::uint32_t capacity_;
  ring<contact> waiting_;
  ring<contact> fresh_;
  ring<outstanding> outstanding_;  // fresh contacts beyond through_, by id
  contact_id through_;
  contact_id fresh_cursor_;
  utc_time wait_cursor_{};
  contact_id wait_cursor_id_;
  std::optional<utc_time> next_due_;
  std::optional<utc_time> due_since_asked_;  // what a page under way cannot know
  std::uint32_t asked_for_ = 0;
  bool fresh_exhausted_ = false;
  bool fresh_since_asked_ = false;
  bool waiting_known_ = false;  // a page with room to spare has told when the next waiting contact is due
  bool loading_ = false;
};

}  // namespace dialer::campaigns
