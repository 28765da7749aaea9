#pragma once
// An open-addressing table of entries keyed by telephone number, made for prefetching. Several entries may share a
// number.
//
// - Cut into 256 segments that grow one at a time, so that no insertion copies more than 1/256 of a table of millions.
// - Linear probing: a lookup that was prefetched touches one or two neighbouring cache lines.
// - At most 70 % full, growing by 40 %: between 1.4 and 2.0 times the entries' own size.
// - Erasing closes the gap, so that there are no tombstones and a table that only turns over never slows down.
// Not synchronised.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "model/e164.hpp"

namespace dialer::compliance {

/// Entry is trivially copyable and has `std::uint64_t number`, the digits; 0 marks a free slot.
template <class Entry>
class number_table {
 public:
  static constexpr std::size_t segments = 256;

  std::size_t size() const noexcept { return size_; }
  /// Slots allocated, free ones included.
  std::size_t capacity() const noexcept {
    std::size_t sum = 0;
    for (const auto& part : parts_) sum += part.capacity;
    return sum;
  }

  void prefetch(e164 number) const noexcept {
    const auto hash = mix(number.digits());
    const auto& part = parts_[hash >> 56];
    if (part.capacity == 0) return;
    const auto* home = &part.slots[home_of(hash, part.capacity)];
    __builtin_prefetch(home);
    __builtin_prefetch(reinterpret_cast<const char*>(home) + 64);
  }

  /// Calls visit(entry) for the entries of `number`, in no particular order, until it returns true; the entry for which
  /// it did, or nullptr.
  template <class Visit>
  const Entry* find(e164 number, Visit visit) const noexcept {
    const auto hash = mix(number.digits());
    const auto& part = parts_[hash >> 56];
    if (part.used == 0) return nullptr;
    for (auto at = home_of(hash, part.capacity); part.slots[at].number != 0; at = after(at, part.capacity)) {
      if (part.slots[at].number == number.digits() && visit(part.slots[at])) return &part.slots[at];
    }
    return nullptr;
  }

  /// REQUIRES: entry.number != 0.
  void insert(const Entry& entry) {
    const auto hash = mix(entry.number);
    auto& part = parts_[hash >> 56];
    if ((std::uint64_t{part.used} + 1) * 10 > std::uint64_t{part.capacity} * 7) grow(part);
    place(part, entry, hash);
    ++size_;
  }

  /// Takes out one entry. REQUIRES: `entry` was returned by find() and the table has not changed since.
  void erase(const Entry* entry) noexcept {
    auto& part = parts_[mix(entry->number) >> 56];
    erase_at(part, static_cast<std::uint32_t>(entry - part.slots.get()));
  }

  /// Looks at the next `slots` slots, going round the table, and takes out the entries for which drop(entry) is true.
  template <class Drop>
  void sweep(std::size_t slots, Drop drop) {
    while (slots > 0) {
      auto& part = parts_[sweep_segment_];
      for (; slots > 0 && sweep_slot_ < part.capacity; --slots) {
        const auto& entry = part.slots[sweep_slot_];
        if (entry.number != 0 && drop(entry)) {
          erase_at(part, sweep_slot_);  // another entry may have moved here: look again
        } else {
          ++sweep_slot_;
        }
      }
      if (slots == 0) return;
      sweep_slot_ = 0;
      sweep_segment_ = (sweep_segment_ + 1) % segments;
      --slots;  // empty segments cost a step too: the loop ends in an empty table
    }
  }

 private:
  struct segment {
    std::unique_ptr<Entry[]> slots;
    std::uint32_t capacity = 0;
    std::uint32_t used = 0;
  };

  /// Numbers differ in few digits and come in regular steps; every bit of the result depends on all of them.
  static std::uint64_t mix(std::uint64_t value) noexcept {
    value *= 0x9E3779B97F4A7C15;
    value ^= value >> 32;
    return value * 0xD6E8FEB86659FD93;
  }
  /// Bits 55..24 of the hash, scaled to the capacity, which need not be a power of two.
  static std::uint32_t home_of(std::uint64_t hash, std::uint32_t capacity) noexcept {
    return static_cast<std::uint32_t>(((hash >> 24 & 0xFFFFFFFF) * capacity) >> 32);
  }
  static std::uint32_t after(std::uint32_t slot, std::uint32_t capacity) noexcept {
    return slot + 1 == capacity ? 0 : slot + 1;
  }

  static void place(segment& part, const Entry& entry, std::uint64_t hash) noexcept {
    auto at = home_of(hash, part.capacity);
    while (part.slots[at].number != 0) at = after(at, part.capacity);
    part.slots[at] = entry;
    ++part.used;
  }

  static void grow(segment& part) {
    constexpr std::uint32_t smallest = 8;
    segment larger;
    larger.capacity = part.capacity + part.capacity / 5 * 2 + smallest;
    larger.slots = std::make_unique<Entry[]>(larger.capacity);
    for (std::uint32_t i = 0; i < part.capacity; ++i) {
      if (part.slots[i].number != 0) place(larger, part.slots[i], mix(part.slots[i].number));
    }
    part = std::move(larger);
  }

  /// Moves later entries of the run back over the gap unless that would put one before its home.
  void erase_at(segment& part, std::uint32_t gap) noexcept {
    const auto distance = [&](std::uint32_t from, std::uint32_t to) {
      return to >= from ? to - from : to + part.capacity - from;
    };
    for (auto at = after(gap, part.capacity); part.slots[at].number != 0; at = after(at, part.capacity)) {
      const auto home = home_of(mix(part.slots[at].number), part.capacity);
      if (distance(home, at) >= distance(gap, at)) {
        part.slots[gap] = part.slots[at];
        gap = at;
      }
    }
    part.slots[gap] = Entry{};
    --part.used;
    --size_;
  }

  std::array<segment, segments> parts_;
  std::size_t size_ = 0;
  std::size_t sweep_segment_ = 0;
  std::uint32_t sweep_slot_ = 0;
};

}  // namespace dialer::compliance
