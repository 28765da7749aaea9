// The carrier simulator as `dialer carrier-sim` runs it, with the accounts that numbers.mjs asks with. Arguments: the
// log file, the scenario.

#include <iostream>

#include "carriers/simulator/carrier_simulator.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " LOG SCENARIO\n";
    return 2;
  }
  dialer::carriers::simulator::simulator_options options;
  options.log_file = argv[1];
  options.scenario_file = argv[2];
  options.twilio_accounts = {{"AC00000000000000000000000000000001", "a-token"}};
  options.telnyx_accounts = {{"KEY1", "1494404757140276705"}};
  return dialer::carriers::simulator::run_carrier_simulator(options, std::cout);
}
