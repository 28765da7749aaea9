#include "api/export_places.hpp"

#include "api/rest_operation.hpp"

namespace dialer::api {

std::shared_ptr<void> export_places::take(organisation_id organisation) {
  {
    const std::lock_guard lock{mutex_};
    std::size_t& own = taken_[organisation];
    if (own >= of_one_organisation) {
      throw rest_error{
          {503, "overloaded", "two exports of this organisation are under way already; try again when one is through"}};
    }
    if (all_taken_ >= places) {
      throw rest_error{{503, "overloaded", "eight exports are under way already; try again when one is through"}};
    }
    ++own;
    ++all_taken_;
  }
  return {nullptr, [self = shared_from_this(), organisation](void*) { self->give_back(organisation); }};
}

void export_places::give_back(organisation_id organisation) {
  const std::lock_guard lock{mutex_};
  --all_taken_;
  --taken_[organisation];
}

}  // namespace dialer::api
