#pragma once
// What a person sees while the engine dials: rate against limit, funnel, dispositions, why-not counts, time left.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/stats.hpp"

namespace dialer::cli {

/// Redrawn in place on a terminal, one plain line every few seconds elsewhere. Writes to standard error. One thread.
class live_view {
 public:
  /// `contacts`: accepted contacts of the campaigns shown, for the share done and the time left.
  explicit live_view(std::uint64_t contacts);
  void show(const std::vector<engine::organisation_view>& views, std::chrono::milliseconds elapsed);
  /// Leaves the last picture standing.
  void finish();

 private:
  std::string picture(const std::vector<engine::organisation_view>& views, std::chrono::milliseconds elapsed);

  std::uint64_t contacts_;
  bool terminal_;
  int lines_drawn_ = 0;
  std::chrono::milliseconds shown_at_{-1'000'000};
  std::chrono::milliseconds rate_since_{0};
  std::uint64_t sent_then_ = 0;
  double rate_ = 0;
};

}  // namespace dialer::cli
