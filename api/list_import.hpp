#pragma once
// A list of contacts into a campaign, from a file on this machine: what `dialer campaign import` and an upload both do.

#include <filesystem>
#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "campaigns/importer.hpp"
#include "campaigns/place_finder.hpp"
#include "model/clock.hpp"
#include "sql/audit_log.hpp"
#include "sql/session.hpp"

namespace dialer::api {

/// What is imported and how. A list is known by its bytes and by the options its verdicts depend on: the same one again
/// goes on where it stopped, whoever brings it and in whatever way.
struct list_import {
  std::filesystem::path list;
  std::string format = "detect";  ///< or "csv", "ndjson"
  std::string country;            ///< of numbers written nationally; empty: the campaign's
  std::string phone_column;       ///< empty: recognised
  campaigns::place_finder place;
  /// Where the verdicts go, by a name of the import (hexadecimal).
  std::function<std::filesystem::path(const std::string& name)> verdicts;
  std::function<bool(const campaigns::import_progress&)> go_on{};  ///< asked after each commit; may be empty
  std::optional<sql::audit_entry> by{};                            ///< for the audit log
  /// Nothing is stored: what would become of each row. Of a list whose import was begun or done, how that one stands.
  bool dry_run = false;
};

struct list_import_result {
  campaigns::import_result what;
  std::filesystem::path verdicts;  ///< of every row; of a dry run, beside the list
  bool imported_before = false;    ///< the whole list was there already: nothing was done
};

/// Blocks. Throws std::invalid_argument when the campaign isn't there or is being imported into, std::runtime_error
/// when the list can't be read, and what import_contacts throws.
list_import_result import_list(const list_import& what, const sql::connect_options& database,
                               organisation_id organisation, campaign_id campaign, const clock& time);

/// Hexadecimal SHA-256.
std::string hex_digest(std::istream& of);

}  // namespace dialer::api
