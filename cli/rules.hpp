#pragma once
// National lists and zone data: what the compliance gate judges by beside the organisation's own settings.

#include <sys/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "compliance/gate.hpp"
#include "sql/configuration.hpp"

namespace dialer::cli {

/// Opens them as they are now. What has not changed since the last time is taken again: a list is mapped once for all
/// organisations, and the zones are read again only after an update of tzdata. Thread-safe.
class rules_reader {
 public:
  /// Throws settings_error, naming list and remedy, when one can't be opened or the zone data is too old.
  compliance::rules_snapshot load(const std::vector<sql::do_not_call_record>& lists);

 private:
  using list = compliance::do_not_call_list;
  std::shared_ptr<const list> open(const sql::do_not_call_record& record);

  std::mutex mutex_;
  std::shared_ptr<const compliance::zone_rules> zones_;
  // By device and inode: a new list is renamed into the old one's place, and an inode that is mapped is not used again.
  std::map<std::pair<dev_t, ino_t>, std::weak_ptr<const list>> open_;
};

}  // namespace dialer::cli
