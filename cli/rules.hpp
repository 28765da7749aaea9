#pragma once
// National lists and zone data: what the compliance gate judges by beside the organisation's own settings.

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "compliance/gate.hpp"
#include "sql/configuration.hpp"

namespace dialer::cli {

/// Opens them as they are now. What has not changed since the last time is taken again: a list is mapped once for all
/// organisations, and the zones are read again only after an update of tzdata. Thread-safe.
class rules_reader {
 public:
  /// Throws settings_error, naming list and remedy, when one can't be opened or is not the one that was applied, or the
  /// zone data is too old.
  compliance::rules_snapshot load(const std::vector<sql::do_not_call_record>& lists);

 private:
  using list = compliance::do_not_call_list;
  std::shared_ptr<const list> open(const sql::do_not_call_record& record);

  std::mutex mutex_;
  std::shared_ptr<const compliance::zone_rules> zones_;
  // Device, inode and the times of change: a new list is renamed into the old one's place, or copied over it.
  using identity = std::tuple<dev_t, ino_t, std::chrono::nanoseconds, std::chrono::nanoseconds>;
  static identity identity_of(const std::string& path);
  std::map<identity, std::weak_ptr<const list>> open_;
};

}  // namespace dialer::cli
