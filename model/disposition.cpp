#include "model/disposition.hpp"

namespace dialer {

std::string_view to_string(disposition value) noexcept {
  switch (value) {
    case disposition::answered: return "answered";
    case disposition::voicemail: return "voicemail";
    case disposition::busy: return "busy";
    case disposition::no_answer: return "no_answer";
    case disposition::failed: return "failed";
    case disposition::invalid_number: return "invalid_number";
    case disposition::rejected: return "rejected";
    case disposition::canceled: return "canceled";
    case disposition::blocked: return "blocked";
    case disposition::unknown: return "unknown";
  }
  return "none";
}

std::optional<disposition> parse_disposition(std::string_view text) noexcept {
  for (const disposition value : all_dispositions) {
    if (text == to_string(value)) return value;
  }
  return std::nullopt;
}

}  // namespace dialer
