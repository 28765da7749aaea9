// Any captured file: one answer for each line that is not blank, and each answer is one line.
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "carriers/webhook_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in{std::string{reinterpret_cast<const char*>(data), size}};
  std::ostringstream out;
  const auto result = dialer::carriers::check_webhooks(in, out);
  const std::string text = out.str();
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) != result.checked) std::abort();
  if (result.valid + result.malformed > result.checked) std::abort();
  return 0;
}
