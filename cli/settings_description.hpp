#pragma once
// Settings as text, field by field: what `dialer apply` compares to say what changes.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/settings_file.hpp"
#include "sql/phone_numbers.hpp"

namespace dialer::cli {

using described_fields = std::vector<std::pair<std::string, std::string>>;
/// "campaign Main/demo" -> its fields, in one order for stored and wanted ones.
using described = std::map<std::string, described_fields>;

described describe(const settings& wanted);
/// What is stored. Campaigns that are over are left out, as the snapshot does.
described describe(const std::string& organisation, const engine::organisation_snapshot& snapshot,
                   const std::vector<sql::integration_record>& integrations,
                   const std::vector<sql::number_record>& numbers, const std::vector<sql::do_not_call_record>& lists,
                   const std::vector<sql::number_price>& prices);

/// What `wanted` does not say of its numbers, as it was before.
void keep_unsaid(const settings& wanted, const described& before, described& after);

/// "weight: 1 -> 5" for each field of `what` that differs, or that only one of them has.
std::vector<std::string> differences(const described& before, const described& after, const std::string& what);

}  // namespace dialer::cli
