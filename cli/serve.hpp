#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dialer::cli {

/// `dialer serve`. Empty strings: not given.
struct serve_options {
  std::string config;     ///< configuration file to apply before serving
  std::string database;   ///< libpq connection string or URI; empty: the private cluster of state_dir
  std::string state_dir;  ///< empty: sql::default_state_dir()
  std::string listen = "127.0.0.1:8080";
  std::string public_url;                ///< where carriers reach `listen`; empty: http://<listen>
  std::string token_key;                 ///< file with the key of attempt tokens; empty: <state_dir>/token.key
  std::string key_pepper;                ///< file with the pepper of API keys; empty: <state_dir>/pepper.key
  std::vector<std::string> secret_keys;  ///< files with the keys that the database's secrets are sealed with
  std::size_t shards = 0;                ///< 0: one per core
  std::size_t event_streams = 512;       ///< clients that may follow GET /v1/events at a time
  double requests_per_second = 50;       ///< of each API key; 0: no limit
  std::uint32_t request_burst = 100;     ///< of each API key, at once
  std::uint64_t node = 1;                ///< 1..255, distinct among the nodes of one database
  std::string log_format = "auto";       ///< auto, text or json
  std::string wall_clock;                ///< RFC 3339 instant at which the run starts; empty: the real one
};

/// Runs the engine until SIGTERM or SIGINT, or logs why it can't; answers the exit code, as errors.hpp has them.
int run_serve(const serve_options& options);

}  // namespace dialer::cli
