#pragma once
// What every export takes and how its operation begins one.

#include <memory>
#include <vector>

#include "api/export_stream.hpp"
#include "api/list_text.hpp"
#include "api/rest_operation.hpp"

namespace dialer::api {

/// Rows of a page.
inline constexpr int export_rows = 500;

struct opened_export {
  std::unique_ptr<export_reader> reader;
  export_format format = export_format::csv;
};

/// `format`, which every export takes, and those of its own.
std::vector<query_parameter> exported(std::vector<query_parameter> own);
/// Of the query. Throws rest_error.
export_format read_export_format(const rest_call& call);
std::string_view content_type_of(export_format format);

/// The query's `disposition`, of lists and exports alike. Throws rest_error.
std::optional<disposition> read_disposition(const rest_call& call);

}  // namespace dialer::api
