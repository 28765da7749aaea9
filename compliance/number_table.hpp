#pragma once
// An open-addressing table of entries keyed by telephone number, made for prefetching. Several entries may share a
// number.
//
// - Slots form groups of a cache line or two. A number lives in its home group, or in the next ones when that is full:
// nearly
//   every lookup touches exactly the lines that prefetch() asked for, and compares them without a branch per slot.
// - Groups are filled from the front, so that a group is full when its last slot is taken; a lookup ends at the first
// group
//   that is not full. Erasing pulls back an entry that had overflowed: no tombstones, a turning-over table never slows
//   down.
// - Cut into 256 segments that grow one at a time, so that no insertion copies more than 1/256 of a table of millions.
// - At most 70 % full, growing by 40 %: between 1.4 and 2.0 times the entries' own size.
// Not synchronised.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "compliance/prefetch.hpp"
#include "model/e164.hpp"

namespace dialer::compliance {

/// Entry is trivially copyable and has `std::uint64_t number`, the digits; 0 marks a free slot.
/// Lines is the size of a group in cache lines: 1, or 2 where entries of one number cluster and would overflow too
/// often.
template <class Entry, std::size_t Lines = 1>
class number_table {
 public:
  static constexpr std::size_t segments = 256;
  static constexpr std::size_t group_bytes = 64 * Lines;
  static constexpr std::size_t per_group = group_bytes / sizeof(Entry);

  std::size_t size() const noexcept { return size_; }
  /// Slots allocated, free ones included.
  std::size_t capacity() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& part : parts_) sum += part.capacity();
    return sum;
  }

  void prefetch(e164 number) const noexcept {
    const auto hash = mix(number.digits());
    const auto& part = parts_[hash >> 56];
    if (part.groups == 0) return;
    const auto* home = reinterpret_cast<const char*>(&part.slots[home_of(hash, part.groups)]);
    for (std::size_t line = 0; line < Lines; ++line) prefetch_line(home + line * 64);
  }

  /// Calls look(group) with each group in which entries of `number` may be, until it returns true; whether it did.
  /// Groups hold entries of other numbers and free slots too: made for comparing a whole group without a branch.
  template <class Look>
  bool any_group(e164 number, Look look) const noexcept {
    const auto hash = mix(number.digits());
    const auto& part = parts_[hash >> 56];
    if (part.groups == 0) return false;
    for (auto at = home_of(hash, part.groups);; at = after(at, part.groups)) {
      const auto& line = part.slots[at];
      if (look(std::span<const Entry, per_group>{line})) return true;
      if (!line.full()) return false;
    }
  }

  bool contains(e164 number) const noexcept {
    return any_group(number, [&](auto line) {
      bool found = false;
      for (const auto& entry : line) found |= entry.number == number.digits();
      return found;
    });
  }

  /// Calls visit(entry) for the entries of `number`, in no particular order, until it returns true; the entry for which
  /// it did, or nullptr.
  template <class Visit>
  const Entry* find(e164 number, Visit visit) const noexcept {
    const Entry* result = nullptr;
    any_group(number, [&](auto line) {
      for (const auto& entry : line) {
        if (entry.number == number.digits() && visit(entry)) {
          result = &entry;
          return true;
        }
      }
      return false;
    });
    return result;
  }

  /// REQUIRES: entry.number != 0.
  void insert(const Entry& entry) {
    auto& part = parts_[mix(entry.number) >> 56];
    if ((std::uint64_t{part.used} + 1) * 10 > part.capacity() * 7) grow(part);
    place(part, entry);
    ++size_;
  }

  /// Takes out one entry. REQUIRES: `entry` was returned by find() and the table has not changed since.
  void erase(const Entry* entry) noexcept {
    auto& part = parts_[mix(entry->number) >> 56];
    const auto slot = static_cast<std::size_t>(entry - part.slots[0].data());
    erase_at(part, static_cast<std::uint32_t>(slot / per_group), slot % per_group);
  }

  /// Looks at the next `slots` slots or a few more, going round the table, and takes out the entries for which
  /// drop(entry) is true. drop may look into the table.
  template <class Drop>
  void sweep(std::size_t slots, Drop drop) {
    for (std::size_t seen = 0; seen < slots; seen += per_group) {
      auto& part = parts_[sweep_segment_];
      if (sweep_group_ >= part.groups) {
        sweep_group_ = 0;
        sweep_segment_ = (sweep_segment_ + 1) % segments;
        continue;  // counted as a group, so that the loop ends in an empty table
      }
      for (std::size_t slot = 0; slot < per_group && part.slots[sweep_group_][slot].number != 0;) {
        if (drop(part.slots[sweep_group_][slot])) {
          erase_at(part, sweep_group_, slot);  // another entry may have moved here: look again
        } else {
          ++slot;
        }
      }
      ++sweep_group_;
    }
  }

 private:
  struct alignas(group_bytes) group : std::array<Entry, per_group> {
    bool full() const noexcept { return this->back().number != 0; }
  };

  struct segment {
    std::unique_ptr<group[]> slots;
    std::uint32_t groups = 0;
    std::uint32_t used = 0;
    std::uint64_t capacity() const noexcept { return std::uint64_t{groups} * per_group; }
  };

  /// Numbers differ in few digits and come in regular steps; every bit of the result depends on all of them.
  static std::uint64_t mix(std::uint64_t value) noexcept {
    value *= 0x9E3779B97F4A7C15;
    value ^= value >> 32;
    return value * 0xD6E8FEB86659FD93;
  }
  /// Bits 55..24 of the hash, scaled to the number of groups, which need not be a power of two.
  static std::uint32_t home_of(std::uint64_t hash, std::uint32_t groups) noexcept {
    return static_cast<std::uint32_t>(((hash >> 24 & 0xFFFFFFFF) * groups) >> 32);
  }
  static std::uint32_t after(std::uint32_t group, std::uint32_t groups) noexcept {
    return group + 1 == groups ? 0 : group + 1;
  }

  static void place(segment& part, const Entry& entry) noexcept {
    auto at = home_of(mix(entry.number), part.groups);
    while (part.slots[at].full()) at = after(at, part.groups);
    std::size_t slot = 0;
    while (part.slots[at][slot].number != 0) ++slot;
    part.slots[at][slot] = entry;
    ++part.used;
  }

  static void grow(segment& part) {
    segment larger;
    larger.groups = part.groups + part.groups / 5 * 2 + 1;
    larger.slots = std::make_unique<group[]>(larger.groups);
    for (std::uint32_t i = 0; i < part.groups; ++i) {
      for (const auto& entry : part.slots[i]) {
        if (entry.number != 0) place(larger, entry);
      }
    }
    part = std::move(larger);
  }

  void erase_at(segment& part, std::uint32_t at, std::size_t slot) noexcept {
    --part.used;
    --size_;
    // An entry further on that belongs in this group or before it must come back, as lookups will now stop here; that
    // opens a gap where it was, and so on to the first group that was not full.
    bool was_full = part.slots[at].full();
    for (auto next = after(at, part.groups); was_full && next != at; next = after(next, part.groups)) {
      was_full = part.slots[next].full();
      const auto overflowed = find_overflowed(part, at, next);
      if (overflowed == per_group) continue;
      part.slots[at][slot] = part.slots[next][overflowed];
      at = next;
      slot = overflowed;
    }
    remove_from_group(part.slots[at], slot);
  }

  /// The slot in group `from` of an entry whose home is `gap` or before it; per_group when there is none.
  static std::size_t find_overflowed(const segment& part, std::uint32_t gap, std::uint32_t from) noexcept {
    const auto distance = [&](std::uint32_t a, std::uint32_t b) { return b >= a ? b - a : b + part.groups - a; };
    std::size_t slot = 0;
    for (; slot < per_group && part.slots[from][slot].number != 0; ++slot) {
      const auto home = home_of(mix(part.slots[from][slot].number), part.groups);
      if (distance(home, from) >= distance(gap, from)) return slot;
    }
    return per_group;
  }

  static void remove_from_group(group& line, std::size_t slot) noexcept {
    std::size_t last = per_group - 1;
    while (line[last].number == 0) --last;
    line[slot] = line[last];
    line[last] = Entry{};
  }

  std::array<segment, segments> parts_;
  std::size_t size_ = 0;
  std::size_t sweep_segment_ = 0;
  std::uint32_t sweep_group_ = 0;
};

}  // namespace dialer::compliance
