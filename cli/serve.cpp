#include "cli/serve.hpp"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "cli/database.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/secrets.hpp"
#include "cli/settings_file.hpp"
#include "cli/system_clock.hpp"
#include "cli/token_key.hpp"

namespace dialer::cli {
namespace {

// Blocks the signals in every thread made from here on, so that one place waits for them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

system_clock make_clock(const std::string& wall_clock) {
  if (wall_clock.empty()) return system_clock{};
  const auto start = parse_instant(wall_clock);
  if (!start) throw usage_error{"--wall-clock '" + wall_clock + "' is no instant; write 2026-11-18T17:00:00Z"};
  return system_clock::starting_at(*start);
}

}  // namespace

int run_serve(const serve_options& options) {
  const sigset_t signals = block_stop_signals();
  const database_options where{options.database, options.state_dir};
  const database store{where};
  if (!options.config.empty()) {
    sql::session session = store.open();
    apply_file(session, options.config);
  }
  const system_clock time = make_clock(options.wall_clock);

  runtime_options running;
  running.database = store.target();
  running.node = options.node;
  running.listen = options.listen;
  running.public_url = options.public_url;
  running.token_key = load_token_key(options.token_key, state_dir_of(where));
  running.resolve_secret = resolve_secret;
  running.shards = static_cast<unsigned>(options.shards);
  engine_runtime engine{running, time};
  engine.start();
  spdlog::info("listening on {}; callbacks are expected at {}", options.listen,
               options.public_url.empty() ? "http://" + options.listen : options.public_url);

  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("{}: draining", signal == SIGINT ? "interrupted" : "told to stop");
  engine.stop();
  return exit_ok;
}

}  // namespace dialer::cli
