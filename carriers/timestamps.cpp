#include "carriers/timestamps.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>

namespace dialer::carriers {
namespace {

using namespace std::chrono;

/// Eats a text from its front; once something did not fit it stays failed.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_{text} {}

  bool skip(char expected) {
    if (failed_ || rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char expected) { failed_ = !skip(expected); }
  std::string_view word(std::size_t length) {
    if (failed_ || rest_.size() < length) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }
  int number(std::size_t digits_min, std::size_t digits_max) {
    int value = 0;
    std::size_t digits = 0;
    while (digits < digits_max && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + (rest_[digits++] - '0');
    }
    if (digits < digits_min) failed_ = true;
    word(digits);
    return value;
  }
  /// Microseconds of a fraction whose point has been eaten.
  microseconds fraction() {
    long long value = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (digits < 6) value = value * 10 + (rest_[digits] - '0');
    }
    if (digits == 0) failed_ = true;
    word(digits);
    for (; digits < 6; ++digits) value *= 10;
    return microseconds{value};
  }
  std::string_view rest() const { return rest_; }
  void fail() { failed_ = true; }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

seconds time_of_day(scanner& scan) {
  const int hour = scan.number(2, 2);
  scan.expect(':');
  const int minute = scan.number(2, 2);
  scan.expect(':');
  const int second = scan.number(2, 2);
  if (hour > 23 || minute > 59 || second > 60) scan.fail();  // 60: a leap second
  return hours{hour} + minutes{minute} + seconds{second};
}

seconds offset(scanner& scan, bool with_colon) {
  const bool west = scan.skip('-');
  if (!west) scan.expect('+');
  const int hour = scan.number(2, 2);
  if (with_colon) scan.expect(':');
  const int minute = scan.number(2, 2);
  if (hour > 23 || minute > 59) scan.fail();
  const seconds east = hours{hour} + minutes{minute};
  return west ? -east : east;
}

std::optional<utc_time> instant_of(const scanner& scan, year_month_day date, microseconds since_midnight) {
  if (!scan.done() || !date.ok()) return std::nullopt;
  return utc_time{sys_days{date}} + since_midnight;
}

}  // namespace

std::optional<utc_time> parse_rfc2822(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (const std::size_t comma = text.find(','); comma == 3) {
    text.remove_prefix(4);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  scanner scan{text};
  const int day_number = scan.number(1, 2);
  scan.expect(' ');
  const std::string_view month_name = scan.word(3);
  unsigned month_number = 0;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (months[i] == month_name) month_number = i + 1;
  }
  scan.expect(' ');
  const int year_number = scan.number(4, 4);
  scan.expect(' ');
  const seconds since_midnight = time_of_day(scan);
  scan.expect(' ');
  seconds east{0};
  if (scan.rest() == "GMT" || scan.rest() == "UTC") {
    scan.word(3);
  } else {
    east = offset(scan, false);
  }
  return instant_of(scan, year{year_number} / month{month_number} / day{static_cast<unsigned>(day_number)},
                    since_midnight - east);
}

std::optional<utc_time> parse_rfc3339(std::string_view text) {
  scanner scan{text};
  const int year_number = scan.number(4, 4);
  scan.expect('-');
  const int month_number = scan.number(2, 2);
  scan.expect('-');
  const int day_number = scan.number(2, 2);
  scan.expect('T');
  microseconds since_midnight = time_of_day(scan);
  if (scan.skip('.')) since_midnight += scan.fraction();
  if (!scan.skip('Z')) since_midnight -= offset(scan, true);
  return instant_of(
      scan, year{year_number} / month{static_cast<unsigned>(month_number)} / day{static_cast<unsigned>(day_number)},
      since_midnight);
}

std::string format_rfc3339(utc_time at) {
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss time{floor<seconds>(at - midnight)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

}  // namespace dialer::carriers
