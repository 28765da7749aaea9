// Any text as an attempt token under a key nobody knows: never accepted. And any token signed comes back whole.
#include <cstdlib>
#include <cstring>

#include "carriers/attempt_token.hpp"

using namespace dialer::carriers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const token_signer signer{token_key{1, 2, 3}};
  if (signer.verify({reinterpret_cast<const char*>(data), size})) std::abort();
  std::uint64_t words[8] = {};
  std::memcpy(words, data, size < sizeof words ? size : sizeof words);
  attempt_token token;
  token.organisation = dialer::organisation_id{dialer::id128{words[0], words[1]}};
  token.campaign = dialer::campaign_id{dialer::id128{words[2], words[3]}};
  token.attempt = dialer::attempt_id{words[4]};
  token.contact = dialer::contact_id{words[5]};
  token.epoch = words[6];
  token.issued_at = dialer::utc_time{std::chrono::seconds{words[7] >> 30}};
  std::string text;
  signer.sign(token, text);
  if (signer.verify(text) != token) std::abort();
  return 0;
}
