#include "cli/rules.hpp"

#include <sys/stat.h>

#include "cli/errors.hpp"
#include "cli/zone_data.hpp"

namespace dialer::cli {

namespace {

bool is_as_applied(const compliance::do_not_call_list& list, const sql::do_not_call_record& record) {
  return list.version() == record.version && list.as_of() == record.as_of && list.size() == record.numbers;
}

}  // namespace

rules_reader::identity rules_reader::identity_of(const std::string& path) {
  const auto time_of = [](const timespec& at) {
    return std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec};
  };
  struct stat at {};
  if (::stat(path.c_str(), &at) != 0) return {};
  return {at.st_dev, at.st_ino, time_of(at.st_mtim), time_of(at.st_ctim)};
}

std::shared_ptr<const rules_reader::list> rules_reader::open(const sql::do_not_call_record& record) {
  const auto file = identity_of(record.path);
  if (const auto known = open_.find(file); known != open_.end()) {
    if (auto same = known->second.lock(); same != nullptr && is_as_applied(*same, record)) return same;
  }
  try {
    auto opened = list::open(record.path);
    if (!is_as_applied(*opened, record)) {
      throw std::runtime_error(record.path + " holds version \"" + opened->version() + "\" with " +
                               std::to_string(opened->size()) + " numbers, not version \"" + record.version +
                               "\" with " + std::to_string(record.numbers) + " as applied");
    }
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
