#pragma once
// Which edges of the attempt's life were taken. The simulation is linked with --wrap, so that it sees every call of
// engine::transition without the engine knowing.

#include <string>
#include <vector>

namespace dialer::sim {

/// Edges of engine/attempt.cpp that no run of this process has taken, as "state + event". Left out: those that need an
/// answer later than the carrier's longest silence.
std::vector<std::string> edges_not_taken();

}  // namespace dialer::sim
