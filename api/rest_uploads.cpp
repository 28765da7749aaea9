#include "api/rest_uploads.hpp"

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "api/rest_service.hpp"
#include "api/upload_json.hpp"

namespace dialer::api {
namespace {

struct removed_at_end {
  ~removed_at_end() {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  std::filesystem::path file;
};

}  // namespace

rest_uploads::rest_uploads(const rest_options& options, const clock& time, list_uploads& files, campaign_finder find)
    : options_{options}, time_{time}, find_{std::move(find)}, files_{files} {}

std::unique_ptr<body_sink> rest_uploads::begin(upload_request what, const respond_function& respond,
                                               std::function<void(std::exception_ptr)> failed) {
  const auto asked = std::make_shared<upload_request>(std::move(what));
  asked->import.place = options_.place;
  asked->import.verdicts = [this](const std::string& name) { return files_.directory() / (name + ".verdicts.csv"); };
  asked->import.go_on = [this](const campaigns::import_progress&) { return !files_.stopping(); };
  return files_.begin({[this, asked] { asked->campaign = find_(*asked); },
                       [this, asked, respond](const std::filesystem::path& list) {
                         asked->import.list = list;
                         return [respond, done = import(*asked)] { respond(done); };
                       },
                       std::move(failed)});
}

http_response rest_uploads::import(const upload_request& asked) const {
  list_import_result done;
  const removed_at_end verdicts_of_dry_run{asked.import.list.string() + ".verdicts"};
  try {
    done = import_list(asked.import, options_.database, asked.admitted.who.organisation, asked.campaign, time_);
  } catch (const std::invalid_argument& refused) {
    throw rest_error{{409, "conflict", refused.what()}};
  }
  if (!done.what.refused.empty()) throw rest_error{{422, "no_list", done.what.refused}};
  http_response response;
  response.content_type = "application/json";
  response.body = boost::json::serialize(upload_json(asked.import, done));
  return response;
}

}  // namespace dialer::api
