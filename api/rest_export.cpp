#include "api/rest_export.hpp"

namespace dialer::api {

std::vector<query_parameter> exported(std::vector<query_parameter> own) {
  own.push_back({"format", "string", "csv or ndjson (csv)."});
  return own;
}

export_format read_export_format(const rest_call& call) {
  const std::string_view format = call.query_param("format").value_or("csv");
  if (format != "csv" && format != "ndjson") refuse_param("format", "must be csv or ndjson");
  return format == "csv" ? export_format::csv : export_format::ndjson;
}

std::string_view content_type_of(export_format format) {
  return format == export_format::csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
}

std::optional<disposition> read_disposition(const rest_call& call) {
  const auto text = call.query_param("disposition");
  if (!text) return std::nullopt;
  const auto found = parse_disposition(*text);
  if (!found) {
    std::string all;
    for (const disposition each : all_dispositions) all += (all.empty() ? "" : ", ") + std::string(to_string(each));
    refuse_param("disposition", "must be one of " + all);
  }
  return found;
}

}  // namespace dialer::api
