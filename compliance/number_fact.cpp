#include <algorithm>
#include <array>
#include <cstdint>

#include "compliance/gate.hpp"
#include "compliance/numbering_plan.hpp"

namespace dialer::compliance {
namespace {

// Ofcom, "Telephone numbers for use in TV and radio drama programmes": each entry stands for a block of 1,000 numbers.
constexpr std::array<std::uint64_t, 20> uk_drama_thousands = {
    441134960, 441144960, 441154960, 441164960, 441174960, 441184960, 441214960, 441314960, 441414960, 441514960,
    441614960, 441632960, 441914980, 442079460, 442896496, 442920180, 443069990, 447700900, 448081570, 449098790};
static_assert(std::ranges::is_sorted(uk_drama_thousands));

bool reserved_for_fiction(e164 number) noexcept {
  if (number.is_nanp()) return number.subscriber() >= 555'0100 && number.subscriber() <= 555'0199;
  return std::ranges::binary_search(uk_drama_thousands, number.digits() / 1000);
}

/// Information services under every area code ("976 lines"), billed at a rate of their own.
constexpr unsigned pay_per_call_exchange = 976;

number_kind kind_of(e164 number) noexcept {
  if (!number.is_nanp()) return find_numbering_fact(number).kind;
  const number_kind kind = kind_of_area_code(number.npa());
  const bool pay_per_call = kind == number_kind::geographic && number.subscriber() / 10'000 == pay_per_call_exchange;
  return pay_per_call ? number_kind::premium : kind;
}

}  // namespace

reason number_fact(e164 number) noexcept {
  if (reserved_for_fiction(number)) return reason::number_reserved_for_fiction;
  switch (kind_of(number)) {
    case number_kind::unassigned: return reason::number_invalid;
    case number_kind::geographic: return reason::none;
    case number_kind::premium: return reason::number_premium;
    case number_kind::toll_free:
    case number_kind::personal:
    case number_kind::non_geographic: break;
  }
  return reason::number_kind_not_dialable;
}

}  // namespace dialer::compliance
