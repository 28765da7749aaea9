#include "api/upload_json.hpp"

#include <boost/json/array.hpp>
#include <fstream>

#include "api/rest_operation.hpp"
#include "campaigns/csv_reader.hpp"
#include "campaigns/phone_normaliser.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::size_t told_max = 100;
constexpr std::size_t chunk_bytes = 1 << 18;

// In the file a number has a ' before it, for spreadsheets.
std::string plain(std::string_view cell) {
  return std::string(cell.starts_with('\'') ? cell.substr(1) : cell);
}

void add_row(json::array& to, const campaigns::csv_row& row) {
  if (row.fields.size() != 4 || row.fields[1] == "accepted" || row.fields[0] == "row") return;
  to.push_back(json::object{{"row", std::stoull(std::string(row.fields[0]))},
                            {"verdict", std::string(row.fields[1])},
                            {"number", plain(row.fields[2])},
                            {"detail", plain(row.fields[3])}});
}

json::array not_accepted(const std::filesystem::path& verdicts) {
  json::array rows;
  std::ifstream file{verdicts, std::ios::binary};
  campaigns::csv_reader reader{campaigns::text_encoding::utf8, ',', 0};
  campaigns::csv_row row;
  std::string chunk(chunk_bytes, '\0');
  for (bool ended = false;;) {
    while (rows.size() < told_max && reader.next(row)) add_row(rows, row);
    if (ended || rows.size() == told_max) return rows;
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    ended = file.gcount() == 0;
    if (ended) {
      reader.finish();
    } else {
      reader.feed({chunk.data(), static_cast<std::size_t>(file.gcount())});
    }
  }
}

}  // namespace

list_import read_upload(const http_params& query) {
  list_import what;
  for (const auto& [name, value] : query) {
    if (name == "format") what.format = value;
    if (name == "country") what.country = value;
    if (name == "phone_column") what.phone_column = value;
    if (name == "dry_run" && value != "true" && value != "false") refuse_param("dry_run", "must be true or false");
    if (name == "dry_run") what.dry_run = value == "true";
  }
  if (what.format != "detect" && what.format != "csv" && what.format != "ndjson") {
    refuse_param("format", "must be csv, ndjson or detect");
  }
  try {
    if (!what.country.empty()) (void)campaigns::phone_normaliser{what.country};
  } catch (const std::invalid_argument&) {
    refuse_param("country", "is none that we know; write two capital letters, such as US");
  }
  return what;
}

json::object upload_json(const list_import& asked, const list_import_result& done) {
  const campaigns::import_progress& at = done.what.progress;
  return {{"rows", at.rows},           {"accepted", at.accepted},
          {"duplicate", at.duplicate}, {"rejected", at.rejected},
          {"finished", at.finished},   {"imported_before", done.imported_before},
          {"dry_run", asked.dry_run},  {"not_accepted", not_accepted(done.verdicts)}};
}

json::object import_json(const sql::import_standing& at) {
  return {{"campaign_id", at.campaign.text()},  {"source", at.source},
          {"rows", at.progress.rows},           {"accepted", at.progress.accepted},
          {"duplicate", at.progress.duplicate}, {"rejected", at.progress.rejected},
          {"finished", at.progress.finished}};
}

}  // namespace dialer::api
