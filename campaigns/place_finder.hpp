#pragma once
// Port of the importer: where a contact's phone may be. The rules live in compliance/; cli/ joins the two.

#include <functional>
#include <string>
#include <string_view>

#include "model/e164.hpp"

namespace dialer::campaigns {

/// What a row says about a contact's whereabouts; empty when it says nothing.
struct place_question {
  e164 number;
  std::string_view time_zone;
  std::string_view state;
  std::string_view postal_code;
};

/// Either the lane's text (compliance::to_text; a contact without any place has one too) or what is wrong with a
/// column.
struct place_answer {
  std::string lane;
  std::string wrong_column;  ///< "time_zone", "state" or "postal_code"; empty when the answer is a lane
  std::string message;       ///< what is wrong and what to write instead
};

/// Pure. For numbers of North America the answer may depend on the area code only, not on the digits after it: the
/// importer asks once per area code and whereabouts and remembers.
using place_finder = std::function<place_answer(const place_question&)>;

}  // namespace dialer::campaigns
