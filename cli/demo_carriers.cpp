#include "cli/demo_carriers.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <ext/stdio_filebuf.h>
#include <stdexcept>

#include "carriers/simulator/carrier_simulator.hpp"

namespace dialer::cli {
namespace {

[[noreturn]] void simulate(const demo_carriers_options& options, const std::filesystem::path& log, int ready) {
  // The simulator ends with the demonstration, however that ends.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  carriers::simulator::simulator_options settings;
  settings.log_file = log;
  settings.twilio_accounts = {{options.twilio_sid, options.twilio_token}};
  settings.telnyx_accounts = {{options.telnyx_key, options.telnyx_connection}};
  settings.scenario_file = options.scenario;
  settings.seed = options.seed;
  settings.clock_offset_us = options.wall_offset.count();
  __gnu_cxx::stdio_filebuf<char> buffer{ready, std::ios::out};
  std::ostream out{&buffer};
  const int code = carriers::simulator::run_carrier_simulator(settings, out);
  _exit(code);
}

}  // namespace

carriers_ready read_carriers_ready(int pipe) {
  __gnu_cxx::stdio_filebuf<char> buffer{pipe, std::ios::in};
  std::istream in{&buffer};
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error{"the simulated carriers did not come up"};
  const boost::json::object said = boost::json::parse(line).as_object();
  const auto text = [&](const char* key) { return std::string{said.at(key).as_string()}; };
  return {"https://" + text("twilio"), "https://" + text("telnyx"), text("telnyx_public_key"), text("ca_file")};
}

demo_carriers::demo_carriers(const demo_carriers_options& options) : log_{options.directory / "carriers.log"} {
  int ready[2];
  if (pipe(ready) != 0) throw std::runtime_error{"no pipe for the simulated carriers"};
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error{"the simulated carriers could not be started"};
  if (pid_ == 0) {
    close(ready[0]);
    simulate(options, log_, ready[1]);
  }
  close(ready[1]);
  reached_ = read_carriers_ready(ready[0]);
}

demo_carriers::~demo_carriers() {
  stop();
}

void demo_carriers::stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace dialer::cli
