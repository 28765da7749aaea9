#include "compliance/attempt_history.hpp"

#include "compliance/number_table.hpp"

namespace dialer::compliance {
namespace {

/// One entry per attempt: most numbers are tried once or twice a week, so a list per number would cost more than it
/// saves.
struct attempt {
  std::uint64_t number = 0;
  std::int64_t at_us = 0;

  utc_time at() const { return utc_time{std::chrono::microseconds{at_us}}; }
};

/// Later than now - length: an attempt that lies ahead, because the wall clock was set back since, counts like any
/// other.
struct rolling_window {
  utc_time now;
  std::chrono::hours length;
  bool contains(const attempt& one) const { return one.at() + length > now; }
};

}  // namespace

struct attempt_history::impl {
  number_table<attempt, 2> table;

  template <class Visit>
  void for_each(e164 number, const rolling_window& window, Visit visit) const noexcept {
    table.find(number, [&](const attempt& one) {
      if (window.contains(one)) visit(one);
      return false;
    });
  }
};

attempt_history::attempt_history() : impl_{std::make_unique<impl>()} {}
attempt_history::~attempt_history() = default;
attempt_history::attempt_history(attempt_history&&) noexcept = default;
attempt_history& attempt_history::operator=(attempt_history&&) noexcept = default;

void attempt_history::record(e164 number, utc_time at) {
  impl_->table.insert({number.digits(), at.time_since_epoch().count()});
}

void attempt_history::retract(e164 number, utc_time at) {
  const auto* entry = impl_->table.find(number, [&](const attempt& one) { return one.at() == at; });
  if (entry != nullptr) impl_->table.erase(entry);
}

unsigned attempt_history::count(e164 number, utc_time now, std::chrono::hours length) const {
  // Arithmetic instead of branches: which entries match is a coin toss that no processor predicts.
  const auto oldest = (now - length).time_since_epoch().count();
  unsigned total = 0;
  impl_->table.any_group(number, [&](auto line) {
    for (const auto& one : line) {
      total += static_cast<unsigned>(one.number == number.digits()) & static_cast<unsigned>(one.at_us > oldest);
    }
    return false;
  });
  return total;
}

recent_attempts attempt_history::recent(e164 number, utc_time now) const noexcept {
  recent_attempts total;
  if (!impl_->table.contains(number)) return total;  // most
  const auto day_ago = now - std::chrono::hours{24};
  const auto week_ago = now - std::chrono::days{7};
  impl_->table.find(number, [&](const attempt& one) {
    if (one.at() > day_ago) ++total.last_24h;
    if (one.at() > week_ago) ++total.last_7d;
    return false;
  });
  return total;
}

std::optional<utc_time> attempt_history::below_cap_at(e164 number, utc_time now, std::chrono::hours length,
                                                      unsigned cap) const {
  const rolling_window window{now, length};
  const unsigned total = count(number, now, length);
  if (total < cap) return std::nullopt;
  // The count falls below the cap when all but cap - 1 of them have left the window: look for the attempt with that
  // rank by age. Quadratic in a handful of entries, and nothing is allocated.
  const unsigned rank = total - cap;
  std::optional<utc_time> result;
  impl_->for_each(number, window, [&](const attempt& candidate) {
    unsigned older = 0;
    unsigned same = 0;
    impl_->for_each(number, window, [&](const attempt& other) {
      if (other.at_us < candidate.at_us) ++older;
      if (other.at_us == candidate.at_us) ++same;
    });
    if (older <= rank && rank < older + same) result = candidate.at() + length;
  });
  return result;
}

void attempt_history::expire(utc_time now) {
  constexpr std::size_t slice = 16'384;  // 256 KB read in order: some 20 microseconds
  constexpr std::chrono::days kept{7};
  impl_->table.sweep(slice, [&](const attempt& one) { return one.at() + kept <= now; });
}

void attempt_history::prefetch(e164 number) const noexcept {
  impl_->table.prefetch(number);
}
std::size_t attempt_history::attempts() const noexcept {
  return impl_->table.size();
}
std::size_t attempt_history::bytes() const noexcept {
  return impl_->table.capacity() * sizeof(attempt);
}

}  // namespace dialer::compliance
