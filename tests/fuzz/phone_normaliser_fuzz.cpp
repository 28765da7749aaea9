#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/phone_normaliser.hpp"

namespace {

using namespace dialer::campaigns;

void expect(bool holds) {
  if (!holds) __builtin_trap();
}

bool same(const phone_result& a, const phone_result& b) {
  return a.number == b.number && a.problem == b.problem && a.extension() == b.extension();
}

}  // namespace

// A number that comes out is E.164, is read again as itself, and does not depend on the path that read it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto countries = country_plans();
  const phone_normaliser normaliser{countries[data[0] % countries.size()].country};
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const phone_result read = normaliser.normalise(text);
  if (read) {
    expect(dialer::e164::parse(read.number.text()) == read.number);
    const phone_result again = normaliser.normalise(read.number.text());
    expect(again.number == read.number && again.problem == phone_problem::none);
  } else {
    expect(!read.number && !describe(read.problem).remedy.empty());
  }
  // A leading space is trimmed, but it keeps the text off the quick path of "+1".
  if (text.size() < 60) expect(same(normaliser.normalise(" " + std::string{text}), read));
  return 0;
}
