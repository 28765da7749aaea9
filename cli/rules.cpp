#include "cli/rules.hpp"

#include <sys/stat.h>

#include "cli/errors.hpp"
#include "cli/zone_data.hpp"

namespace dialer::cli {

namespace {

std::pair<dev_t, ino_t> identity_of(const std::string& path) {
  struct stat at {};
  if (::stat(path.c_str(), &at) != 0) return {};
  return {at.st_dev, at.st_ino};
}

}  // namespace

std::shared_ptr<const rules_reader::list> rules_reader::open(const sql::do_not_call_record& record) {
  const auto file = identity_of(record.path);
  if (const auto known = open_.find(file); known != open_.end()) {
    if (auto same = known->second.lock()) return same;
  }
  try {
    auto opened = list::open(record.path);
    std::erase_if(open_, [](const auto& entry) { return entry.second.expired(); });
    if (identity_of(record.path) == file) open_[file] = opened;  // else it was replaced meanwhile
    return opened;
  } catch (const std::runtime_error& wrong) {
    throw settings_error("do-not-call list \"" + record.name + "\": " + wrong.what() +
                         "; put the file back or apply another list: nothing is dialed until then");
  }
}

compliance::rules_snapshot rules_reader::load(const std::vector<sql::do_not_call_record>& lists) {
  const std::lock_guard lock{mutex_};
  compliance::rules_snapshot rules;
  if (!zones_ || zones_->version() != compliance::system_tzdata_version()) zones_ = load_zone_data();
  rules.zones = zones_;
  for (const sql::do_not_call_record& record : lists) rules.national.push_back(open(record));
  return rules;
}

}  // namespace dialer::cli
