#pragma once
// What an organisation keeps in memory of its workspaces, agents, campaigns and their lanes while it dials.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/contact.hpp"
#include "campaigns/settings.hpp"
#include "compliance/calling_window.hpp"
#include "compliance/countries.hpp"
#include "compliance/place.hpp"
#include "engine/contact_queue.hpp"
#include "engine/ledger.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"
#include "model/reason.hpp"

namespace dialer::engine {

/// A place in one of the organisation's tables. Those of workspaces, agents, accounts and campaigns only grow: it stays
/// good, and what is gone is not `present`. Attempts take the slots that others have left.
using run_index = std::uint32_t;

struct workspace_run {
  workspace_record what;
};

struct agent_run {
  agent_record what;
  std::shared_ptr<const std::string> answer_url;  // shared with requests on their way
  bool present = false;
  std::uint32_t live = 0;
};

// The first two cache lines are what a decision reads; the rest is for loading.
struct alignas(64) lane_run {
  static constexpr std::size_t hot_lines = 2;
  contact_queue queue;  // waiting ones and fresh ones in the order to be dialed
  compliance::window_state window;
  utc_time window_since{};  // `window` holds from this instant on ...
  utc_time window_until{};  // ... and before this one
  contact_id through;       // the cursor as of the batch being decided
  std::size_t look_ahead = 0;
  campaigns::lane_number number = 0;
  bool moved = false;  // `through` goes into the batch being decided
  bool held = false;   // of the candidates at hand, the rest of this lane is put back
  bool loading = false;
  bool hungry = false;  // among the organisation's hungry ones
  bool fresh_exhausted = false;
  contact_id fresh_after;  // loads continue here; ids up to it are in the queue or beyond
  utc_time wait_after{};   // loads of waiting contacts continue here
  contact_id wait_after_id;
  utc_time asked_until{};                 // greatest `now` a load was asked with; new waits lie beyond it
  std::optional<utc_time> next_due;       // earliest waiting contact not yet loaded
  std::optional<utc_time> due_meanwhile;  // ... of those that began to wait while a load was out
  std::uint32_t asked_count = 0;          // of the load that is out
  steady_time load_after{};               // back-off after a failed load
  steady_time exhausted_until{};          // with fresh_exhausted: then it is asked again
  compliance::place where;
};

// The first three cache lines, down to the first of the settings, are what a decision reads.
struct alignas(64) campaign_run {
  static constexpr std::size_t hot_lines = 3;
  bool present = false;
  bool active = false;      // takes part in fair_share
  bool has_urgent = false;  // lanes, in `urgent`
  reason blocked = reason::none;
  run_index workspace = 0;
  run_index agent = 0;
  std::uint32_t live = 0;
  steady_time blocked_until{};
  steady_time last_start = steady_time::min();  // of the campaign's own rate
  std::vector<run_index> accounts;              // that have numbers its agent may show
  std::size_t account_at = 0;
  std::vector<std::unique_ptr<lane_run>> lanes;  // by lane number; null where none
  std::size_t lane_at = 0;
  const compliance::country_set* countries = nullptr;  // that it calls; shared with other campaigns
  campaigns::settings what;
  campaign_counters counters;
  std::vector<lane_run*> urgent;         // of `lanes`: those that go before the others
  std::optional<utc_time> number_frees;  // while blocked for want of a number, if time alone frees one

  /// REQUIRES: a rate of its own. By the rate of now: after a slow one the next call could be hours away.
  std::chrono::microseconds spacing() const {
    return std::chrono::microseconds{static_cast<std::int64_t>(1e6 / what.calls_per_second_max)};
  }
  steady_time next_start() const { return last_start + spacing(); }
};

}  // namespace dialer::engine
