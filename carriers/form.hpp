#pragma once
// Form and query coding (application/x-www-form-urlencoded), lenient when reading: what a carrier signed is what we
// read.

#include <string>
#include <string_view>
#include <vector>

namespace dialer::carriers {

/// Appends `text` with every byte but RFC 3986's unreserved ones percent-encoded: fit for form values, queries,
/// segments.
void append_percent_encoded(std::string_view text, std::string& out);

/// "+" is a space, "%41" is "A"; a "%" that starts no escape stands for itself.
std::string form_decode(std::string_view text);

struct form_field {
  std::string name;
  std::string value;
  friend auto operator<=>(const form_field&, const form_field&) = default;
};

/// Fields in the order sent, repeated names included. Empty pairs ("a=1&&b=2") are dropped; a name without "=" has an
/// empty value.
std::vector<form_field> parse_form(std::string_view text);

/// The first value of that name; empty when absent. The view lives as long as `fields`.
std::string_view form_value(const std::vector<form_field>& fields, std::string_view name);

/// What stands between the first "?" and the "#" of a URL; empty when there is none.
std::string_view query_of(std::string_view url);

}  // namespace dialer::carriers
