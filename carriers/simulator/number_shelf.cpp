#include "carriers/simulator/number_shelf.hpp"

#include <algorithm>
#include <utility>

#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

/// Numbers from `prefix` and as many digits as are missing.
struct number_range {
  std::string_view country;
  number_kind kind;
  std::string_view prefix;
  int digits;
  std::string_view area_code;
  std::string_view locality;
  std::string_view state;
};

// 555-0100 to 555-0199 of every area code (North American Numbering Plan Administration), and what Ofcom keeps for
// drama.
constexpr std::array ranges{
    number_range{"US", number_kind::local, "+120255501", 2, "202", "Washington", "DC"},
    number_range{"US", number_kind::local, "+120655501", 2, "206", "Seattle", "WA"},
    number_range{"US", number_kind::local, "+121255501", 2, "212", "New York", "NY"},
    number_range{"US", number_kind::local, "+121355501", 2, "213", "Los Angeles", "CA"},
    number_range{"US", number_kind::local, "+121455501", 2, "214", "Dallas", "TX"},
    number_range{"US", number_kind::local, "+121555501", 2, "215", "Philadelphia", "PA"},
    number_range{"US", number_kind::local, "+130355501", 2, "303", "Denver", "CO"},
    number_range{"US", number_kind::local, "+130555501", 2, "305", "Miami", "FL"},
    number_range{"US", number_kind::local, "+131255501", 2, "312", "Chicago", "IL"},
    number_range{"US", number_kind::local, "+140455501", 2, "404", "Atlanta", "GA"},
    number_range{"US", number_kind::local, "+141555501", 2, "415", "San Francisco", "CA"},
    number_range{"US", number_kind::local, "+150455501", 2, "504", "New Orleans", "LA"},
    number_range{"US", number_kind::local, "+151255501", 2, "512", "Austin", "TX"},
    number_range{"US", number_kind::local, "+160255501", 2, "602", "Phoenix", "AZ"},
    number_range{"US", number_kind::local, "+161755501", 2, "617", "Boston", "MA"},
    number_range{"US", number_kind::local, "+170255501", 2, "702", "Las Vegas", "NV"},
    number_range{"US", number_kind::local, "+171355501", 2, "713", "Houston", "TX"},
    number_range{"US", number_kind::local, "+180155501", 2, "801", "Salt Lake City", "UT"},
    number_range{"US", number_kind::local, "+180855501", 2, "808", "Honolulu", "HI"},
    number_range{"US", number_kind::local, "+191755501", 2, "917", "New York", "NY"},
    number_range{"US", number_kind::toll_free, "+180055501", 2, "800", "", ""},
    number_range{"US", number_kind::toll_free, "+183355501", 2, "833", "", ""},
    number_range{"US", number_kind::toll_free, "+184455501", 2, "844", "", ""},
    number_range{"US", number_kind::toll_free, "+187755501", 2, "877", "", ""},
    number_range{"CA", number_kind::local, "+141655501", 2, "416", "Toronto", "ON"},
    number_range{"CA", number_kind::local, "+151455501", 2, "514", "Montreal", "QC"},
    number_range{"CA", number_kind::local, "+160455501", 2, "604", "Vancouver", "BC"},
    number_range{"CA", number_kind::local, "+190255501", 2, "902", "Halifax", "NS"},
    number_range{"CA", number_kind::toll_free, "+185555501", 2, "855", "", ""},
    number_range{"CA", number_kind::toll_free, "+186655501", 2, "866", "", ""},
    number_range{"GB", number_kind::local, "+441134960", 3, "113", "Leeds", ""},
    number_range{"GB", number_kind::local, "+441214960", 3, "121", "Birmingham", ""},
    number_range{"GB", number_kind::local, "+441314960", 3, "131", "Edinburgh", ""},
    number_range{"GB", number_kind::local, "+441614960", 3, "161", "Manchester", ""},
    number_range{"GB", number_kind::local, "+442079460", 3, "20", "London", ""},
    number_range{"GB", number_kind::mobile, "+447700900", 3, "", "", ""},
    number_range{"GB", number_kind::national, "+443069990", 3, "", "", ""},
    number_range{"GB", number_kind::toll_free, "+448081570", 3, "", "", ""},
};

bool within(const number_range& range, std::string_view number) {
  return number.size() == range.prefix.size() + static_cast<std::size_t>(range.digits) &&
         number.starts_with(range.prefix);
}

unsigned capabilities_of(const number_range& range, random_source& random) {
  if (range.country != "GB") return random.chance(0.875) ? can_voice | can_sms | can_mms : unsigned{can_voice};
  if (range.kind == number_kind::mobile) return can_voice | can_sms;
  return random.chance(0.25) ? can_voice | can_fax : unsigned{can_voice};
}

shelf_number from_range(const number_range& range, std::string number, random_source& random) {
  return {std::move(number),
          std::string(range.country),
          range.kind,
          capabilities_of(range, random),
          std::string(range.area_code),
          std::string(range.locality),
          std::string(range.state)};
}

/// Draws for a number: whether the carrier has it, where it stands among the offers, what it can do.
random_source draws_of(std::uint64_t seed, std::string_view number) {
  return draws_for(seed ^ 0x5E11, number, 0);
}

constexpr double share_for_sale = 0.75;

}  // namespace

std::string held_number::setting(std::string_view name) const {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string{} : found->second;
}

shelf_number describe_number(std::string_view number, number_kind kind) {
  for (const auto& range : ranges) {
    if (!within(range, number)) continue;
    auto random = draws_of(0, number);
    return from_range(range, std::string(number), random);
  }
  shelf_number out;
  out.number = number;
  out.kind = kind;
  const auto parsed = e164::parse(number);
  if (parsed && parsed->is_nanp()) {
    out.country = "US";
    out.area_code = std::to_string(parsed->npa());
    out.capabilities = can_voice | can_sms | can_mms;
  } else if (number.starts_with("+44")) {
    out.country = "GB";
  }
  return out;
}

number_shelf::number_shelf(const scenario& rules, carrier_name carrier, std::uint64_t seed,
                           std::uint64_t reference_salt)
    : rules_{rules}, carrier_{carrier}, seed_{seed}, references_{reference_salt ^ 0x9A3F} {}

std::vector<shelf_number> number_shelf::offers(std::string_view country, number_kind kind) const {
  std::vector<std::pair<std::uint64_t, shelf_number>> found;
  for (const auto& each : rules_.numbers) {
    if (each.carrier != carrier_ || !each.account.empty() || taken_.contains(each.number)) continue;
    auto one = describe_number(each.number, each.kind);
    one.kind = each.kind;
    if (one.country == country && one.kind == kind) found.emplace_back(0, std::move(one));  // before all others
  }
  for (const auto& range : ranges) {
    if (range.country != country || range.kind != kind) continue;
    const int end = range.digits == 2 ? 100 : 1000;
    for (int n = 0; n < end; ++n) {
      const auto digits = std::to_string(n);
      auto number =
          std::string(range.prefix) + std::string(static_cast<std::size_t>(range.digits) - digits.size(), '0');
      number += digits;
      if (taken_.contains(number)) continue;
      auto random = draws_of(seed_, number);
      if (!random.chance(share_for_sale)) continue;
      const std::uint64_t place = random() | 1U;
      if (std::ranges::any_of(found, [&](const auto& one) { return one.first == 0 && one.second.number == number; }))
        continue;
      found.emplace_back(place, from_range(range, std::move(number), random));
    }
  }
  std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first; });
  std::vector<shelf_number> out;
  out.reserve(found.size());
  for (auto& [place, one] : found) out.push_back(std::move(one));
  return out;
}

std::optional<shelf_number> number_shelf::offer(std::string_view number) const {
  if (taken_.contains(std::string(number))) return std::nullopt;
  for (const auto& each : rules_.numbers) {
    if (each.carrier != carrier_ || !each.account.empty() || each.number != number) continue;
    auto one = describe_number(number, each.kind);
    one.kind = each.kind;
    return one;
  }
  for (const auto& range : ranges) {
    if (!within(range, number)) continue;
    auto random = draws_of(seed_, number);
    if (!random.chance(share_for_sale)) return std::nullopt;
    random();
    return from_range(range, std::string(number), random);
  }
  return std::nullopt;
}

bool number_shelf::sells(std::string_view country, number_kind kind) const {
  return std::ranges::any_of(ranges, [&](const auto& range) { return range.country == country && range.kind == kind; });
}

std::string_view number_shelf::refusal_of(std::string_view number) const {
  for (const auto& each : rules_.numbers) {
    if (each.carrier == carrier_ && each.number == number) return each.refusal;
  }
  return {};
}

held_number& number_shelf::hold(std::size_t account, shelf_number what, utc_time now) {
  reserve(what.number);
  auto held = std::make_unique<held_number>();
  held->ref_high = references_();
  held->ref_low = references_();
  held->serial = ++serial_;
  held->account = account;
  held->what = std::move(what);
  held->bought = held->updated = now;
  held_.push_back(std::move(held));
  return *held_.back();
}

void number_shelf::release(const held_number& held) {
  put_back(held.what.number);
  std::erase_if(held_, [&](const auto& each) { return each.get() == &held; });
}

held_number* number_shelf::find(std::size_t account, std::uint64_t ref_high, std::uint64_t ref_low) {
  for (const auto& each : held_) {
    if (each->account == account && each->ref_high == ref_high && each->ref_low == ref_low) return each.get();
  }
  return nullptr;
}

held_number* number_shelf::find(std::string_view number) {
  for (const auto& each : held_) {
    if (each->what.number == number) return each.get();
  }
  return nullptr;
}

std::vector<held_number*> number_shelf::held_by(std::size_t account) {
  std::vector<held_number*> out;
  for (auto each = held_.rbegin(); each != held_.rend(); ++each) {
    if ((*each)->account == account) out.push_back(each->get());
  }
  return out;
}

}  // namespace dialer::carriers::simulator
