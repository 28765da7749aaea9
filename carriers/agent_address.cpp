#include "carriers/agent_address.hpp"

#include <algorithm>

namespace dialer::carriers {

bool is_sip_address(std::string_view address) {
  return address.starts_with("sip:") || address.starts_with("sips:");
}

std::string_view agent_address_fault(std::string_view address) {
  if (address.starts_with("https://") || address.starts_with("http://")) return {};
  if (!is_sip_address(address)) {
    return "must be a URL or a SIP address; write https://... or sip:agent@pbx.example.com";
  }
  if (address.size() > sip_address_bytes_max) return "is too long for a SIP address; at most 128 characters";
  const std::string_view rest = address.substr(address.find(':') + 1);
  const bool plain = std::ranges::all_of(rest, [](char c) {
    return c > ' ' && c < 0x7F && std::string_view{"<>\"\\^`{|},#"}.find(c) == std::string_view::npos;
  });
  const bool has_host = !rest.empty() && !rest.ends_with('@');
  return plain && has_host ? "" : "is no SIP address; write sip:agent@pbx.example.com";
}

}  // namespace dialer::carriers
