// What an export may hold, and for how long.
#include "api/export_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/export_places.hpp"
#include "api/rest_operation.hpp"
#include "tests/api/manual_clock.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr organisation_id organisation(std::uint64_t n) {
  return organisation_id{{n, n}};
}

class ExportPlaces : public testing::Test {
 protected:
  /// Empty: there was a place.
  std::string refusal(std::uint64_t of) {
    try {
      held_.push_back(places_->take(organisation(of)));
    } catch (const rest_error& refused) {
      EXPECT_EQ(refused.what_happened().status, 503);
      return refused.what_happened().detail;
    }
    return {};
  }
  std::shared_ptr<export_places> places_ = std::make_shared<export_places>();
  std::vector<std::shared_ptr<void>> held_;
};

TEST_F(ExportPlaces, OneOrganisation_LeavesRoomForOthers) {
  EXPECT_EQ(refusal(1), "");
  EXPECT_EQ(refusal(1), "");
  EXPECT_THAT(refusal(1), HasSubstr("two exports of this organisation"));
  EXPECT_EQ(refusal(2), "");
  held_.erase(held_.begin());
  EXPECT_EQ(refusal(1), "") << "it was given back";
  EXPECT_NE(refusal(1), "");
}

TEST_F(ExportPlaces, Many_AreNotMoreThanAll) {
  for (std::uint64_t of : {1, 1, 2, 2, 3, 3, 4, 5}) EXPECT_EQ(refusal(of), "");
  EXPECT_THAT(refusal(6), HasSubstr("eight exports"));
  EXPECT_THAT(refusal(5), HasSubstr("eight exports"));
  held_.pop_back();
  EXPECT_EQ(refusal(6), "");
}

TEST(ExportStream, WhileKeysCantBeChecked_EndsAllTheSame) {
  test::manual_clock time;
  const key_ring keys{key_pepper{7}, time};  // nobody confirms what it knows
  export_ports ports{[](std::function<void(sql::session&)>) {
                       ADD_FAILURE() << "nothing is read for a key that nobody can check";
                       return true;
                     },
                     [](const std::string&) {}, keys, time};
  const auto stream = std::make_shared<export_stream>(nullptr, caller{}, std::move(ports), nullptr);
  EXPECT_EQ(stream->next(), "");
  time.advance(1h - 1us);
  EXPECT_EQ(stream->next(), "");
  time.advance(1us);
  EXPECT_THROW((void)stream->next(), std::runtime_error);
}

}  // namespace
}  // namespace dialer::api
