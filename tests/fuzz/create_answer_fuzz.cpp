// Any answer to a create, for both carriers: no crash, and never a class that its status does not allow.
// First byte: carrier and content type; next two: status; the rest: body.
#include <string>

#include "carriers/codec.hpp"
#include "tests/fuzz/carrier_account.hpp"

using namespace dialer::carriers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto twilio = make_codec(fuzzed_account(carrier_kind::twilio));
  static const auto telnyx = make_codec(fuzzed_account(carrier_kind::telnyx));
  if (size < 3) return 0;
  std::string body{reinterpret_cast<const char*>(data) + 3, size - 3};
  const std::size_t length = body.size();
  body.append(64, '\0');
  http::http_answer answer;
  answer.how = http::delivery::answered;
  answer.status = 100 + (data[1] * 256 + data[2]) % 500;
  answer.body = std::string_view{body}.substr(0, length);
  answer.content_type = (data[0] & 2) != 0 ? "application/json" : "";
  answer.retry_after = answer.body.substr(0, 40);
  codec& subject = (data[0] & 1) != 0 ? *twilio : *telnyx;

  const create_answer result = subject.decode_create(answer);
  require((result.what == answer_class::unknown) == (result.react == reaction::reconcile));
  require((result.what == answer_class::accepted) == !result.call_ref.empty());
  if (result.what == answer_class::accepted) require(answer.status / 100 == 2);
  if (result.what == answer_class::rejected) require(answer.status / 100 == 4 && answer.status != 429);
  if (result.what == answer_class::not_sent) require(answer.status == 429);
  require(result.detail.size() <= 512 && result.carrier_code.size() <= 512);

  subject.decode_fetch(answer);
  subject.decode_cancel(answer);
  subject.decode_probe(answer);
  const call_page page = subject.decode_list(answer);
  require(page.ok || (page.calls.empty() && page.next.empty()));
  require(page.next.find_first_of("\r\n ") == std::string::npos);
  return 0;
}
