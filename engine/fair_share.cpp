#include "engine/fair_share.hpp"

#include <algorithm>

namespace dialer::engine {

void share_ring::insert(member who, std::uint16_t weight) {
  if (contains(who)) return;
  if (who >= links_.size()) links_.resize(who + std::size_t{1});
  link& mine = links_[who];
  mine.weight = std::max<std::uint16_t>(weight, 1);
  mine.left = 0;
  if (size_++ == 0) {
    mine.before = mine.after = who;
    move_to(who);
    return;
  }
  mine.after = at_;
  mine.before = links_[at_].before;
  links_[mine.before].after = who;
  links_[at_].before = who;
}

void share_ring::erase(member who) {
  if (!contains(who)) return;
  link& mine = links_[who];
  links_[mine.before].after = mine.after;
  links_[mine.after].before = mine.before;
  mine.weight = 0;
  if (--size_ != 0 && who == at_) move_to(mine.after);
}

void share_ring::move_to(member who) {
  at_ = who;
  links_[who].left = links_[who].weight * quantum_;
}

share_ring::member share_ring::next() {
  if (links_[at_].left == 0) move_to(links_[at_].after);
  --links_[at_].left;
  return at_;
}

void fair_share::activate(std::uint32_t campaign, std::uint16_t campaign_weight, std::uint32_t workspace,
                          std::uint16_t workspace_weight) {
  if (workspace >= campaigns_.size()) campaigns_.resize(workspace + 1);
  share_ring& ring = campaigns_[workspace];
  ring.set_quantum(quantum_);
  if (ring.contains(campaign)) return;
  ring.insert(campaign, campaign_weight);
  workspaces_.insert(workspace, workspace_weight);
  ++active_;
}

void fair_share::deactivate(std::uint32_t campaign, std::uint32_t workspace) {
  if (workspace >= campaigns_.size() || !campaigns_[workspace].contains(campaign)) return;
  campaigns_[workspace].erase(campaign);
  if (campaigns_[workspace].empty()) workspaces_.erase(workspace);
  --active_;
}

void fair_share::set_quantum(std::uint32_t turns) {
  if (turns == quantum_) return;
  quantum_ = turns;
  workspaces_.set_quantum(turns);
  for (share_ring& ring : campaigns_) ring.set_quantum(turns);
}

std::optional<std::uint32_t> fair_share::next() {
  if (workspaces_.empty()) return std::nullopt;
  return campaigns_[workspaces_.next()].next();
}

}  // namespace dialer::engine
