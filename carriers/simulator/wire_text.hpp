#pragma once
// How both carriers spell values on the wire: form fields, percent escapes, base64 and dates. Written for the simulator
// alone: it must not share a bug with the engine's codecs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/clock.hpp"

namespace dialer::carriers::simulator {

struct form_field {
  std::string name;
  std::string value;
};

/// Fields of a form body or a query, in the order sent; names may repeat.
class form_fields {
 public:
  /// Reads "a=1&b=2", percent escapes and '+' decoded. A broken escape stays as it is.
  static form_fields parse(std::string_view text);

  /// The first value of `name`, or null.
  const std::string* find(std::string_view name) const noexcept;
  /// The first value of `name`, or empty.
  std::string_view get(std::string_view name) const noexcept;
  const std::vector<form_field>& all() const noexcept { return fields_; }
  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  /// application/x-www-form-urlencoded.
  std::string encode() const;

 private:
  std::vector<form_field> fields_;
};

std::string percent_decode(std::string_view text);
/// Escapes everything but letters, digits and "-._~".
void append_percent_encoded(std::string& out, std::string_view text);

std::string base64_encode(std::string_view bytes);
/// Accepts both alphabets, with or without padding; nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

void append_hex(std::string& out, std::uint64_t value);
/// Exactly 32 hexadecimal digits into two words.
bool parse_hex128(std::string_view text, std::uint64_t& high, std::uint64_t& low) noexcept;
/// Any 128 bits in the 8-4-4-4-12 form.
std::string uuid_text(std::uint64_t high, std::uint64_t low);

/// "Sat, 21 Nov 2026 08:48:33 +0000" (Twilio); `zone` "GMT" makes it an HTTP date.
std::string rfc2822(utc_time at, std::string_view zone = "+0000");
/// "2026-11-21T08:48:33.123456Z" (Telnyx).
std::string rfc3339(utc_time at);
/// "2026-11-21" (whole_day) or "2026-11-21T08:48:33[.f]Z".
struct parsed_date {
  utc_time at;
  bool whole_day;
};
std::optional<parsed_date> parse_date(std::string_view text);

/// Digits only, at most 18 of them.
std::optional<std::int64_t> parse_number(std::string_view text) noexcept;

}  // namespace dialer::carriers::simulator
