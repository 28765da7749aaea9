#pragma once

#include <boost/json/object.hpp>

#include "api/http_server.hpp"
#include "api/list_import.hpp"

namespace dialer::api {

/// `format`, `country` and `phone_column` of an upload. Throws rest_error.
list_import read_upload(const http_params& query);

/// The schema ImportResult: the counts, and the first rows that were not accepted.
boost::json::object upload_json(const list_import_result& done);

}  // namespace dialer::api
