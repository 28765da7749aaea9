#include "api/rest_resources.hpp"

namespace dialer::api {

std::vector<rest_resource> rest_resources() {
  return {organisation_resource(), key_resource()};
}

}  // namespace dialer::api
