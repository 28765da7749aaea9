#include "api/masked.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace dialer::api {
namespace {

constexpr std::size_t shown_digits = 2;
constexpr std::string_view hidden = "***";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Where digits, with at most two separators between any two of them, end; and how many there are.
struct digits_found {
  std::size_t end = 0;
  std::size_t count = 0;
  bool separated = false;
};
digits_found find_digits(std::string_view text, std::size_t from) {
  digits_found found{from, 0, false};
  std::size_t gap = 0;
  for (std::size_t at = from; at < text.size() && gap <= 2; ++at) {
    if (is_digit(text[at])) {
      found.separated = found.separated || (gap != 0 && found.count != 0);
      gap = 0;
      ++found.count;
      found.end = at + 1;
    } else if (std::string_view{" .()-"}.find(text[at]) != std::string_view::npos) {
      ++gap;
    } else {
      break;
    }
  }
  return found;
}

/// "(212) 555-0123", "212-555-0123", "212.555.0123" and the like from here on; 0 when it is none.
std::size_t north_american_length(std::string_view text) {
  std::size_t at = 0;
  for (const std::size_t group : {3U, 3U, 4U}) {
    std::size_t gap = 0;
    while (at < text.size() && gap < 2 && std::string_view{" .()-"}.find(text[at]) != std::string_view::npos) {
      ++at;
      ++gap;
    }
    for (std::size_t i = 0; i < group; ++i, ++at) {
      if (at >= text.size() || !is_digit(text[at])) return 0;
    }
  }
  return at < text.size() && is_word(text[at]) ? 0 : at;
}

/// Length of the number that begins here; 0 when none does.
std::size_t number_length(std::string_view text, std::size_t at) {
  const bool begins = at == 0 || !is_word(text[at - 1]);
  if (text[at] == '+') {
    const digits_found found = find_digits(text, at + 1);
    return found.count >= 7 && found.count <= 15 && is_digit(text[std::min(at + 1, text.size() - 1)]) ? found.end - at
                                                                                                      : 0;
  }
  if (!begins) return 0;
  if (is_digit(text[at])) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    const bool ends = end == text.size() || !is_word(text[end]);
    if (ends && end - at >= 10 && end - at <= 15) return end - at;
  }
  return is_digit(text[at]) || text[at] == '(' ? north_american_length(text.substr(at)) : 0;
}

void append_masked(std::string& to, std::string_view number) {
  auto left = static_cast<std::size_t>(std::ranges::count_if(number, is_digit));
  for (const char c : number) {
    to += is_digit(c) && left > shown_digits ? '*' : c;
    if (is_digit(c)) --left;
  }
}

/// What follows `mark` is secret up to the first of `ends`; so much of it is shown.
struct secret_mark {
  std::string_view mark;
  std::string_view ends;
  std::size_t shown = 0;
};
constexpr std::string_view blank = " \t\r\n\"',;)";
constexpr std::array<secret_mark, 6> secret_marks{{{"dlr_", blank, 26},  // the key's id is no secret
                                                   {"whsec_", blank, 0},
                                                   {"Bearer ", blank, 0},
                                                   {"Basic ", blank, 0},
                                                   {"password=", blank, 0},
                                                   {"passwd=", blank, 0}}};

/// Of the password in "scheme://user:password@host", from its first character; 0 when there is none.
std::size_t url_password_length(std::string_view text, std::size_t at) {
  if (at == 0 || text[at - 1] != ':') return 0;
  const auto scheme = text.rfind("://", at - 1);
  if (scheme == std::string_view::npos || scheme + 3 > at - 1) return 0;
  if (text.substr(scheme + 3, at - 1 - (scheme + 3)).find_first_of("/ @") != std::string_view::npos) return 0;
  const auto end = text.find_first_of("@/ \"'", at);
  return end != std::string_view::npos && text[end] == '@' ? end - at : 0;
}

}  // namespace

std::string masked(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const auto* mark = std::ranges::find_if(
        secret_marks, [&](const secret_mark& one) { return text.substr(at).starts_with(one.mark); });
    if (mark != secret_marks.end()) {
      const std::size_t begin = at + mark->mark.size();
      const std::size_t end = std::min(text.find_first_of(mark->ends, begin), text.size());
      const std::size_t kept = std::min(begin + mark->shown, end);
      shown += text.substr(at, kept - at);
      if (kept != end) shown += hidden;
      at = end;
    } else if (const std::size_t password = url_password_length(text, at); password != 0) {
      shown += hidden;
      at += password;
    } else if (const std::size_t number = number_length(text, at); number != 0) {
      append_masked(shown, text.substr(at, number));
      at += number;
    } else {
      shown += text[at++];
    }
  }
  return shown;
}

}  // namespace dialer::api
