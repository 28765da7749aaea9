// Lists on their way, and the disk they are kept on.
#include "api/list_uploads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/rest_operation.hpp"
#include "tests/scratch.hpp"

namespace dialer::api {
namespace {

constexpr std::uintmax_t gib = std::uintmax_t{1} << 30;

class ListUploads : public testing::Test {
 protected:
  /// Sends the pieces while `disk` answers each look in turn, the last of them for ever. How many bytes came to be
  /// imported, or status and code of the refusal.
  std::string send(const std::vector<std::size_t>& pieces, std::vector<std::filesystem::space_info> disk) {
    looks_ = 0;
    std::promise<std::string> over;
    std::shared_future<std::string> result = over.get_future().share();
    list_uploads uploads{directory_.path(), [&](const std::filesystem::path& of) {
                           EXPECT_EQ(of, directory_.path());
                           return disk[std::min(looks_++, disk.size() - 1)];
                         }};
    auto sink = uploads.begin({[] {},
                               [&](const std::filesystem::path& list) {
                                 return [&over, list, bytes = std::filesystem::file_size(list)] {
                                   EXPECT_FALSE(std::filesystem::exists(list)) << "whoever is told finds nothing left";
                                   over.set_value(std::to_string(bytes));
                                 };
                               },
                               [&](std::exception_ptr failed) {
                                 try {
                                   std::rethrow_exception(std::move(failed));
                                 } catch (const rest_error& refused) {
                                   over.set_value(std::to_string(refused.what_happened().status) + " " +
                                                  refused.what_happened().code);
                                 }
                               }});
    for (const std::size_t bytes : pieces) {
      auto taken = std::make_shared<std::promise<void>>();
      std::future<void> next = taken->get_future();
      sink->take(std::string(bytes, 'x'), [taken = std::move(taken)] { taken->set_value(); });
      try {
        next.get();
      } catch (const std::future_error&) {
        break;  // refused: nobody asks for another
      }
    }
    sink->finish();
    return result.get();
  }
  bool is_empty() const { return std::filesystem::is_empty(directory_.path()); }

  static constexpr std::size_t mib = 1024 * 1024;
  static constexpr std::filesystem::space_info roomy{100 * gib, 50 * gib, 50 * gib};
  static constexpr std::filesystem::space_info full{100 * gib, 0, 0};
  scratch directory_;
  std::size_t looks_ = 0;
};

TEST_F(ListUploads, DiskThatIsNearlyFull_TakesNone) {
  const auto with = [&](std::uintmax_t capacity, std::uintmax_t available) {
    return send({3}, {{capacity, gib * 50, available}});
  };
  EXPECT_EQ(with(5 * gib, gib), "3");
  EXPECT_EQ(with(5 * gib, gib - 1), "413 no_room");
  EXPECT_EQ(with(500 * gib, gib), "3") << "as much as on a small one";
  EXPECT_TRUE(is_empty());
}

TEST_F(ListUploads, DiskThatFillsMeanwhile_TakesNoMore) {
  EXPECT_EQ(send({1, 4 * mib - 1, 1}, {roomy, full}), "413 no_room");
  EXPECT_EQ(looks_, 2U);
  EXPECT_EQ(send({1, 4 * mib - 2, 1}, {roomy, full}), std::to_string(4 * mib));
  EXPECT_TRUE(is_empty());
}

TEST_F(ListUploads, WhatAKilledEngineLeft_IsRemovedAndVerdictsAreKept) {
  const std::string left = directory_.file("upload-abc123", "x");
  const std::string verdicts = directory_.file("0123.verdicts.csv", "x");
  const list_uploads made{directory_.path()};
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(verdicts));
}

}  // namespace
}  // namespace dialer::api
