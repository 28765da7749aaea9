#pragma once

#include <boost/json/object.hpp>

#include "api/http_server.hpp"
#include "api/list_import.hpp"
#include "sql/standings.hpp"

namespace dialer::api {

/// `format`, `country`, `phone_column` and `dry_run` of an upload. Throws rest_error.
list_import read_upload(const http_params& query);

/// The schema ImportResult: the counts, and the first rows that were not accepted.
boost::json::object upload_json(const list_import& asked, const list_import_result& done);

/// The schema Import: how far it is.
boost::json::object import_json(const sql::import_standing& at);

}  // namespace dialer::api
