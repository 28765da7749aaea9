#pragma once

#include <string>
#include <string_view>

#include "carriers/account.hpp"

namespace dialer::carriers {

/// A URL split where the token goes: `before` ends in "t=", `after` is the fragment, if there is one.
struct token_place {
  std::string before;
  std::string_view after;
};

/// Makes the token the last parameter of the query. `after` views `url`.
token_place place_token(std::string_view url);

/// Our listener's address with a path that begins with "/"; a slash at the end of the base is not doubled.
std::string callback_url(std::string_view base, std::string_view path);

/// Where a carrier asks what to do with a call to one of our numbers: to be set for each number at Twilio (VoiceUrl,
/// with POST), for the connection (Call Control application) at Telnyx. `base` is our listener's address.
std::string inbound_call_url(carrier_kind kind, std::string_view base);
/// Its path.
std::string_view inbound_call_path(carrier_kind kind);

}  // namespace dialer::carriers
