#include "carriers/account.hpp"

#include <string>

#include "carriers/url.hpp"

namespace dialer::carriers {

const std::string& account_key(const account& value) {
  return value.kind == carrier_kind::twilio ? value.account_sid : value.connection_id;
}

std::vector<std::string> account_names(const account& value) {
  std::vector<std::string> names;
  for (const std::string* name : {&value.account_sid, &value.connection_id}) {
    if (!name->empty()) names.push_back(*name);
  }
  return names;
}

std::string missing_for_calls(const account& value) {
  if (value.kind != carrier_kind::telnyx) return {};
  if (value.connection_id.empty()) {
    return "has no connection_id; set metadata.connection_id by PATCH /v1/integrations/" + value.id.text() +
           " to the id of the Call Control application, as the Telnyx portal shows it";
  }
  if (value.webhook_public_key.empty()) {
    return "has no webhook_public_key; set it by PATCH /v1/integrations/" + value.id.text() +
           " to the public key that the Telnyx portal shows";
  }
  return {};
}

bool queues_calls(carrier_kind kind) {
  return kind == carrier_kind::twilio;
}

bool on_loopback(const account& value) {
  return is_loopback_url(value.base_url);
}

}  // namespace dialer::carriers
