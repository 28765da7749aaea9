#include "cli/serve.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "cli/database.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/key_file.hpp"
#include "cli/log.hpp"
#include "cli/secrets.hpp"
#include "cli/service_manager.hpp"
#include "cli/settings_file.hpp"
#include "cli/system_clock.hpp"

namespace dialer::cli {
namespace {

// This memory holds carrier secrets and keys: it goes into no core file, and no other process of the user reads it.
void hide_memory() {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) throw std::system_error(errno, std::generic_category(), "prctl(PR_SET_DUMPABLE)");
}

// Blocks the signals in every thread made from here on, so that one place waits for them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Meanwhile says that the engine lives, while it does.
int wait_for(const sigset_t& signals, const service_manager& manager, engine_runtime& engine) {
  const auto every = manager.watchdog_every();
  const auto whole = std::chrono::floor<std::chrono::seconds>(every);
  const timespec pause{.tv_sec = whole.count(), .tv_nsec = std::chrono::nanoseconds{every - whole}.count()};
  for (;;) {
    const int signal = every.count() == 0 ? sigwaitinfo(&signals, nullptr) : sigtimedwait(&signals, nullptr, &pause);
    if (signal > 0) return signal;
    if (errno == EAGAIN && engine.turns()) manager.tell("WATCHDOG=1");
  }
}

// One engine per state directory, from before the first look at the database to the end of the process, however it
// ends. A second one would take the organisations away from the first, and lose its database with it.
class state_dir_lock {
 public:
  explicit state_dir_lock(const std::filesystem::path& state_dir) {
    std::filesystem::create_directories(state_dir);
    const std::string file = state_dir / "engine.lock";
    descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + file);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    close(descriptor_);
    throw settings_error("another engine runs on the state directory " + state_dir.string() +
                         "; stop it, or give this one a directory of its own with --state-dir");
  }
  ~state_dir_lock() { close(descriptor_); }
  state_dir_lock(const state_dir_lock&) = delete;
  state_dir_lock& operator=(const state_dir_lock&) = delete;

 private:
  int descriptor_ = -1;
};

/// Connections to carriers, to the database and from clients that follow nothing, and the process's own files.
constexpr rlim_t files_besides = 2'048;

// As many open files as the followers may need, so that they never keep a call from being made.
void make_room_for(std::size_t event_streams) {
  const rlim_t needed = event_streams + files_besides;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) throw std::system_error(errno, std::generic_category(), "getrlimit");
  if (files.rlim_cur >= needed) return;
  if (files.rlim_max < needed) {
    throw settings_error("--event-streams " + std::to_string(event_streams) + " needs " + std::to_string(needed) +
                         " open files and this process may have " + std::to_string(files.rlim_max) +
                         "; raise that (LimitNOFILE= of the service, ulimit -Hn of the shell) or follow with fewer");
  }
  files.rlim_cur = needed;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
}

system_clock make_clock(const std::string& wall_clock) {
  if (wall_clock.empty()) return system_clock{};
  const auto start = parse_instant(wall_clock);
  if (!start) throw usage_error{"--wall-clock '" + wall_clock + "' is no instant; write 2026-11-18T17:00:00Z"};
  return system_clock::starting_at(*start);
}

int serve(const serve_options& options) {
  const service_manager manager = service_manager::take_from_environment();
  hide_memory();
  const sigset_t signals = block_stop_signals();
  const system_clock time = make_clock(options.wall_clock);
  make_room_for(options.event_streams);
  const database_options where{options.database, options.state_dir};
  const state_dir_lock alone{state_dir_of(where)};
  const database store{where};
  if (!options.config.empty()) {
    sql::session session = store.open();
    apply_file(session, options.config);
  }

  runtime_options running;
  running.database = store.target();
  running.node = options.node;
  running.listen = options.listen;
  running.public_url = options.public_url;
  running.token_key = load_token_key(options.token_key, state_dir_of(where));
  running.key_pepper = load_key_pepper(options.key_pepper, state_dir_of(where));
  running.uploads = state_dir_of(where) / "uploads";
  running.suppression_lists = state_dir_of(where) / "suppression-lists";
  running.resolve_secret = resolve_secret;
  running.secret_keys = load_secret_keys(options.secret_keys);
  running.shards = static_cast<unsigned>(options.shards);
  running.event_streams = options.event_streams;
  running.requests = {options.requests_per_second, options.request_burst};
  engine_runtime engine{running, time};
  engine.start();
  log_info("listening on " + options.listen,
           {{"callbacks_at", options.public_url.empty() ? "http://" + options.listen : options.public_url}});

  manager.tell("READY=1");
  const int signal = wait_for(signals, manager, engine);
  manager.tell("STOPPING=1");
  log_info("draining", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  engine.stop();
  return exit_ok;
}

}  // namespace

// What stops an engine stands where the rest of its log is.
int run_serve(const serve_options& options) {
  start_log(parse_log_format(options.log_format));
  try {
    return serve(options);
  } catch (const std::exception&) {
    const failure what = explain_failure(std::current_exception());
    log_error(what.message);
    return what.code;
  }
}

}  // namespace dialer::cli
