#pragma once
// One run: an engine, its ledger, a carrier and people who change things, under one seed. Safety is checked at every
// step, liveness once the faults have stopped.

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "carriers/call_budget.hpp"
#include "engine/organisation.hpp"
#include "tests/sim/carrier.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/schedule.hpp"
#include "tests/sim/store.hpp"

namespace dialer::sim {

/// What happened in a run; equal seeds give equal values, bit for bit.
struct run_result {
  std::uint64_t trace = 0;  ///< hash over everything that was sent, committed and reported
  std::uint64_t calls = 0;
  std::uint64_t crashes = 0;
  std::uint64_t doubts = 0;
  std::uint64_t recovered = 0;
  std::uint64_t absent = 0;
  std::uint64_t opt_outs_confirmed = 0;
  std::uint64_t stale_batches = 0;
  std::uint64_t vetoes = 0;
};

class world {
 public:
  /// verbose: prints the whole record when an invariant breaks.
  explicit world(std::uint64_t seed, bool verbose = false);
  ~world();
  /// Safety phase, then liveness phase. Throws violation naming the seed.
  run_result run();

 private:
  struct engine_process;

  void set_up();
  void boot();
  void crash();
  void people();
  void check_create(attempt_id attempt, contact_id contact, e164 to, e164 from, std::uint64_t epoch);
  void check_liveness();
  void print() const;
  void note(std::uint64_t what);
  void fail(const std::string& what) const;

  std::uint64_t seed_;
  bool verbose_;
  schedule time_;
  fault_plan faults_;
  store ledger_;
  carrier carrier_;
  std::shared_ptr<engine_process> running_;
  std::shared_ptr<engine_process> undead_;       // lives on after it was replaced
  std::shared_ptr<carriers::call_budget> line_;  // the carrier account's limit as the engine keeps it
  bool faults_on_ = true;
  microseconds outage_until_{0};
  std::map<e164, std::uint64_t> opted_out_at_;  // generation
  std::map<e164, microseconds> opt_out_confirmed_;
  std::vector<microseconds> creates_;
  run_result result_;
};

}  // namespace dialer::sim
