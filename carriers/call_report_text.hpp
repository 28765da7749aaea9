#pragma once
// A call_report as text, for the ledger's stored events: JSON, defaults left out.

#include <optional>
#include <string>
#include <string_view>

#include "carriers/call.hpp"

namespace dialer::carriers {

/// {"ref":"CA…","phase":4,"answered":"answered","unanswered":"busy","sip":486,"duration_s":0,"at_us":…}
std::string serialize_report(const call_report& report);
/// nullopt for a text that serialize_report did not write; fields added by a later version are ignored.
std::optional<call_report> parse_report(std::string_view text);

}  // namespace dialer::carriers
