#include "api/rest_paging.hpp"

#include <charconv>

namespace dialer::api {
namespace {

constexpr int limit_max = 100;

}  // namespace

std::vector<query_parameter> paged(std::vector<query_parameter> own) {
  own.push_back({"limit", "integer", "How many at most, 1 to 100 (50)."});
  own.push_back({"cursor", "string", "`next_cursor` of the page before."});
  return own;
}

page read_page(const rest_call& call, std::string_view kind) {
  page asked;
  if (const auto limit = call.query_param("limit")) {
    const char* const end = limit->data() + limit->size();
    const auto [stop, error] = std::from_chars(limit->data(), end, asked.limit);
    if (error != std::errc{} || stop != end || asked.limit < 1 || asked.limit > limit_max) {
      refuse_param("limit", "must be a whole number from 1 to 100");
    }
  }
  if (const auto cursor = call.query_param("cursor")) {
    asked.after = parse_cursor(kind, *cursor);
    if (!asked.after) refuse_param("cursor", "is none of this list; take next_cursor of the page before");
  }
  return asked;
}

}  // namespace dialer::api
