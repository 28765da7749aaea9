#include "api/instants.hpp"

#include <charconv>
#include <cstdio>

namespace dialer::api {
namespace {

// Takes exactly `digits` digits off the front.
bool take(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits || text.front() == '-') return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
  if (problem != std::errc{} || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char sign) {
  if (text.empty() || text.front() != sign) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, int& microseconds) {
  if (!take(text, '.')) return true;
  int digits = 0;
  for (; digits < 6 && !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
    microseconds = microseconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  const bool some = digits > 0;
  for (; digits < 6; ++digits) microseconds *= 10;
  return some;
}

}  // namespace

std::optional<utc_time> parse_instant(std::string_view text) noexcept {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0;
  if (!take(text, 4, year) || !take(text, '-') || !take(text, 2, month) || !take(text, '-') || !take(text, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  if (!text.empty()) {
    if (!take(text, 'T') || !take(text, 2, hour) || !take(text, ':') || !take(text, 2, minute) || !take(text, ':') ||
        !take(text, 2, second) || !take_fraction(text, fraction) || !take(text, 'Z') || !text.empty()) {
      return std::nullopt;
    }
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  }
  return utc_time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + std::chrono::microseconds{fraction};
}

std::string to_text(utc_time at) {
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss time{at - midnight};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  std::string whole = text;
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(fraction));
    whole += text;
  }
  return whole + "Z";
}

}  // namespace dialer::api
