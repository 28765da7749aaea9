#pragma once
// What every dialect of Twilio's REST API shares. Private to this folder's sources (it names simdjson).

#include <optional>
#include <string>
#include <string_view>

#include "carriers/account.hpp"
#include "carriers/json_reading.hpp"

namespace dialer::carriers {

inline constexpr std::string_view form_type = "application/x-www-form-urlencoded";

/// "Basic ...". Throws std::invalid_argument, naming the field, when SID or token cannot stand in a request.
std::string twilio_authorization(const account& value);
/// "/2010-04-01/Accounts/AC...".
std::string twilio_account_path(const account& value);

/// 0 when there is none. Twilio's codes have five digits and more; a smaller number is somebody else's.
int twilio_error_code(simdjson::dom::object body);

struct twilio_error {
  int code = 0;  ///< 0: only words
  std::string_view words;
};

/// Twilio's own error has a code, or a status beside its words (older form: message; RFC 9457: title, detail).
std::optional<twilio_error> read_twilio_error(simdjson::dom::object body, int status);

/// The next page is foreign text that we send back with our credentials: only what starts with `list` is followed.
/// False: it does not. `next` stays empty on the last page.
bool read_twilio_next(simdjson::dom::object body, std::string_view list, std::string& next);

}  // namespace dialer::carriers
