#pragma once

#include <string>

namespace dialer {

/// How the settings files of the tests begin: one workspace, agent and Twilio account. Lines that a test appends before
/// a header of its own belong to the account.
inline const std::string settings_text = R"([organisation]
name = "Example"
[[workspace]]
name = "Sales"
[[agent]]
name = "Ann"
workspace = "Sales"
answer_url = "https://agent.example.com/answer"
[[integration]]
name = "twilio"
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
secret = "env:TOKEN"
)";

}  // namespace dialer
