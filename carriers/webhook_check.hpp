#pragma once
// `dialer check webhooks`: captured webhooks, one JSON object a line, judged by the carriers' signature rules.

#include <cstddef>
#include <iosfwd>

namespace dialer::carriers {

struct webhook_check_result {
  std::size_t checked = 0;  ///< lines judged, malformed ones included
  std::size_t valid = 0;
  std::size_t malformed = 0;  ///< lines that could not be read as a webhook; each was answered with an error
};

/// A line holds id (text or number, echoed as written), carrier ("twilio", "telnyx"), key (auth token, or public key in
/// base64), method, url, headers (names in any case), body, and now (Unix seconds; required for Telnyx). Body may be
/// absent, null or empty; other fields are ignored. For each line that is not blank one line is written:
/// {"id":…,"valid":…}, and for a malformed one {"id":…,"valid":false,"error":"line 3: …"}, the id null when it could
/// not be read.
webhook_check_result check_webhooks(std::istream& in, std::ostream& out);

}  // namespace dialer::carriers
