#include "compliance/callee_book.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compliance/number_table.hpp"

namespace dialer::compliance {
namespace {

using namespace std::chrono_literals;
using value = number_table::value;

constexpr value seconds_of(std::chrono::hours length) {
  return static_cast<value>(std::chrono::seconds{length}.count());
}

// The values of a number: one for its opt-out, one for each attempt. An attempt is its second on a clock that goes
// round in 24 days: for 7 it counts, within 2 the sweep takes it out, and what looks older than that lies ahead.
constexpr value opted_out_mark = number_table::value_max;
constexpr value clock_seconds = number_table::value_max - 1;
constexpr std::chrono::seconds kept = std::chrono::days{7};
constexpr value kept_seconds = seconds_of(std::chrono::days{7});
constexpr value swept_seconds = kept_seconds + seconds_of(std::chrono::days{2});

value clock_of(std::chrono::sys_seconds at) {
  const auto second = at.time_since_epoch().count() % clock_seconds;
  return static_cast<value>(second < 0 ? second + clock_seconds : second);
}

value to_value(utc_time at) {
  return clock_of(std::chrono::ceil<std::chrono::seconds>(at)) + 1;
}

/// Attempts by their age at one instant. One that lies ahead, because the wall clock was set back since, counts like
/// any other.
class ages {
 public:
  explicit ages(utc_time now) : second_{std::chrono::floor<std::chrono::seconds>(now)}, clock_{clock_of(second_)} {}

  bool within(value attempt, value length) const {
    const value age = age_of(attempt);
    return static_cast<unsigned>(age < length) | static_cast<unsigned>(age >= swept_seconds);
  }
  /// Negative: that far ahead.
  std::chrono::seconds age(value attempt) const {
    const std::int64_t age = age_of(attempt);
    return std::chrono::seconds{age < swept_seconds ? age : age - clock_seconds};
  }
  utc_time time_of(value attempt) const { return second_ - age(attempt); }

 private:
  value age_of(value attempt) const {
    const value difference = clock_ - (attempt - 1);
    return attempt - 1 > clock_ ? difference + clock_seconds : difference;
  }

  std::chrono::sys_seconds second_;
  value clock_;
};

}  // namespace

struct callee_book::impl {
  number_table table;
  std::size_t opt_outs = 0;
  std::optional<utc_time> expired_at;

  /// visit(attempt) for those of `number` within `length`.
  template <class Visit>
  void for_each_within(e164 number, const ages& by, value length, Visit visit) const noexcept {
    table.for_each(number, [&](value one) {
      if (one != opted_out_mark && by.within(one, length)) visit(one);
    });
  }
};

callee_book::callee_book() : impl_{std::make_unique<impl>()} {}
callee_book::~callee_book() = default;
callee_book::callee_book(callee_book&&) noexcept = default;
callee_book& callee_book::operator=(callee_book&&) noexcept = default;

void callee_book::opt_out(e164 number) {
  if (opted_out(number)) return;
  impl_->table.insert(number, opted_out_mark);
  ++impl_->opt_outs;
}

void callee_book::opt_in(e164 number) {
  if (impl_->table.erase(number, opted_out_mark)) --impl_->opt_outs;
}

bool callee_book::opted_out(e164 number) const noexcept {
  bool found = false;
  impl_->table.for_each(number, [&](value one) { found |= one == opted_out_mark; });
  return found;
}

void callee_book::record(e164 number, utc_time at) {
  impl_->table.insert(number, to_value(at));
}

void callee_book::retract(e164 number, utc_time at) {
  impl_->table.erase(number, to_value(at));
}

unsigned callee_book::attempts(e164 number, utc_time now, std::chrono::hours length) const noexcept {
  unsigned total = 0;
  impl_->for_each_within(number, ages{now}, seconds_of(length), [&](value) { ++total; });
  return total;
}

callee callee_book::find(e164 number, utc_time now) const noexcept {
  callee found;
  const ages by{now};
  impl_->table.for_each(number, [&](value one) {
    if (one == opted_out_mark) {
      found.opted_out = true;
      return;
    }
    if (by.within(one, seconds_of(std::chrono::days{1}))) ++found.recent.last_24h;
    if (by.within(one, kept_seconds)) ++found.recent.last_7d;
  });
  return found;
}

std::optional<utc_time> callee_book::below_cap_at(e164 number, utc_time now, std::chrono::hours length,
                                                  unsigned cap) const {
  const ages by{now};
  const value seconds = seconds_of(length);
  const unsigned total = attempts(number, now, length);
  if (total < cap) return std::nullopt;
  // The count falls below the cap when all but cap - 1 of them have left the window: look for the attempt with that
  // rank by age. Quadratic in a handful of entries, and nothing is allocated.
  const unsigned rank = total - cap;
  std::optional<utc_time> result;
  impl_->for_each_within(number, by, seconds, [&](value candidate) {
    unsigned older = 0;
    unsigned same = 0;
    impl_->for_each_within(number, by, seconds, [&](value other) {
      if (by.time_of(other) < by.time_of(candidate)) ++older;
      if (other == candidate) ++same;
    });
    if (older <= rank && rank < older + same) result = by.time_of(candidate) + length;
  });
  return result;
}

void callee_book::expire(utc_time now) {
  constexpr std::size_t slots_min = 1'024;
  constexpr std::chrono::duration<double> round = 24h;
  const utc_time last = std::min(std::exchange(impl_->expired_at, now).value_or(now), now);
  const double part = std::min((now - last) / round, 1.0);
  const auto due = static_cast<std::size_t>(std::ceil(static_cast<double>(impl_->table.once_round()) * part));
  // From the age at the last call and what has passed since: after a long pause the values' clock has gone round.
  const ages then{last};
  const auto outlived = kept - std::chrono::floor<std::chrono::seconds>(now - last);
  impl_->table.sweep(std::max(slots_min, due),
                     [&](value one) { return one != opted_out_mark && then.age(one) >= outlived; });
}

void callee_book::prefetch(e164 number) const noexcept {
  impl_->table.prefetch(number);
}
std::size_t callee_book::opt_outs() const noexcept {
  return impl_->opt_outs;
}
std::size_t callee_book::attempts() const noexcept {
  return impl_->table.size() - impl_->opt_outs;
}
std::size_t callee_book::bytes() const noexcept {
  return impl_->table.bytes();
}

}  // namespace dialer::compliance
