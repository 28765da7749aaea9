#pragma once
// Which countries are called. A list with a premium or satellite number smuggled in, or a country nobody meant to call,
// costs money by the minute: what is not allowed is not dialed.

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/e164.hpp"

namespace dialer::compliance {

/// Whether the numbering tables have numbers of this country (ISO 3166-1 alpha-2); those that share a neighbour's code,
/// such as Guernsey with the United Kingdom, are known as that neighbour.
bool is_known_country(std::string_view country) noexcept;

/// A number's country is what its area code or calling code says. Under +1 the codes without a place (toll-free,
/// personal) go with the United States and Canada. Elsewhere what has no country is in no set, but for freephone.
class country_set {
 public:
  country_set() = default;  ///< no country: nothing is called
  /// Countries that is_known_country does not know add nothing.
  explicit country_set(const std::vector<std::string>& countries);

  bool contains(e164 number) const noexcept;
  /// "CA, US": what is called, for a person.
  std::string text() const;

 private:
  std::bitset<1000> area_codes_;         // of +1
  std::vector<std::string_view> names_;  // sorted, as the tables write them
};

/// The countries that a campaign calls: those its organisation allows, or when it says nothing the country of the
/// campaign's own nationally written numbers; the United States and Canada stand for each other then.
country_set countries_called(const std::vector<std::string>& allowed, std::string_view default_country);

}  // namespace dialer::compliance
