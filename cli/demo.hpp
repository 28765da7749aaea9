#pragma once

#include <cstdint>
#include <string>

#include "cli/commands.hpp"

namespace dialer::cli {

/// `dialer demo`. Empty strings: not given.
struct demo_options {
  std::string contacts;  ///< list to dial; empty: examples/contacts.csv
  output_format output = output_format::table;
  std::string config;      ///< configuration file; empty: examples/demo.toml
  std::string state_dir;   ///< empty: a directory of its own, removed at the end
  std::string scenario;    ///< of the simulated carriers; empty: examples/demo-carriers.toml
  std::uint64_t seed = 1;  ///< of the simulated carriers
  std::string wall_clock;  ///< RFC 3339 instant at which the run starts; empty: the real one
};

/// Runs the demonstration; answers the exit code: 0 only if every contact is accounted for and the ledger agrees with
/// the carriers' log. What it throws is mapped by errors.hpp.
int run_demo(const demo_options& options);

}  // namespace dialer::cli
