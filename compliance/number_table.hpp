#pragma once
// An open-addressing multimap from telephone numbers to small values, made for prefetching: eight bytes an entry.
//
// - The hash is a permutation of the 50 bits that fifteen digits need: an entry holds what is left of it once the
//   segment is known (quotienting: Knuth, The Art of Computer Programming 3, 6.4), and the value.
// - Slots form groups of a cache line. A number lives in its home group, or in the next ones when that is full: nearly
//   every look-up touches exactly the line that prefetch() asked for, and compares it without a branch per slot.
// - A group is filled from the front; its last entry is marked once an entry had to go on to the next group, and a
//   look-up ends at the first group without a mark. Erasing pulls back an entry that had overflowed: no tombstones, a
//   turning-over table never slows down.
// - Cut into 256 segments that grow one at a time, so that no insertion copies more than 1/256 of a table of millions.
// - At most 70 % full, growing by 40 %: 11 to 16 bytes an entry.
// Not synchronised.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "compliance/prefetch.hpp"
#include "model/e164.hpp"

namespace dialer::compliance {

class number_table {
 public:
  /// 1..value_max.
  using value = std::uint32_t;
  static constexpr unsigned value_bits = 21;
  static constexpr value value_max = (value{1} << value_bits) - 1;

  std::size_t size() const noexcept { return size_; }
  /// Allocated, free ones included.
  std::size_t slots() const noexcept {
    std::size_t sum = 0;
    for (const segment& part : parts_) sum += part.capacity();
    return sum;
  }
  std::size_t bytes() const noexcept { return slots() * sizeof(entry); }

  void prefetch(e164 number) const noexcept {
    const std::uint64_t hash = permute(number);
    const segment& part = parts_[hash >> key_bits];
    if (part.groups == 0) return;
    const auto* home = reinterpret_cast<const char*>(&part.slots[home_of(hash, part.groups)]);
    prefetch_line(home);
    prefetch_line(home + sizeof(group));  // one in ten look-ups goes on there
  }

  /// Calls visit(value) for each value of `number`, in no particular order.
  template <class Visit>
  void for_each(e164 number, Visit visit) const noexcept {
    const std::uint64_t hash = permute(number);
    const segment& part = parts_[hash >> key_bits];
    if (part.groups == 0) return;
    const entry wanted = to_entry(hash, 0);
    for (auto at = home_of(hash, part.groups);; at = after(at, part.groups)) {
      const group& line = part.slots[at];
      // One mask for the line: which slots match is a coin toss that no processor predicts, and mostly none does.
      unsigned matches = line.mask([&](entry one) { return (one ^ wanted) >> key_shift == 0; });
      for (; matches != 0; matches &= matches - 1) {
        const entry one = line[first_of(matches)];
        if (one != 0) visit(static_cast<value>(one & value_max));
      }
      if (!line.overflowed()) return;
    }
  }

  /// REQUIRES: 1 <= what <= value_max.
  void insert(e164 number, value what) {
    const std::uint64_t hash = permute(number);
    segment& part = parts_[hash >> key_bits];
    if ((std::uint64_t{part.used} + 1) * 10 > part.capacity() * 7) grow(part);
    place(part, to_entry(hash, what));
    ++part.used;
    ++size_;
  }

  /// Takes out one entry of `number` with that value; whether there was one.
  bool erase(e164 number, value what) noexcept {
    const std::uint64_t hash = permute(number);
    segment& part = parts_[hash >> key_bits];
    if (part.groups == 0) return false;
    const entry wanted = to_entry(hash, what);
    for (auto at = home_of(hash, part.groups);; at = after(at, part.groups)) {
      const group& line = part.slots[at];
      if (const unsigned matches = line.mask([&](entry one) { return (one & ~mark) == wanted; })) {
        erase_at(part, at, first_of(matches));
        return true;
      }
      if (!line.overflowed()) return false;
    }
  }

  /// What sweep() is asked for to look at every slot: its way from segment to segment counts too.
  std::size_t once_round() const noexcept { return slots() + segments * per_group; }
  /// Looks at the next `slots` slots or a few more, going round the table, and takes out the entries for whose value
  /// drop(value) is true.
  template <class Drop>
  void sweep(std::size_t slots, Drop drop) {
    for (std::size_t seen = 0; seen < slots; seen += per_group) {
      segment& part = parts_[sweep_segment_];
      if (sweep_group_ >= part.groups) {
        sweep_group_ = 0;
        sweep_segment_ = (sweep_segment_ + 1) % segments;
        continue;  // counted as a group, so that the loop ends in an empty table
      }
      for (unsigned slot = 0; slot < per_group && part.slots[sweep_group_][slot] != 0;) {
        if (drop(static_cast<value>(part.slots[sweep_group_][slot] & value_max))) {
          erase_at(part, sweep_group_, slot);  // another entry may have moved here: look again
        } else {
          ++slot;
        }
      }
      ++sweep_group_;
    }
  }

 private:
  static constexpr unsigned number_bits = 50;  // 10^15 < 2^50
  static constexpr unsigned segment_bits = 8;
  static constexpr std::size_t segments = std::size_t{1} << segment_bits;
  static constexpr unsigned key_bits = number_bits - segment_bits;
  static constexpr unsigned per_group = 8;

  /// From the top: key, mark, value. 0: free, as no value is.
  using entry = std::uint64_t;
  static constexpr entry mark = entry{1} << value_bits;
  static constexpr unsigned key_shift = value_bits + 1;
  static_assert(key_bits + key_shift == 64);
  static entry to_entry(std::uint64_t hash, value what) noexcept { return hash << key_shift | what; }

  struct alignas(64) group : std::array<entry, per_group> {
    /// Only a full group can be: the mark is its last entry's.
    bool overflowed() const noexcept { return (back() & mark) != 0; }
    /// One bit for each slot whose entry is such.
    template <class Is>
    unsigned mask(Is is) const noexcept {
      return [&]<std::size_t... Slot>(std::index_sequence<Slot...>) {
        return ((static_cast<unsigned>(is((*this)[Slot])) << Slot) | ...);
      }
      (std::make_index_sequence<per_group>{});
    }
    unsigned free() const noexcept {
      return mask([](entry one) { return one == 0; });
    }
  };
  static unsigned first_of(unsigned mask) noexcept { return static_cast<unsigned>(std::countr_zero(mask)); }

  struct segment {
    std::unique_ptr<group[]> slots;
    std::uint32_t groups = 0;
    std::uint32_t used = 0;
    std::uint64_t capacity() const noexcept { return std::uint64_t{groups} * per_group; }
  };

  /// Numbers differ in few digits and come in regular steps; every bit of the result depends on all of them. Each step
  /// can be undone, so that no two numbers share a result.
  static std::uint64_t permute(e164 number) noexcept {
    constexpr std::uint64_t mask = (std::uint64_t{1} << number_bits) - 1;
    std::uint64_t mixed = number.digits() * 0x9E3779B97F4A7C15 & mask;
    mixed ^= mixed >> number_bits / 2;
    return mixed * 0xD6E8FEB86659FD93 & mask;
  }
  /// The upper 32 bits of the key, scaled to the number of groups, which need not be a power of two.
  static std::uint32_t home_of(std::uint64_t hash, std::uint32_t groups) noexcept {
    return static_cast<std::uint32_t>(((hash >> (key_bits - 32) & 0xFFFFFFFF) * groups) >> 32);
  }
  static std::uint32_t home_of_entry(entry one, std::uint32_t groups) noexcept {
    return home_of(one >> key_shift, groups);
  }
  static std::uint32_t after(std::uint32_t group, std::uint32_t groups) noexcept {
    return group + 1 == groups ? 0 : group + 1;
  }

  static void place(segment& part, entry one) noexcept {
    for (auto at = home_of_entry(one, part.groups);; at = after(at, part.groups)) {
      group& line = part.slots[at];
      if (const unsigned free = line.free()) {
        line[first_of(free)] = one;
        return;
      }
      line.back() |= mark;
    }
  }

  static void grow(segment& part) {
    segment larger;
    larger.groups = part.groups + part.groups / 5 * 2 + 1;
    larger.used = part.used;
    larger.slots = std::make_unique<group[]>(larger.groups);
    std::vector<std::uint8_t> taken(larger.groups);  // saves looking for the free slot of each entry's group
    for (std::uint32_t i = 0; i < part.groups; ++i) {
      for (const entry one : part.slots[i]) {
        if (one == 0) break;
        auto at = home_of_entry(one, larger.groups);
        for (; taken[at] == per_group; at = after(at, larger.groups)) larger.slots[at].back() |= mark;
        larger.slots[at][taken[at]++] = one & ~mark;
      }
    }
    part = std::move(larger);
  }

  void erase_at(segment& part, std::uint32_t at, unsigned slot) noexcept {
    --part.used;
    --size_;
    // An entry further on that belongs in this group or before it must come back, as look-ups will now stop here; that
    // opens a gap where it was, and so on to the first group that nothing had to pass.
    bool overflowed = part.slots[at].overflowed();
    for (auto next = after(at, part.groups); overflowed && next != at; next = after(next, part.groups)) {
      overflowed = part.slots[next].overflowed();
      const unsigned found = find_overflowed(part, at, next);
      if (found == per_group) continue;
      entry& gap = part.slots[at][slot];
      gap = (gap & mark) | (part.slots[next][found] & ~mark);
      at = next;
      slot = found;
    }
    remove_from_group(part.slots[at], slot);
  }

  /// The slot in group `from` of an entry whose home is `gap` or before it; per_group when there is none.
  static unsigned find_overflowed(const segment& part, std::uint32_t gap, std::uint32_t from) noexcept {
    const auto distance = [&](std::uint32_t a, std::uint32_t b) { return b >= a ? b - a : b + part.groups - a; };
    for (unsigned slot = 0; slot < per_group && part.slots[from][slot] != 0; ++slot) {
      const auto home = home_of_entry(part.slots[from][slot], part.groups);
      if (distance(home, from) >= distance(gap, from)) return slot;
    }
    return per_group;
  }

  static void remove_from_group(group& line, unsigned slot) noexcept {
    unsigned last = per_group - 1;
    while (line[last] == 0) --last;
    line[slot] = line[last] & ~mark;
    line[last] = 0;
  }

  std::array<segment, segments> parts_;
  std::size_t size_ = 0;
  std::size_t sweep_segment_ = 0;
  std::uint32_t sweep_group_ = 0;
};

}  // namespace dialer::compliance
