#include "campaigns/phone_normaliser.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "campaigns/phone_text.hpp"

namespace dialer::campaigns {
namespace {

constexpr std::size_t e164_digits_min = 7;
constexpr std::size_t e164_digits_max = 15;
constexpr std::uint16_t north_america = 1;

constexpr std::array<phone_problem_text, 15> problem_texts{{
    {"none", "", ""},
    {"empty", "there is no number", "fill in the number or delete the row"},
    {"letters", "there are letters among the digits", "write the number with digits only"},
    {"unreadable", "there are signs that belong in no number", "put one number in each cell, for example +12125550123"},
    {"scientific", "a spreadsheet turned the number into a scientific notation and lost its digits",
     "format the column as text, enter the number again and export again"},
    {"decimal", "a program turned the number into a decimal fraction", "format the column as text and export again"},
    {"too_short", "the number has too few digits", "write the whole number with + and the country's calling code"},
    {"too_long", "the number has too many digits",
     "put one number in each cell, with + and the country's calling code"},
    {"impossible_length", "no number of that country has so many digits",
     "write the whole number with + and the country's calling code"},
    {"calling_code", "no country has this calling code", "write + and the country's calling code before the number"},
    {"area_code_missing", "the area code is missing", "write the area code before the number"},
    {"area_code", "the area code cannot exist in North America",
     "check the three digits after +1; for other countries write + and the calling code"},
    {"exchange_code", "the three digits after the area code cannot exist in North America", "check the number"},
    {"ambiguous", "the number can be read in two ways",
     "write it with + and the country's calling code, without a trunk prefix"},
    {"extension", "the extension is not a number of up to 15 digits", "write the extension as x and digits"},
}};

phone_result refuse(phone_problem problem) noexcept {
  phone_result result;
  result.problem = problem;
  return result;
}

/// digits: ten, of the North American plan.
phone_result north_american(std::uint64_t digits) noexcept {
  const auto area = static_cast<unsigned>(digits / 10'000'000);
  const auto exchange = static_cast<unsigned>(digits / 10'000 % 1000);
  if (area < 200 || area % 100 == 11 || area / 10 % 10 == 9) return refuse(phone_problem::area_code);
  if (exchange < 200 || exchange % 100 == 11) return refuse(phone_problem::exchange_code);
  phone_result result;
  result.number = e164::from_digits(10'000'000'000 + digits);
  return result;
}

std::uint64_t value_of(std::string_view digits) noexcept {
  std::uint64_t value = 0;
  for (const char digit : digits) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value;
}

/// What is left after one of the trunk prefixes, when a number of the plan is left and was not one before. A leading 0
/// is never part of a number where 0 is the trunk prefix; elsewhere an ordinary number must remain, or none be there as
/// is.
std::string_view without_trunk(std::string_view digits, const calling_code_plan& plan) noexcept {
  std::string_view trunks = plan.trunks;
  while (!trunks.empty()) {
    const std::string_view trunk = trunks.substr(0, trunks.find(' '));
    trunks.remove_prefix(std::min(trunks.size(), trunk.size() + 1));
    if (!digits.starts_with(trunk)) continue;
    const std::string_view rest = digits.substr(trunk.size());
    if (!contains(plan.possible, rest.size())) continue;
    if (trunk.front() == '0' || contains(plan.ordinary, rest.size()) || !contains(plan.possible, digits.size()))
      return rest;
  }
  return digits;
}

phone_problem length_problem(std::size_t digits, length_set possible) noexcept {
  if ((possible >> digits) == 0) return phone_problem::too_long;
  return (possible & ((length_set{1} << digits) - 1)) == 0 ? phone_problem::too_short
                                                           : phone_problem::impossible_length;
}

/// digits: what follows the calling code, or is dialed inside its countries; a trunk prefix may stand before it.
phone_result compose(const calling_code_plan& plan, std::string_view digits) noexcept {
  const std::string_view national = without_trunk(digits, plan);
  if (!contains(plan.possible, national.size())) return refuse(length_problem(national.size(), plan.possible));
  // With a second trunk prefix behind the first, one of them is part of something else.
  if (without_trunk(national, plan).size() != national.size()) return refuse(phone_problem::ambiguous);
  const std::size_t code_size = plan.calling_code < 10 ? 1 : plan.calling_code < 100 ? 2 : 3;
  if (code_size + national.size() < e164_digits_min) return refuse(phone_problem::too_short);
  if (code_size + national.size() > e164_digits_max) return refuse(phone_problem::too_long);
  std::uint64_t scale = 1;
  for (std::size_t i = 0; i < national.size(); ++i) scale *= 10;
  phone_result result;
  result.number = e164::from_digits(plan.calling_code * scale + value_of(national));
  return result;
}

/// digits: after +1, or as written inside North America.
phone_result inside_north_america(std::string_view digits) noexcept {
  if (digits.size() == 11 && digits.front() == '1') digits.remove_prefix(1);
  if (digits.size() == 10) return north_american(value_of(digits));
  if (digits.size() == 7) return refuse(phone_problem::area_code_missing);
  return refuse(digits.size() < 10 ? phone_problem::too_short : phone_problem::too_long);
}

const calling_code_plan* find_plan(std::uint64_t calling_code) noexcept {
  const auto plans = calling_code_plans();
  const auto found = std::ranges::lower_bound(plans, calling_code, {}, &calling_code_plan::calling_code);
  return found != plans.end() && found->calling_code == calling_code ? &*found : nullptr;
}

/// digits: calling code and number.
phone_result international(std::string_view digits) noexcept {
  if (digits.starts_with('1')) return inside_north_america(digits.substr(1));
  // No calling code is the beginning of another.
  for (std::size_t size = 1; size <= 3 && size < digits.size() && digits.front() != '0'; ++size) {
    const calling_code_plan* plan = find_plan(value_of(digits.substr(0, size)));
    if (plan != nullptr) return compose(*plan, digits.substr(size));
  }
  return refuse(digits.size() < e164_digits_min ? phone_problem::too_short : phone_problem::calling_code);
}

std::optional<std::string_view> after_international_prefix(std::string_view digits, const country_plan& home) noexcept {
  for (const std::string_view prefix : {home.international_prefix, std::string_view{"00"}}) {
    if (digits.size() > prefix.size() && digits.starts_with(prefix) && digits[prefix.size()] != '0') {
      return digits.substr(prefix.size());
    }
  }
  return std::nullopt;
}

/// digits: as dialed inside a country of the plan, which is not North America's.
phone_result inside_country(std::string_view digits, const calling_code_plan& plan) noexcept {
  const std::string code = std::to_string(plan.calling_code);  // at most three characters: no allocation
  const bool has_trunk = without_trunk(digits, plan).size() != digits.size();
  if (has_trunk || !digits.starts_with(code)) return compose(plan, digits);
  // It begins like its own calling code: is "+" missing, or is that how the number begins?
  const std::string_view rest = without_trunk(digits.substr(code.size()), plan);
  if (!contains(plan.possible, rest.size())) return compose(plan, digits);
  const bool usual_as_national = contains(plan.ordinary, digits.size());
  const bool usual_with_code = contains(plan.ordinary, rest.size());
  if (!contains(plan.possible, digits.size()) || (usual_with_code && !usual_as_national)) return compose(plan, rest);
  return usual_with_code == usual_as_national ? refuse(phone_problem::ambiguous) : compose(plan, digits);
}

/// The common case: "+1 (212) 555-0123", "12125550123", "212.555.0123". Yields nothing when the text is anything else.
std::optional<phone_result> quick_north_american(std::string_view text, bool at_home) noexcept {
  std::uint64_t value = 0;
  std::size_t digits = 0;
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  // "1212555012.0" is a decimal fraction, not eleven digits.
  const std::size_t point = text.rfind('.');
  if (point != std::string_view::npos && text.size() - point <= 3) return std::nullopt;
  for (const char sign : text) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(sign)) - '0';
    if (digit < 10) {
      value = value * 10 + digit;
      if (++digits > 11) return std::nullopt;
    } else if (sign != '-' && sign != ' ' && sign != '(' && sign != ')' && sign != '.') {
      return std::nullopt;
    }
  }
  if (digits == 11 && (plus || at_home) && value / 10'000'000'000 == 1) return north_american(value % 10'000'000'000);
  if (digits == 10 && !plus && at_home && value >= 2'000'000'000) return north_american(value);
  return std::nullopt;
}

}  // namespace

const phone_problem_text& describe(phone_problem problem) noexcept {
  return problem_texts[static_cast<std::size_t>(problem)];
}

phone_normaliser::phone_normaliser(std::string_view default_country) {
  const auto plans = country_plans();
  const auto found = std::ranges::lower_bound(plans, default_country, {}, &country_plan::country);
  if (found == plans.end() || found->country != default_country) {
    throw std::invalid_argument("unknown default country \"" + std::string{default_country} +
                                "\": write two capital letters such as US or GB");
  }
  home_ = &*found;
  home_plan_ = find_plan(home_->calling_code);
}

phone_result phone_normaliser::normalise(std::string_view text) const noexcept {
  const bool at_home = home_->calling_code == north_america;
  if (const auto quick = quick_north_american(text, at_home)) return *quick;

  const phone_text written = read_phone_text(text);
  if (written.problem != phone_problem::none) return refuse(written.problem);
  const std::string_view digits{written.digits.data(), written.digits_size};

  phone_result result;
  if (written.plus) {
    result = international(digits);
  } else if (const auto abroad = after_international_prefix(digits, *home_)) {
    result = international(*abroad);
  } else {
    result = at_home ? inside_north_america(digits) : inside_country(digits, *home_plan_);
  }
  if (result) {
    result.extension_size = written.extension_size;
    result.extension_digits = written.extension_digits;
  }
  return result;
}

}  // namespace dialer::campaigns
