// Any body as a Telnyx callback: no crash, and what is decoded keeps its promises.
#include <cstdlib>

#include "carriers/call_report_text.hpp"
#include "carriers/codec.hpp"

using namespace dialer::carriers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  callback_request request{};
  request.method = "POST";
  request.body = {reinterpret_cast<const char*>(data), size};
  claimed_account(carrier_kind::telnyx, request);
  const auto event = decode_telnyx_callback(request);
  if (!event) return 0;
  if (event->token.empty() || event->event_key.empty() || event->event_key.size() > 128) std::abort();
  const auto stored = parse_report(serialize_report(event->report));
  if (!stored || stored->call_ref != event->report.call_ref || stored->phase != event->report.phase) std::abort();
  return 0;
}
