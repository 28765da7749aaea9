#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dialer::carriers {

/// RFC 4648: standard is padded, url ("-" and "_") is not.
enum class base64_kind : std::uint8_t { standard, url };

void append_base64(std::span<const std::uint8_t> bytes, base64_kind kind, std::string& out);
void append_base64(std::string_view bytes, base64_kind kind, std::string& out);

/// nullopt for anything append_base64 would not have written: foreign characters, wrong padding, stray low bits. So two
/// different texts never mean the same bytes.
std::optional<std::string> decode_base64(std::string_view text, base64_kind kind);

}  // namespace dialer::carriers
