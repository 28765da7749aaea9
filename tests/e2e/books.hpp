#pragma once
// What the carriers wrote down, and what the ledger says about it. Independent of the product's own audit: attempts are
// recognised by the token they carried.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "carriers/simulator/log_entry.hpp"
#include "tests/e2e/rig.hpp"

namespace dialer::e2e {

/// A create-call request as the carrier received it.
struct create {
  utc_time at{};
  utc_time arrived_from{};  ///< earlier than `at` while the carrier was behind with reading
  carriers::simulator::carrier_name carrier{};
  std::string to;
  std::string from;
  std::string token;
  int refused = 0;  ///< HTTP status of a refusal
  bool made_call = false;
  utc_time over_at{};  ///< when its call ended; the far future while it lasts
};

std::vector<create> read_creates(const std::filesystem::path& log);

/// Creates a second, of the half second before each of these instants: the median. 0 without instants.
double rate_before(const std::vector<create>& creates, const std::vector<utc_time>& instants);

/// While the carriers were behind with reading: what they read then may have arrived at any time since.
struct spell {
  utc_time since, until;
};

/// How unsure the carriers' clock was.
struct unsure_time {
  std::vector<spell> spells;             ///< ascending and apart
  std::chrono::microseconds longest{0};  ///< at a stretch
  std::chrono::microseconds sum{0};
  std::chrono::microseconds of{0};  ///< from the log's first entry to its last
  double share() const {
    return of.count() == 0 ? 1 : static_cast<double>(sum.count()) / static_cast<double>(of.count());
  }
  /// For how long after this instant a create may count as one that arrived before it: 0 outside of every spell.
  std::chrono::microseconds after(utc_time instant) const;
};
unsure_time read_unsure(const std::filesystem::path& log);
std::ostream& operator<<(std::ostream& out, const unsure_time& what);
/// Limits are judged by the carriers' log only while its clock was unsure for less of the time than this.
inline constexpr double unsure_share_max = 0.1;

/// When one carrier received a create: between these.
struct arrival {
  utc_time from, at;
};
std::vector<arrival> arrivals(const std::vector<create>& creates, carriers::simulator::carrier_name carrier);

/// Follows a log that is still written.
class log_tail {
 public:
  explicit log_tail(std::filesystem::path log) : log_{std::move(log)} {}
  /// Creates written since the last call: when, to and from whom.
  std::vector<create> more();

 private:
  std::filesystem::path log_;
  std::uint64_t offset_ = 0;
};

/// Greatest number of arrivals in any half-open interval of this length, as sure as the carrier's clock is. They
/// ascend.
std::size_t most_within(const std::vector<arrival>& arrivals, std::chrono::microseconds length);

struct token_findings {
  std::size_t foreign = 0;       ///< creates whose token is not ours
  std::size_t no_intent = 0;     ///< creates without a row in the ledger
  std::size_t wrong_number = 0;  ///< ... to another number than the row says
  std::size_t twice = 0;         ///< attempts with more than one call
  std::size_t overlapping = 0;   ///< calls that began while another to the same number was up
  friend bool operator==(const token_findings&, const token_findings&) = default;
};
std::ostream& operator<<(std::ostream& out, const token_findings& what);

token_findings compare(const rig& with, const std::vector<create>& creates);

/// Contacts of all campaigns by where they stand, and those in no place or in several.
struct contact_sums {
  std::uint64_t contacts = 0, fresh = 0, open = 0, waiting = 0, done = 0, misplaced = 0;
  std::uint64_t open_undoubted = 0;  ///< open, and the carrier took the call
};
contact_sums sum_contacts(sql::session& on, organisation_id organisation);

}  // namespace dialer::e2e
