#pragma once
// One run: an engine, its ledger, a carrier and people who change things, under one seed. Safety is checked at every
// step, liveness once the faults have stopped.

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

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
  std::uint64_t vetoes = 0;
  std::map<std::string, std::uint64_t> seen;  ///< what must happen now and then, by its name
};

/// What became of a number whose callees began to see a label.
struct labelled_result {
  struct count {
    std::uint32_t calls = 0;
    std::uint32_t answers = 0;
  };
  count before;    ///< of all numbers, until the label
  count labelled;  ///< ... from then until it rests
  count after;     ///< ... and in the hour after that
  microseconds to_rest{0};
  std::uint32_t calls_to_rest = 0;  ///< of the labelled number
  std::uint32_t others_rested = 0;
};

class world {
 public:
  /// verbose: prints the whole record when an invariant breaks.
  explicit world(std::uint64_t seed, bool verbose = false);
  ~world();
  /// Safety phase, then liveness phase. Throws violation naming the seed.
  run_result run();
  /// Four numbers with 400 calls an hour each, of which 35 % are answered; from one moment on, half as many of the
  /// first number's. Nothing else goes wrong, but that the engine is killed while it rests. Throws as run().
  labelled_result run_labelled();

 private:
  struct engine_process;

  void set_up();
  void set_up_labelled();
  labelled_result through_label_and_rest();
  labelled_result::count calls_between(microseconds from, microseconds to) const;
  std::uint32_t calls_showing(e164 number, microseconds from, microseconds to) const;
  void connect();
  void boot();
  void crash();
  void people();
  void freeze(const std::function<void()>& announce);
  void check_create(attempt_id attempt, contact_id contact, integration_id account, e164 to, e164 from,
                    std::uint64_t epoch);
  void check_caps(const store::attempt_row& row, bool of_the_undead);
  carriers::carrier_kind kind_of(integration_id account) const;
  void check_start(const carrier::call& call);
  void check_cut(const carrier::call& call) const;
  bool something_to_dial(bool circuits_may_be_open) const;
  void saw(const std::string& what);
  std::string unsettled();
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
  std::shared_ptr<engine_process> undead_;  // lives on after it was replaced
  bool faults_on_ = true;
  microseconds booted_at_{0};
  microseconds outage_until_{0};
  // What people forbid as of now, by the generation that forbade it.
  std::map<e164, std::uint64_t> opted_out_at_;
  std::map<campaign_id, std::uint64_t> paused_at_;
  std::map<e164, std::uint64_t> withdrawn_at_;
  std::map<id128, std::uint64_t> frozen_at_;  // organisation, workspace, agent, campaign, number or account
  bool labelled_run_ = false;                 // too long for checks that look at every call there was
  std::size_t creates_ = 0;
  std::map<integration_id, std::vector<microseconds>> starts_;  // of the last period
  microseconds clock_set_at_{-std::chrono::hours{1}};
  run_result result_;
};

}  // namespace dialer::sim
