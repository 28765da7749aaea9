#include "carriers/callback_url.hpp"

#include <algorithm>
#include <cstddef>

namespace dialer::carriers {

token_place place_token(std::string_view url) {
  const std::size_t fragment = std::min(url.find('#'), url.size());
  token_place place{std::string{url.substr(0, fragment)}, url.substr(fragment)};
  const bool has_query = place.before.find('?') != std::string::npos;
  if (!has_query) {
    place.before += '?';
  } else if (!place.before.ends_with('?') && !place.before.ends_with('&')) {
    place.before += '&';
  }
  place.before += "t=";
  return place;
}

std::string callback_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  std::string url{base};
  url += path;
  return url;
}

std::string_view inbound_call_path(carrier_kind kind) {
  return kind == carrier_kind::twilio ? "/callbacks/twilio/voice" : "/callbacks/telnyx/voice";
}

std::string inbound_call_url(carrier_kind kind, std::string_view base) {
  std::string url = callback_url(base, inbound_call_path(kind));
  // So that Twilio asks again when we can't tell yet; neither sent nor signed.
  if (kind == carrier_kind::twilio) url += "#rc=3&rp=all";
  return url;
}

}  // namespace dialer::carriers
