#include "api/rest_query.hpp"

#include <charconv>

#include "model/ids.hpp"

namespace dialer::api {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    const char* const begin = text.data() + i + 1;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

}  // namespace

std::optional<http_params> parse_query(std::string_view query) {
  http_params params;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    params.emplace_back(std::move(*name), std::move(*value));
  }
  return params;
}

std::string make_cursor(std::string_view kind, std::uint64_t high, std::uint64_t low) {
  return detail::id_text(std::string(kind) + "_", id128{high, low});
}

std::optional<cursor_place> parse_cursor(std::string_view kind, std::string_view text) {
  const auto place = detail::id_parse(std::string(kind) + "_", text);
  return place ? std::optional{cursor_place{place->high, place->low}} : std::nullopt;
}

}  // namespace dialer::api
