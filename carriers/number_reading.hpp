#pragma once
// What both carriers' answers about numbers have in common. Private to this folder's sources (it names simdjson).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "carriers/json_reading.hpp"
#include "carriers/number_codec.hpp"
#include "carriers/reactions.hpp"

namespace dialer::carriers {

/// What came instead of an answer that could be used, in words: "HTTP 502: <html>...".
std::string what_came(const http::http_answer& answer);

/// For everything that is not a readable answer of the carrier. Certainly not done only when the request cannot have
/// been complete.
number_answer number_answer_without_verdict(const http::http_answer& answer);

/// A refusal in the carrier's own words, by the tables that also judge calls: what leaves the outcome open stays
/// unknown.
number_answer number_refusal(const classified& verdict, std::string_view code, std::string_view words);

/// "21422: words", fit for a log.
std::string code_and_words(std::string_view code, std::string_view words);

/// The carriers' word in any case ("SMS"); 0 for one that we have no word for.
std::uint8_t capability_named(std::string_view name);

/// By the carriers' word, old ones of Telnyx included; nullopt for what we have no word for (shared_cost).
std::optional<number_type> number_type_named(std::string_view name);
/// What the number itself tells: toll free in the North American plan, else local.
number_type number_type_of(e164 number);

/// The area code in the North American plan; empty elsewhere.
std::string area_code_of(e164 number);

/// True for a country as both carriers take it: two letters.
bool is_country(std::string_view text);

/// Instead of a page: why there is none.
template <class Thing>
number_page<Thing> unread_page(number_answer why) {
  number_page<Thing> page;
  page.refused = why.outcome == number_outcome::refused;
  page.why = std::move(why.why);
  return page;
}

/// The rows of one page; those that `read` has no use for (no number in E.164, not held any more) are left out. Clean
/// when each row is an object.
template <class Thing, class Reader>
number_page<Thing> read_rows(simdjson::dom::array rows, const http::http_answer& answer, Reader read) {
  number_page<Thing> page;
  for (const simdjson::dom::element element : rows) {
    simdjson::dom::object row;
    if (element.get(row) != simdjson::SUCCESS) {
      page.why = what_came(answer);
      page.numbers.clear();
      return page;
    }
    if (auto thing = read(row)) page.numbers.push_back(std::move(*thing));
  }
  page.clean = true;
  return page;
}

}  // namespace dialer::carriers
