#pragma once
// Numbers of one agent, asked for and used by the tests of what a call shows.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "callerid/pick.hpp"
#include "tests/callerid/house.hpp"

namespace dialer::callerid {

class pick_test : public testing::Test {
 protected:
  static inline const e164 callee = house::tel("+12125550199");
  static inline const e164 a = house::tel("+12125550101");
  static inline const e164 b = house::tel("+12125550102");
  static inline const e164 c = house::tel("+13105550103");

  struct answer {
    std::string shown = "none";
    std::string why;
    std::optional<utc_time> until;
  };

  /// All numbers for agent 1.
  void build(const std::vector<phone_number>& numbers) {
    std::vector<assignment> assignments;
    for (const phone_number& each : numbers) assignments.push_back({each.id, house::agent(1), house::workspace(1)});
    book.rebuild(sharing_policy::workspace, numbers, assignments);
  }

  answer ask(policy how, e164 to = callee, e164 last = {}, utc_time now = house::morning, std::uint64_t who = 1,
             std::uint64_t on = 1) {
    reason why_not = reason::none;
    answer result;
    if (const auto found =
            book.pick(house::agent(who), house::account(on), how, to, last, now, why_not, result.until)) {
      result.shown = book.number(found->number).text();
      result.why = to_string(found->why);
      EXPECT_EQ(why_not, reason::none);
    } else {
      result.why = to_string(why_not);
    }
    return result;
  }

  number_index index(e164 number) { return book.find(number).value(); }
  void use(e164 number, int times, utc_time at = house::morning) {
    for (int i = 0; i < times; ++i) {
      book.take(index(number), at);
      book.release(index(number));
    }
  }

  /// A few area codes, as the port would know them.
  static std::string_view some_regions(e164 number) {
    if (!number.is_nanp()) return {};
    switch (number.npa()) {
      case 212:
      case 646:
      case 716: return "US-NY";
      case 310: return "US-CA";
      case 416: return "CA-ON";
      default: return {};
    }
  }

  pool_book book{some_regions};
};

}  // namespace dialer::callerid
