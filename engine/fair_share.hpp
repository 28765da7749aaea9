#pragma once
// Whose turn is it? Deficit round robin (Shreedhar, Varghese 1995) over workspaces, then over the campaigns of each.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dialer::engine {

/// One ring of members with weights. A member that is taken out lends its share to the others at once; one that comes
/// (back) joins behind all that are in, so that whoever stays waits for at most the sum of the others' weights, however
/// often those come and go. All operations are O(1).
class share_ring {
 public:
  using member = std::uint32_t;

  /// No effect when it is already in. weight >= 1.
  void insert(member who, std::uint16_t weight);
  void erase(member who);
  bool contains(member who) const { return who < links_.size() && links_[who].weight != 0; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// Whose turn it is; charges one turn. REQUIRES: !empty().
  member next();
  /// A member that comes to its turn keeps it for `turns` times its weight. At least 1.
  void set_quantum(std::uint32_t turns) { quantum_ = turns; }

 private:
  struct link {
    member before = 0;
    member after = 0;
    std::uint32_t left = 0;    // turns of this round still to come
    std::uint16_t weight = 0;  // 0: not in
  };
  void move_to(member who);

  std::vector<link> links_;  // by member: a circle of those that are in
  member at_ = 0;
  std::size_t size_ = 0;
  std::uint32_t quantum_ = 1;
};

/// Campaigns within workspaces. Campaign and workspace numbers are small and dense.
class fair_share {
 public:
  void activate(std::uint32_t campaign, std::uint16_t campaign_weight, std::uint32_t workspace,
                std::uint16_t workspace_weight);
  void deactivate(std::uint32_t campaign, std::uint32_t workspace);
  std::optional<std::uint32_t> next();
  std::size_t active() const { return active_; }
  /// How many contacts of one campaign are taken in a row, per weight: more is faster, as what a campaign needs is then
  /// at hand; fewer is smoother.
  void set_quantum(std::uint32_t turns);

 private:
  share_ring workspaces_;
  std::vector<share_ring> campaigns_;  // by workspace
  std::size_t active_ = 0;
  std::uint32_t quantum_ = 1;
};

}  // namespace dialer::engine
