#pragma once
// Lists that are read a page at a time. A page begins after a place in the list's order, never at a count of rows, so
// that what comes or goes meanwhile neither repeats nor hides a row.

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "api/rest_operation.hpp"
#include "api/rest_query.hpp"

namespace dialer::api {

struct page {
  int limit = 50;
  std::optional<cursor_place> after;  ///< nothing: from the beginning
};

/// `limit` and `cursor`, which every list takes, and those of its own.
std::vector<query_parameter> paged(std::vector<query_parameter> own = {});

/// Of the query. Throws rest_error.
page read_page(const rest_call& call, std::string_view kind);

/// {"data": [...], "next_cursor": ...}. `rows` has up to limit + 1 of them: the one too many says that more follow.
/// `cursor_of` makes the place of a row.
template <class Row, class ToJson, class CursorOf>
rest_answer answer_page(const page& asked, const std::vector<Row>& rows, ToJson to_json, CursorOf cursor_of) {
  boost::json::array data;
  const auto shown = std::min(rows.size(), static_cast<std::size_t>(asked.limit));
  for (std::size_t i = 0; i < shown; ++i) data.push_back(to_json(rows[i]));
  boost::json::value next = nullptr;
  if (rows.size() > shown) next = cursor_of(rows[shown - 1]);
  return {{{"data", std::move(data)}, {"next_cursor", std::move(next)}}};
}

/// A page of records that were all read, in the order of their ids: what an organisation has by the hundred.
template <class Record, class ToJson>
rest_answer answer_records(const rest_call& call, std::string_view kind, std::vector<Record> all, ToJson to_json) {
  const page asked = read_page(call, kind);
  if (asked.after) {
    const id128 after{asked.after->high, asked.after->low};
    std::erase_if(all, [&](const Record& one) { return static_cast<const id128&>(one.id) <= after; });
  }
  return answer_page(asked, all, to_json,
                     [kind](const Record& one) { return make_cursor(kind, one.id.high, one.id.low); });
}

}  // namespace dialer::api
