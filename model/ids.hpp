#pragma once
// Identifiers: prefixed, time-ordered, opaque outside.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer {

/// 128 bits, the first 48 of them milliseconds since 1970, the rest random (the layout of UUID version 7, so that the
/// ledger can store it as `uuid`). Text: prefix and 26 characters of lower-case Crockford base 32, e.g. "org_01hv…".
struct id128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const id128&, const id128&) noexcept = default;
  constexpr explicit operator bool() const noexcept { return (high | low) != 0; }
};

namespace detail {
std::string id_text(std::string_view prefix, id128 value);
std::optional<id128> id_parse(std::string_view prefix, std::string_view text) noexcept;
std::string id_text(std::string_view prefix, std::uint64_t value);
std::optional<std::uint64_t> id64_parse(std::string_view prefix, std::string_view text) noexcept;
}  // namespace detail

/// A 128-bit identifier of one kind of thing; Kind supplies the prefix.
template <class Kind>
struct wide_id : id128 {
  constexpr wide_id() noexcept = default;
  constexpr explicit wide_id(id128 value) noexcept : id128{value} {}
  std::string text() const { return detail::id_text(Kind::prefix, *this); }
  static std::optional<wide_id> parse(std::string_view text) noexcept {
    const auto value = detail::id_parse(Kind::prefix, text);
    return value ? std::optional<wide_id>{wide_id{*value}} : std::nullopt;
  }
};

/// A 64-bit identifier, for the two kinds that exist by the hundred million. Text: prefix and 13 characters.
/// Always positive as a signed 64-bit integer, so that it fits a bigint.
template <class Kind>
struct narrow_id {
  std::uint64_t value = 0;
  std::string text() const { return detail::id_text(Kind::prefix, value); }
  static std::optional<narrow_id> parse(std::string_view text) noexcept {
    const auto value = detail::id64_parse(Kind::prefix, text);
    return value ? std::optional<narrow_id>{narrow_id{*value}} : std::nullopt;
  }
  constexpr explicit operator bool() const noexcept { return value != 0; }
  friend constexpr auto operator<=>(narrow_id, narrow_id) noexcept = default;
};

// clang-format off
struct organisation_kind { static constexpr std::string_view prefix = "org_"; };
struct workspace_kind    { static constexpr std::string_view prefix = "wsp_"; };
struct campaign_kind     { static constexpr std::string_view prefix = "cmp_"; };
struct agent_kind        { static constexpr std::string_view prefix = "agt_"; };
struct phone_number_kind { static constexpr std::string_view prefix = "phn_"; };
struct integration_kind  { static constexpr std::string_view prefix = "crd_"; };
struct api_key_kind      { static constexpr std::string_view prefix = "key_"; };
struct webhook_id_kind   { static constexpr std::string_view prefix = "whk_"; };
struct wallet_transfer_kind { static constexpr std::string_view prefix = "wtr_"; };
struct contact_kind      { static constexpr std::string_view prefix = "con_"; };
struct attempt_kind      { static constexpr std::string_view prefix = "att_"; };
// clang-format on

using organisation_id = wide_id<organisation_kind>;
using workspace_id = wide_id<workspace_kind>;
using campaign_id = wide_id<campaign_kind>;
using agent_id = wide_id<agent_kind>;
using phone_number_id = wide_id<phone_number_kind>;
using integration_id = wide_id<integration_kind>;
using api_key_id = wide_id<api_key_kind>;
using webhook_id = wide_id<webhook_id_kind>;
using wallet_transfer_id = wide_id<wallet_transfer_kind>;
using contact_id = narrow_id<contact_kind>;
using attempt_id = narrow_id<attempt_kind>;

/// Makes a 128-bit value from the wall clock and 80 random bits; random_high and random_low supply them.
id128 make_id128(utc_time now, std::uint64_t random_high, std::uint64_t random_low) noexcept;

/// Hands out strictly increasing 64-bit identifiers: 41 bits of milliseconds since 2024, 8 of node, 14 of sequence.
/// More than 16,384 in one millisecond borrow from the next; a clock that steps back never yields a smaller value.
/// One per thread; not synchronised.
class id_sequence {
 public:
  /// node: 0..255, distinct among processes that make identifiers of the same kind for one organisation.
  explicit id_sequence(std::uint8_t node, std::uint64_t last = 0) noexcept;
  std::uint64_t next(utc_time now) noexcept;

  /// The wall-clock millisecond at which an identifier was made.
  static utc_time time_of(std::uint64_t value) noexcept;

 private:
  std::uint64_t last_tick_ = 0;  // milliseconds since 2024 and sequence, without the node
  std::uint8_t node_;
};

}  // namespace dialer

template <class Kind>
struct std::hash<dialer::wide_id<Kind>> {
  std::size_t operator()(const dialer::wide_id<Kind>& id) const noexcept {
    return static_cast<std::size_t>((id.high ^ (id.low * 0x9E3779B97F4A7C15ULL)) * 0xD6E8FEB86659FD93ULL);
  }
};

template <class Kind>
struct std::hash<dialer::narrow_id<Kind>> {
  std::size_t operator()(dialer::narrow_id<Kind> id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ULL);
  }
};
