// Any body and URL as a Twilio callback: no crash, and what is decoded keeps its promises.
#include <cstdlib>

#include "carriers/codec.hpp"

using namespace dialer::carriers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::size_t split = text.find('\n');
  callback_request request{};
  request.method = size % 2 == 0 ? "POST" : "GET";
  request.url = text.substr(0, split);
  request.body = split == std::string_view::npos ? std::string_view{} : text.substr(split + 1);
  request.twilio_signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  if (verify_twilio(request, "key") && size < 64) std::abort();  // nobody guesses a signature in a few bytes
  claimed_account(carrier_kind::twilio, request);
  const auto event = decode_twilio_callback(request);
  if (!event) return 0;
  if (event->token.empty() || event->report.call_ref.size() != 34) std::abort();
  if (!event->event_key.starts_with(event->report.call_ref) || event->event_key.size() > 256) std::abort();
  return 0;
}
