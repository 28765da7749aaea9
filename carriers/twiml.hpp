#pragma once
// Documents that tell Twilio what to do with a call. Texts are escaped.

#include <string>
#include <string_view>

namespace dialer::carriers {

/// The call goes on as the document at `url` says.
std::string twiml_redirect(std::string_view url);
/// The call is connected to a SIP address, and rings for its caller until that one answers. With an `action` Twilio
/// asks that URL, which may be relative to the document's, what comes next when the connection is over or did not come
/// about.
std::string twiml_dial_sip(std::string_view address, std::string_view action = {});
/// The message is read, then the caller is recorded for `recording_max_s` seconds at most. When that is done, Twilio
/// asks this document's own URL what comes next.
std::string twiml_voicemail(std::string_view message, int recording_max_s);
/// Not answered, and not charged: the caller hears that the number is not in service.
std::string twiml_not_in_service();
/// Not answered, and not charged: the caller hears a busy tone.
std::string twiml_busy();
std::string twiml_hang_up();

}  // namespace dialer::carriers
