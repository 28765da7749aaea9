#include "carriers/number_reading.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "carriers/foreign_text.hpp"
#include "carriers/number_codec.hpp"
#include "carriers/telnyx_numbers.hpp"
#include "carriers/twilio_numbers.hpp"
#include "model/ascii.hpp"

namespace dialer::carriers {

std::unique_ptr<number_codec> make_number_codec(const account& value) {
  return value.kind == carrier_kind::twilio ? make_twilio_numbers(value) : make_telnyx_numbers(value);
}

std::string what_came(const http::http_answer& answer) {
  if (answer.how != http::delivery::answered) return foreign_text(answer.error);
  return foreign_text("HTTP " + std::to_string(answer.status) + ": " +
                      std::string{answer.body.substr(0, foreign_text_bytes_max)});
}

number_answer number_answer_without_verdict(const http::http_answer& answer) {
  number_answer result;
  result.outcome = answer.how == http::delivery::not_sent ? number_outcome::throttled : number_outcome::unknown;
  result.why = what_came(answer);
  return result;
}

number_answer number_refusal(const classified& verdict, std::string_view code, std::string_view words) {
  number_answer result;
  switch (verdict.what) {
    case answer_class::rejected: result.outcome = number_outcome::refused; break;
    case answer_class::not_sent: result.outcome = number_outcome::throttled; break;
    case answer_class::accepted:
    case answer_class::unknown: break;
  }
  result.why = code_and_words(code, words);
  return result;
}

std::string code_and_words(std::string_view code, std::string_view words) {
  std::string text{code};
  if (!text.empty() && !words.empty()) text += ": ";
  return foreign_text(text += words.substr(0, foreign_text_bytes_max));
}

std::uint8_t capability_named(std::string_view name) {
  static constexpr std::array names{std::pair{std::string_view{"voice"}, voice},
                                    std::pair{std::string_view{"sms"}, sms}, std::pair{std::string_view{"mms"}, mms},
                                    std::pair{std::string_view{"fax"}, fax}};
  for (const auto& [known, bit] : names) {
    if (same_ignoring_case(name, known)) return bit;
  }
  return 0;
}

std::optional<number_type> number_type_named(std::string_view name) {
  static constexpr std::array names{std::pair{std::string_view{"local"}, number_type::local},
                                    std::pair{std::string_view{"landline"}, number_type::local},
                                    std::pair{std::string_view{"longcode"}, number_type::local},
                                    std::pair{std::string_view{"national"}, number_type::national},
                                    std::pair{std::string_view{"mobile"}, number_type::mobile},
                                    std::pair{std::string_view{"toll_free"}, number_type::toll_free},
                                    std::pair{std::string_view{"toll-free"}, number_type::toll_free},
                                    std::pair{std::string_view{"tollfree"}, number_type::toll_free}};
  for (const auto& [known, type] : names) {
    if (same_ignoring_case(name, known)) return type;
  }
  return std::nullopt;
}

number_type number_type_of(e164 number) {
  static constexpr std::array toll_free_codes{800U, 833U, 844U, 855U, 866U, 877U, 888U};
  return number.is_nanp() && std::ranges::find(toll_free_codes, number.npa()) != toll_free_codes.end()
             ? number_type::toll_free
             : number_type::local;
}

std::string area_code_of(e164 number) {
  return number.is_nanp() ? std::to_string(number.npa()) : std::string{};
}

bool is_country(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, [](char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; });
}

}  // namespace dialer::carriers
