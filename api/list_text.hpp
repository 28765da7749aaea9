#pragma once
// Rows of lists as JSON, and as the text that people save: over REST and by `dialer campaign export` alike.

#include <boost/json/object.hpp>
#include <string>

#include "sql/attempt_report.hpp"
#include "sql/campaign_report.hpp"

namespace dialer::api {

/// The schemas Contact, as far as lists tell it, and Attempt.
boost::json::object contact_json(campaign_id campaign, const sql::contact_row& row);
boost::json::object attempt_json(const sql::attempt_record& one);

enum class export_format : std::uint8_t { csv, ndjson };

/// The names of the fields as a line of CSV; nothing in NDJSON.
void append_head(std::string& to, export_format format, const boost::json::object& row);
/// Values in the order of the names, as campaigns::append_cell writes them; null is an empty cell.
void append_row(std::string& to, export_format format, const boost::json::object& row);

}  // namespace dialer::api
