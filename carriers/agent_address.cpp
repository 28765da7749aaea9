#include "carriers/agent_address.hpp"

#include <algorithm>

#include "carriers/url.hpp"

namespace dialer::carriers {

bool is_sip_address(std::string_view address) {
  return address.starts_with("sip:") || address.starts_with("sips:");
}

namespace {

std::string_view url_fault(std::string_view address) {
  const auto url = parse_url(address);
  if (!url) return "is no URL; write it as https://agent.example.com/answer";
  if (url->scheme() == "https" || is_loopback_url(address)) return {};
  return "would send each call's token in the clear; write https://... (http:// is for this machine only)";
}

}  // namespace

std::string_view agent_address_fault(std::string_view address) {
  if (address.starts_with("https://") || address.starts_with("http://")) return url_fault(address);
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
