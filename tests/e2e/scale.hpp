#pragma once

#include <cstdint>

namespace dialer::e2e {

/// How much is tried. The defaults take seconds, for every run; the command line takes what a release is proved with.
struct scale {
  unsigned kills = 8;
  std::size_t contacts = 3'000;    ///< of the kill loop
  unsigned races = 300;            ///< people who opt out
  unsigned calls_per_second = 90;  ///< both accounts together, of those tests that ask how soon a change is followed
  unsigned rest_kills = 6;
  unsigned purchase_kills = 5;
  std::size_t event_clients = 300;
  std::size_t event_deaf = 20;  ///< who follow events and never read them
  std::size_t upload = 60'000;  ///< rows of the uploaded list
  std::size_t list = 50'000;    ///< contacts of the big list
  unsigned pacing_seconds = 20;
  unsigned agents = 12;      ///< who share numbers
  std::size_t numbers = 60;  ///< that they share; 700 at most
  std::uint64_t seed = 1;
  bool exact = false;   ///< assert rates that only a machine with nothing else to do keeps
  bool settle = false;  ///< wait for every doubt to be resolved, some six minutes
};
extern scale wanted;

}  // namespace dialer::e2e
