#pragma once
// Rounds of a way to import a list, each against a plain copy of the same rows.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "bench/load/bench_database.hpp"
#include "bench/load/harness.hpp"

namespace dialer::bench {

/// Of the list: distinct numbers, written four ways, with name, state, an external id and two columns of variables.
constexpr std::uint64_t list_rows = 1'000'000;

/// Seconds that the list took to become contacts of this campaign. Throws wrong_result unless each row is accepted.
using import_way =
    std::function<double(bench_database& database, const std::filesystem::path& list, campaign_id campaign)>;

/// Verified: count and sum of the numbers in both tables are those of the generator. Reference: one binary COPY of
/// exactly those rows, ready made, into a table with the same columns and indexes.
void measure_import(const std::string& name, const std::filesystem::path& result_file, const import_way& import);

}  // namespace dialer::bench
