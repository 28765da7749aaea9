#pragma once
// What is told about an organisation: the latest state of each thing, and no history. A reader keeps one number, the
// version up to which it has read, so that a slow one costs as much memory as a quick one: it skips states that were
// replaced before it came to them, and never misses the latest.
//
// Threads: one writer per organisation; readers on any thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/ids.hpp"

namespace dialer::api {

/// The state of one thing.
struct board_fact {
  std::string_view kind;   ///< "campaign"; a literal
  std::string thing;       ///< its name among those of its kind
  workspace_id workspace;  ///< that it belongs to
  std::string data;        ///< one line of JSON
};

/// Facts of one organisation, each under the version at which it became what it is. Versions rise; each is of one fact.
class organisation_board {
 public:
  /// `boot` tells versions of this run from those of another; versions begin after `after`.
  explicit organisation_board(std::uint64_t boot, std::uint64_t after = 0) : boot_{boot}, version_{after} {}

  /// All there is to tell. What is as it was keeps its version; what is gone is told about no more.
  void replace(const std::vector<board_fact>& facts);

  std::uint64_t version() const noexcept { return version_.load(); }
  /// What `Last-Event-ID` stands for; 0, from the beginning, for one that is not of this board.
  std::uint64_t resume_at(std::string_view event_id) const;

  struct piece {
    std::string text;           ///< whole events, as a stream of server-sent events has them
    std::uint64_t through = 0;  ///< the version to go on after
  };
  /// What came after `version`, in order of versions: events until `bytes` are full, at least one if there is any.
  piece after(std::uint64_t version, const std::optional<workspace_id>& only, std::size_t bytes) const;

  std::atomic<std::size_t> readers{0};  ///< streams that are open

 private:
  struct fact {
    workspace_id workspace;
    std::string data;
    std::string event;  // as it is sent
  };
  using fact_name = std::pair<std::string_view, std::string>;
  struct known_fact {
    std::uint64_t version = 0;
    std::uint64_t seen = 0;  // the round of replace() it was last in
  };
  struct hash_name {
    std::size_t operator()(const fact_name& name) const noexcept {
      return std::hash<std::string_view>{}(name.first) * 31 + std::hash<std::string>{}(name.second);
    }
  };

  const std::uint64_t boot_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, fact> facts_;  // by version
  std::unordered_map<fact_name, known_fact, hash_name> known_;
  std::uint64_t round_ = 0;
  std::atomic<std::uint64_t> version_;
};

/// The boards of all organisations. Thread-safe.
class event_board {
 public:
  explicit event_board(std::uint64_t boot) : boot_{boot} {}

  /// Made at the first asking, and kept as long as somebody holds it.
  std::shared_ptr<organisation_board> of(organisation_id organisation);
  /// Those that somebody reads. The others are dropped: what they tell grows old, and whoever reads next is told how
  /// everything stands by then.
  std::vector<std::pair<organisation_id, std::shared_ptr<organisation_board>>> read_now();

 private:
  const std::uint64_t boot_;
  std::mutex mutex_;
  std::uint64_t dropped_through_ = 0;  // highest version of a board that was dropped: a new one goes on after it
  std::unordered_map<organisation_id, std::shared_ptr<organisation_board>> boards_;
};

}  // namespace dialer::api
