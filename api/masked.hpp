#pragma once

#include <string>
#include <string_view>

namespace dialer::api {

/// A text for a log or for the label of a metric, in which phone numbers have only their last two digits, and keys,
/// webhook secrets, and passwords of URLs and connection strings are gone. The last resort: who writes a line leaves
/// them out.
///
/// A number is + and 7 to 15 digits, grouped or not; 10 to 15 digits that are no part of a word; or a North American
/// one as people write it.
std::string masked(std::string_view text);

}  // namespace dialer::api
