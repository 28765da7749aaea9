#pragma once
// Processes on a cluster's data: the server that serves it, and what an earlier life of ours left behind.

#include <sys/types.h>

#include <chrono>

#include "sql/cluster_directory.hpp"

namespace dialer::sql {

/// The process that the data directory names as its server; 0: none.
pid_t named_server(const cluster_directory& where);

/// Whether a living process (zombies are dead) has the data directory as its working directory.
bool works_in(pid_t pid, const cluster_directory& where);

/// Stops what an earlier owner left running, and removes what would keep a server from starting. Only under the lock:
/// then a server on the data can be nobody else's. Throws cluster_error when something does not stop.
void clear_leftovers(const cluster_directory& where);

/// A server gets so long to stop before it is asked less kindly.
inline constexpr std::chrono::seconds stop_limit{30};

}  // namespace dialer::sql
