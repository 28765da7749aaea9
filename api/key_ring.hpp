#pragma once
// Who is calling: API keys checked in memory, so that a refusal costs no query and no thread waits.
//
// Fail closed: a revocation is in force on every engine in under a second, or nobody is let in. The ring is only as
// good as its last look at the database; when that look is older than `trusted_for`, every key is refused as
// `unavailable`, because any of them may have been revoked since.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/api_key.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"
#include "sql/api_keys.hpp"

namespace dialer::api {

/// Whom a request acts for; everything it may see and do follows from it.
struct caller {
  organisation_id organisation;
  api_key_id key;
  std::optional<workspace_id> workspace;  ///< the one it is confined to
  sql::scope_bits scopes = 0;
};

enum class key_verdict : std::uint8_t {
  good,
  unknown,      ///< no key of ours, altered, or revoked: which of them is nobody's business
  expired,      ///< the right key, too late
  unavailable,  ///< can't be told now
};

struct verified_key {
  key_verdict verdict = key_verdict::unknown;
  caller who;  ///< when good
};

class key_ring {
 public:
  static constexpr std::chrono::milliseconds trusted_for{900};

  /// `time` must outlive the ring.
  key_ring(const key_pepper& pepper, const clock& time) : pepper_{pepper}, mark_{mark_of(pepper)}, time_{time} {}

  /// What was presented as a key. Any thread, waits for nothing.
  verified_key verify(std::string_view presented) const;

  /// Whether a key that was good is so still; for what goes on long after it was presented.
  key_verdict standing(api_key_id key) const;

  /// The keys of one organisation, in whole. Answers how many are in use but made under another pepper, and so are
  /// refused here. One thread.
  std::size_t replace(organisation_id organisation, const std::vector<sql::api_key_record>& keys);
  /// Everything is as the database had it at `read_at`, or later. Same thread.
  void confirm(steady_time read_at) { trusted_until_.store((read_at + trusted_for).time_since_epoch().count()); }

 private:
  struct entry {
    caller who;
    std::string hash;
    std::optional<utc_time> expires_at;
  };
  using entries = std::unordered_map<api_key_id, entry>;

  const key_pepper pepper_;
  const std::string mark_;
  const clock& time_;
  std::atomic<std::shared_ptr<const entries>> entries_{std::make_shared<const entries>()};
  std::atomic<steady_time::rep> trusted_until_{std::numeric_limits<steady_time::rep>::min()};
};

}  // namespace dialer::api
