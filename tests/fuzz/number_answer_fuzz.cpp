// Any answer to a request about numbers, for both carriers: no crash, nothing done or refused that its status does not
// allow, and no page of rows without a clean answer. First byte: carrier, content type and delivery; next two: status;
// the rest: body.
#include <string>

#include "carriers/number_codec.hpp"
#include "tests/fuzz/carrier_account.hpp"

using namespace dialer::carriers;
using dialer::e164;

namespace {

bool fit_for_a_path(std::string_view text) {
  return text.find_first_of("/?#&= \r\n") == std::string_view::npos;
}

void check(const http::http_answer& answer, const number_answer& result, bool read_only) {
  const bool answered = answer.how == http::delivery::answered;
  const int hundreds = answered ? answer.status / 100 : 0;
  require(result.why.size() <= 512);
  require(fit_for_a_path(result.carrier_ref) && fit_for_a_path(result.carrier_order));
  require(!result.gone || result.outcome == number_outcome::refused);
  if (answer.how == http::delivery::unknown) require(result.outcome == number_outcome::unknown);
  switch (result.outcome) {
    case number_outcome::done: return require(hundreds == 2 || (hundreds == 4 && !read_only));
    case number_outcome::pending: return require(hundreds == 2);
    // An order may have failed, which a clean answer tells.
    case number_outcome::refused:
      return require(hundreds == 2 || (hundreds == 4 && answer.status != 429 && !read_only));
    case number_outcome::throttled:
      return require(!read_only && (answer.how == http::delivery::not_sent || answer.status == 429));
    case number_outcome::unknown: return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto twilio = make_number_codec(fuzzed_account(carrier_kind::twilio));
  static const auto telnyx = make_number_codec(fuzzed_account(carrier_kind::telnyx));
  if (size < 3) return 0;
  std::string body{reinterpret_cast<const char*>(data) + 3, size - 3};
  const std::size_t length = body.size();
  body.append(64, '\0');
  http::http_answer answer;
  answer.how = (data[0] & 0xC0) == 0x40   ? http::delivery::unknown
               : (data[0] & 0xC0) == 0x80 ? http::delivery::not_sent
                                          : http::delivery::answered;
  if (answer.how == http::delivery::answered) {
    answer.status = 100 + (data[1] * 256 + data[2]) % 500;
    answer.body = std::string_view{body}.substr(0, length);
    answer.content_type = (data[0] & 2) != 0 ? "application/json" : "";
  } else {
    answer.error = std::string_view{body}.substr(0, length);
  }
  number_codec& subject = (data[0] & 1) != 0 ? *twilio : *telnyx;
  const e164 number = e164::from_digits(12125550123);

  check(answer, subject.decode_buy(answer), false);
  check(answer, subject.decode_route(answer), false);
  check(answer, subject.decode_release(answer), false);
  check(answer, subject.decode_find_purchase(answer, number), true);
  const auto offers = subject.decode_search(answer);
  require(offers.clean ? offers.why.empty() : offers.numbers.empty());
  require(offers.next.empty());
  for (const offered_number& offer : offers.numbers) require(offer.number && offer.locality.size() <= 512);
  const auto held = subject.decode_held(answer);
  require(held.clean ? held.why.empty() : held.numbers.empty() && held.next.empty());
  require(held.next.find_first_of("\r\n ") == std::string::npos);
  for (const held_number& one : held.numbers) require(one.number && fit_for_a_path(one.carrier_ref));
  return 0;
}
