#include "api/suppression_lists.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "api/instants.hpp"
#include "api/list_import.hpp"
#include "api/rest_operation.hpp"
#include "compliance/do_not_call_list.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

constexpr std::size_t name_bytes_max = 100;
constexpr std::size_t version_bytes_max = 64;

/// One engine at a time, of all that share the directory: another's list that is built and not yet in force would look
/// left over.
class directory_lock {
 public:
  explicit directory_lock(const std::filesystem::path& directory)
      : descriptor_{open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (descriptor_ >= 0 && flock(descriptor_, LOCK_EX) == 0) return;
    const std::error_code why{errno, std::generic_category()};
    if (descriptor_ >= 0) close(descriptor_);
    throw std::system_error{why, "cannot lock " + directory.string()};
  }
  ~directory_lock() { close(descriptor_); }
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

suppression_upload read_suppression_upload(const http_params& query, utc_time now) {
  suppression_upload what{"national", {}, now};
  for (const auto& [name, value] : query) {
    if (name == "name") what.name = value;
    if (name == "version") what.version = value;
    if (name != "as_of") continue;
    const auto as_of = parse_instant(value);
    if (!as_of) refuse_param("as_of", "must be an instant in UTC, such as 2026-11-20T15:00:00Z");
    if (*as_of > now) refuse_param("as_of", "is in the future; give when the registry's file was fetched");
    what.as_of = *as_of;
  }
  if (what.name.empty() || what.name.size() > name_bytes_max) refuse_param("name", "has 1 to 100 bytes");
  if (what.version.empty()) what.version = to_text(what.as_of).substr(0, 10);
  if (what.version.size() > version_bytes_max) refuse_param("version", "has 1 to 64 bytes");
  return what;
}

void suppression_lists::put(organisation_id organisation, const std::filesystem::path& text,
                            const suppression_upload& what, sql::session& on,
                            const std::function<void(const sql::do_not_call_record&)>& enforce) {
  std::filesystem::create_directories(directory_);
  const directory_lock lock{directory_};
  std::ifstream whole{text, std::ios::binary};
  const std::filesystem::path file =
      std::filesystem::absolute(directory_) /
      (organisation.text() + "-" + to_text(what.as_of) + "-" + hex_digest(whole) + ".list");
  sql::do_not_call_record record{what.name, file.string(), what.version, what.as_of, 0};
  try {
    record.numbers = compliance::build_do_not_call_list(text, file, what.as_of, what.version).numbers;
  } catch (const std::runtime_error& wrong) {
    std::string told = wrong.what();
    const std::string kept = text.string();
    if (const auto at = told.find(kept); at != told.npos) told.replace(at, kept.size(), "the list");
    throw rest_error{{422, "no_list", told}};
  }
  const auto tidy = [&] {
    try {
      sweep(organisation, on);
    } catch (const std::exception&) {  // the next list's sweep finds what is left
    }
  };
  try {
    enforce(record);
  } catch (...) {
    tidy();
    throw;
  }
  tidy();
}

void suppression_lists::sweep(organisation_id organisation, sql::session& on) const {
  const sql::acting_for tenant{on, organisation};
  std::set<std::filesystem::path> in_force;
  {
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    for (const sql::do_not_call_record& one : sql::read_do_not_call(tx.on(), organisation)) in_force.insert(one.path);
    tx.commit();
  }
  std::vector<std::filesystem::path> gone;
  for (const auto& entry : std::filesystem::directory_iterator{directory_}) {
    const bool ours = entry.path().filename().string().starts_with(organisation.text() + "-");
    if (ours && !in_force.contains(entry.path())) gone.push_back(entry.path());
  }
  std::error_code ignored;
  for (const std::filesystem::path& each : gone) std::filesystem::remove(each, ignored);
}

}  // namespace dialer::api
