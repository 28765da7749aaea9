#pragma once
// National do-not-call lists that come over the API: a registry's text becomes the mapped form that calls are judged
// by.

#include <filesystem>
#include <functional>
#include <string>

#include "api/http_server.hpp"
#include "model/clock.hpp"
#include "sql/configuration.hpp"
#include "sql/session.hpp"

namespace dialer::api {

struct suppression_upload {
  std::string name;
  std::string version;
  utc_time as_of{};
};

/// `name`, `version` and `as_of` of a request. Throws rest_error.
suppression_upload read_suppression_upload(const http_params& query, utc_time now);

/// The files of lists, in a directory of their own. Engines that share a database must share it, or the one without the
/// file dials nothing for that organisation.
class suppression_lists {
 public:
  explicit suppression_lists(std::filesystem::path directory) : directory_{std::move(directory)} {}

  /// Builds the list and has it put in force; a file that no list of the organisation is in afterwards goes. One at a
  /// time, over all engines. Throws rest_error about a text that is no such list, and what `enforce` throws: then
  /// nothing has changed.
  void put(organisation_id organisation, const std::filesystem::path& text, const suppression_upload& what,
           sql::session& on, const std::function<void(const sql::do_not_call_record&)>& enforce);

 private:
  void sweep(organisation_id organisation, sql::session& on) const;

  std::filesystem::path directory_;
};

}  // namespace dialer::api
