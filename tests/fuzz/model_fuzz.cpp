// Whatever text is taken for a number or an identifier is written back as the same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/disposition.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto same = [text](std::string_view written) {
    if (written != text) std::abort();
  };
  if (const auto number = dialer::e164::parse(text)) {
    same(number->text());
    if (number->masked() == text) std::abort();
  }
  if (const auto id = dialer::campaign_id::parse(text)) same(id->text());
  if (const auto id = dialer::contact_id::parse(text)) same(id->text());
  if (const auto value = dialer::parse_disposition(text)) same(to_string(*value));
  return 0;
}
