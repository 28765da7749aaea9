#pragma once
// A do-not-call list of the size of a national registry, made up: 250 million numbers in 414 area codes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compliance/do_not_call_list.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::bench {

/// When the list claims to have been fetched; "now" of a benchmark must lie in the month after it.
inline constexpr utc_time list_as_of{std::chrono::sys_days{std::chrono::year{2026} / 11 / 16}};

/// The area codes that the list covers: the first 414 geographic ones in the order of the plan.
const std::vector<unsigned>& listed_area_codes();
/// Their countries: what an organisation has to allow that calls numbers in all of them.
std::vector<std::string> listed_countries();

/// The number of an area code with these seven digits behind it.
inline e164 number_in(unsigned area_code, std::uint64_t subscriber) {
  return e164::from_digits(10'000'000'000 + area_code * std::uint64_t{10'000'000} + subscriber);
}

/// Is the number on the list? By the function that made it: the reference for every answer.
bool is_listed(e164 number);

/// Beside the program; written on first use (518 MB, a few seconds).
std::filesystem::path national_list_file();

/// The list, mapped.
std::shared_ptr<const compliance::do_not_call_list> open_national_list();

}  // namespace dialer::bench
