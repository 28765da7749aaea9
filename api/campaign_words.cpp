#include "api/campaign_words.hpp"

namespace dialer::api {
namespace {

// "21:00" off the front, as minutes after midnight.
std::optional<int> take_time(std::string_view& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 5 || !digit(text[0]) || !digit(text[1]) || text[2] != ':' || !digit(text[3]) || !digit(text[4])) {
    return std::nullopt;
  }
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  text.remove_prefix(5);
  if (minute > 59 || hour * 60 + minute > 1440) return std::nullopt;
  return hour * 60 + minute;
}

}  // namespace

std::optional<local_hours> parse_local_hours(std::string_view text) noexcept {
  if (text == "closed") return local_hours{0, 0};
  const auto open = take_time(text);
  if (!open || !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto close = take_time(text);
  if (!close || !text.empty() || *open >= *close) return std::nullopt;
  return local_hours{static_cast<std::uint16_t>(*open), static_cast<std::uint16_t>(*close)};
}

std::string to_text(const local_hours& window) {
  if (window.open_minute == window.close_minute) return "closed";
  const auto time = [](unsigned minutes) {
    const auto two = [](unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); };
    return two(minutes / 60) + ":" + two(minutes % 60);
  };
  return time(window.open_minute) + "-" + time(window.close_minute);
}

}  // namespace dialer::api
