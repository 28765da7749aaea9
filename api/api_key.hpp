#pragma once
// The text of an API key, as it is shown once and sent with every request:
//
//   dlr_<public id, 26 characters>_<256 random bits, 52 characters>_<checksum, 13 characters>
//
// The prefix and the checksum let a scanner of leaked secrets recognise one without asking anybody, and a mistyped key
// be refused without looking it up. The key is as random as a key can be, so one HMAC keeps it, not a slow hash.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/ids.hpp"

namespace dialer::api {

/// What the hashes of keys are keyed with: a copy of the database alone verifies nothing.
using key_pepper = std::array<std::uint8_t, 32>;

/// Eight bytes by which peppers are told apart; says nothing about the pepper.
std::string mark_of(const key_pepper& pepper);

/// A new key from 256 random bits.
std::string api_key_text(api_key_id id, const std::array<id128, 2>& random);

/// The public id of a well-formed key with the right checksum.
std::optional<api_key_id> api_key_id_of(std::string_view text);

/// HMAC-SHA-256 of the whole text under the pepper: 32 bytes.
std::string api_key_hash(std::string_view text, const key_pepper& pepper);

/// In constant time for equal lengths.
bool equal_secrets(std::string_view left, std::string_view right);

}  // namespace dialer::api
