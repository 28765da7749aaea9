#include "engine/fair_share.hpp"

#include <algorithm>

namespace dialer::engine {

void share_ring::insert(member who, std::uint16_t weight) {
  if (contains(who)) return;
  if (who >= position_.size()) position_.resize(who + 1, absent);
  position_[who] = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({who, std::max<std::uint16_t>(weight, 1), 0});
}

void share_ring::erase(member who) {
  if (!contains(who)) return;
  const std::size_t hole = position_[who];
  position_[who] = absent;
  if (hole == at_) topped_up_ = false;
  // The last entry moves into the hole: order within a round is not promised, turns per round are.
  if (hole + 1 != entries_.size()) {
    entries_[hole] = entries_.back();
    position_[entries_[hole].who] = static_cast<std::uint32_t>(hole);
    if (at_ + 1 == entries_.size()) at_ = hole;
  }
  entries_.pop_back();
  if (at_ >= entries_.size()) at_ = 0;
}

share_ring::member share_ring::next() {
  for (;;) {
    entry& current = entries_[at_];
    if (!topped_up_) {
      current.credit += current.weight;
      topped_up_ = true;
    }
    if (current.credit > 0) {
      --current.credit;
      return current.who;
    }
    at_ = at_ + 1 == entries_.size() ? 0 : at_ + 1;
    topped_up_ = false;
  }
}

void fair_share::activate(std::uint32_t campaign, std::uint16_t campaign_weight, std::uint32_t workspace,
                          std::uint16_t workspace_weight) {
  if (workspace >= campaigns_.size()) campaigns_.resize(workspace + 1);
  share_ring& ring = campaigns_[workspace];
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

std::optional<std::uint32_t> fair_share::next() {
  if (workspaces_.empty()) return std::nullopt;
  return campaigns_[workspaces_.next()].next();
}

}  // namespace dialer::engine
