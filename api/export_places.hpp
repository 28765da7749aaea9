#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "model/ids.hpp"

namespace dialer::api {

/// How many exports may be under way. Few of one organisation: whose readers are slow leaves room for others'.
class export_places : public std::enable_shared_from_this<export_places> {
 public:
  static constexpr std::size_t places = 8;
  static constexpr std::size_t of_one_organisation = 2;

  /// A place until it is destroyed, by any thread. Throws rest_error when there is none. The object is owned by a
  /// shared_ptr, and outlives its places.
  std::shared_ptr<void> take(organisation_id organisation);

 private:
  void give_back(organisation_id organisation);

  std::mutex mutex_;
  std::unordered_map<organisation_id, std::size_t> taken_;  // one entry for each that ever had one
  std::size_t all_taken_ = 0;
};

}  // namespace dialer::api
