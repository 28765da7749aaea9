#include "api/event_board.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace dialer::api {
namespace {

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

void organisation_board::replace(const std::vector<board_fact>& facts) {
  const std::lock_guard lock{mutex_};
  std::uint64_t version = version_.load();
  ++round_;
  for (const board_fact& one : facts) {
    known_fact& known = known_[{one.kind, one.thing}];
    known.seen = round_;
    const auto before = facts_.find(known.version);
    if (before != facts_.end()) {
      if (before->second.data == one.data && before->second.workspace == one.workspace) continue;
      facts_.erase(before);
    }
    known.version = ++version;
    std::string event = "id: " + hex(boot_) + "-" + std::to_string(version) + "\nevent: " + std::string(one.kind) +
                        "\ndata: " + one.data + "\n\n";
    facts_.emplace(version, fact{one.workspace, one.data, std::move(event)});
  }
  std::erase_if(known_, [&](const auto& each) {
    if (each.second.seen == round_) return false;
    facts_.erase(each.second.version);
    return true;
  });
  version_.store(version);
}

std::uint64_t organisation_board::resume_at(std::string_view event_id) const {
  const std::string ours = hex(boot_) + "-";
  if (!event_id.starts_with(ours)) return 0;
  std::uint64_t version = 0;
  const char* end = event_id.data() + event_id.size();
  const auto [stop, error] = std::from_chars(event_id.data() + ours.size(), end, version);
  return error == std::errc{} && stop == end && version <= version_.load() ? version : 0;
}

organisation_board::piece organisation_board::after(std::uint64_t version, const std::optional<workspace_id>& only,
                                                    std::size_t bytes) const {
  const std::lock_guard lock{mutex_};
  piece read;
  read.through = version;
  for (auto next = facts_.upper_bound(version); next != facts_.end(); ++next) {
    if (!only || next->second.workspace == *only) {
      if (!read.text.empty() && read.text.size() + next->second.event.size() > bytes) return read;
      read.text += next->second.event;
    }
    read.through = next->first;
  }
  return read;
}

std::shared_ptr<organisation_board> event_board::of(organisation_id organisation) {
  const std::lock_guard lock{mutex_};
  auto& board = boards_[organisation];
  if (!board) board = std::make_shared<organisation_board>(boot_, dropped_through_);
  return board;
}

std::vector<std::pair<organisation_id, std::shared_ptr<organisation_board>>> event_board::read_now() {
  const std::lock_guard lock{mutex_};
  std::erase_if(boards_, [this](const auto& each) {
    // Nobody comes to hold it meanwhile: that takes the lock.
    if (each.second.use_count() > 1) return false;
    dropped_through_ = std::max(dropped_through_, each.second->version());
    return true;
  });
  std::vector<std::pair<organisation_id, std::shared_ptr<organisation_board>>> all;
  for (const auto& [id, board] : boards_) {
    if (board->readers.load() != 0) all.emplace_back(id, board);
  }
  return all;
}

}  // namespace dialer::api
