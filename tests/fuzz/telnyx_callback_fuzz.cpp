// Any URL and body as a Telnyx callback: no crash, and what is decoded keeps its promises.
#include <string>

#include "carriers/call_report_text.hpp"
#include "carriers/codec.hpp"
#include "carriers/hand_over.hpp"
#include "tests/fuzz/carrier_account.hpp"

using namespace dialer::carriers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::size_t split = text.starts_with("https:") ? text.find('\n') : std::string_view::npos;
  callback_request request{};
  request.method = "POST";
  if (split != std::string_view::npos) request.url = text.substr(0, split);
  request.body = split == std::string_view::npos ? text : text.substr(split + 1);
  claimed_account(carrier_kind::telnyx, request);
  const auto event = decode_telnyx_callback(request);
  if (!event) return 0;
  require(!event->token.empty() && !event->event_key.empty() && event->event_key.size() <= 128);
  const auto stored = parse_report(serialize_report(event->report));
  require(stored && stored->call_ref == event->report.call_ref && stored->phase == event->report.phase &&
          stored->abandoned == event->report.abandoned);
  require((event->task == call_task::hang_up) == event->report.abandoned);
  if (event->task == call_task::none) return 0;
  require(event->report.phase == call_phase::answered);
  const callback lost = abandoned(*event);
  require(lost.report.abandoned && lost.event_key != event->event_key && lost.event_key.size() <= 256);
  static const account over = fuzzed_account(carrier_kind::telnyx);
  const std::string request_bytes = encode_command(over, transfer_to_agent(*event, "sip:a@pbx.example.com")) +
                                    encode_command(over, hang_up_abandoned(*event));
  require(request_bytes.find('\0') == std::string::npos);
  return 0;
}
