#include "model/dial_permit.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace dialer::compliance {

/// The real gate judges first; here only its exclusive right to make permits is borrowed.
class gate {
 public:
  static dial_permit permit(steady_time send_before, utc_time window_closes) {
    return {contact_id{42},
            e164::from_digits(12125550123),
            e164::from_digits(12125550199),
            integration_id{{1, 2}},
            send_before,
            window_closes};
  }
};

}  // namespace dialer::compliance

namespace dialer {
namespace {

// That nobody else can make or double a permit is a matter of types.
static_assert(!std::is_default_constructible_v<dial_permit>);
static_assert(!std::is_constructible_v<dial_permit, contact_id, e164, e164, integration_id, steady_time, utc_time>);
static_assert(!std::is_copy_constructible_v<dial_permit>);
static_assert(!std::is_copy_assignable_v<dial_permit>);
static_assert(!std::is_aggregate_v<dial_permit>);
static_assert(std::is_nothrow_move_constructible_v<dial_permit>);
static_assert(std::is_nothrow_move_assignable_v<dial_permit>);

constexpr std::chrono::microseconds tick{1};
constexpr steady_time send_before{std::chrono::seconds{100}};
constexpr utc_time window_closes{std::chrono::seconds{1'790'000'000}};
constexpr instant last_moment{send_before - tick, window_closes - tick};

TEST(DialPermit, BothBounds_AreExclusive) {
  const dial_permit permit = compliance::gate::permit(send_before, window_closes);
  EXPECT_TRUE(permit.valid_at(last_moment));
  EXPECT_FALSE(permit.valid_at({send_before, last_moment.utc}));
  EXPECT_FALSE(permit.valid_at({last_moment.steady, window_closes}));
}

TEST(DialPermit, Moved_TheOldOneIsWorthNothing) {
  dial_permit first = compliance::gate::permit(send_before, window_closes);
  const dial_permit second{std::move(first)};
  EXPECT_FALSE(first.valid_at(last_moment));  // NOLINT(bugprone-use-after-move): what is left of it is the point
  EXPECT_FALSE(static_cast<bool>(first.to()));
  EXPECT_TRUE(second.valid_at(last_moment));
  EXPECT_EQ(second.contact(), contact_id{42});
  EXPECT_EQ(second.to(), e164::from_digits(12125550123));
  EXPECT_EQ(second.caller_id(), e164::from_digits(12125550199));
  EXPECT_EQ(second.integration(), integration_id({1, 2}));
}

TEST(DialPermit, MoveAssigned_ReplacesAndEmpties) {
  dial_permit target = compliance::gate::permit(steady_time{}, utc_time{});
  EXPECT_FALSE(target.valid_at(last_moment));
  dial_permit source = compliance::gate::permit(send_before, window_closes);
  target = std::move(source);
  EXPECT_TRUE(target.valid_at(last_moment));
  EXPECT_FALSE(source.valid_at(last_moment));  // NOLINT(bugprone-use-after-move): as above
}

}  // namespace
}  // namespace dialer
