#pragma once
// Whose turn is it? Deficit round robin (Shreedhar, Varghese 1995) over workspaces, then over the campaigns of each.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dialer::engine {

/// One ring of members with weights. A member that is taken out lends its share to the others at once and gets it back
/// when it returns; one with weight w waits for at most the sum of the others' weights. O(1) amortised.
class share_ring {
 public:
  using member = std::uint32_t;

  /// No effect when it is already in. weight >= 1.
  void insert(member who, std::uint16_t weight);
  void erase(member who);
  bool contains(member who) const { return who < position_.size() && position_[who] != absent; }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  /// Whose turn it is; charges one turn. REQUIRES: !empty().
  member next();

 private:
  struct entry {
    member who;
    std::uint16_t weight;
    std::uint32_t credit;
  };
  static constexpr std::uint32_t absent = 0xFFFFFFFF;
  std::vector<entry> entries_;
  std::vector<std::uint32_t> position_;  // member -> index in entries_
  std::size_t at_ = 0;
  bool topped_up_ = false;
};

/// Campaigns within workspaces. Campaign and workspace numbers are small and dense.
class fair_share {
 public:
  void activate(std::uint32_t campaign, std::uint16_t campaign_weight, std::uint32_t workspace,
                std::uint16_t workspace_weight);
  void deactivate(std::uint32_t campaign, std::uint32_t workspace);
  std::optional<std::uint32_t> next();
  std::size_t active() const { return active_; }

 private:
  share_ring workspaces_;
  std::vector<share_ring> campaigns_;  // by workspace
  std::size_t active_ = 0;
};

}  // namespace dialer::engine
