#pragma once

#include <memory>
#include <string>

#include "compliance/do_not_call_list.hpp"
#include "model/clock.hpp"
#include "tests/scratch.hpp"

namespace dialer::compliance {

/// A do-not-call list of the lines of a registry's file, fetched at `as_of`.
inline std::shared_ptr<const do_not_call_list> list_for_test(const std::string& registry, utc_time as_of,
                                                             const std::string& version) {
  const scratch folder;  // gone at once: the mapping keeps the list
  build_do_not_call_list(folder.file("registry.txt", registry), folder.file("list"), as_of, version);
  return do_not_call_list::open(folder.file("list"));
}

}  // namespace dialer::compliance
