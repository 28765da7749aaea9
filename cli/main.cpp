#include "cli/command_line.hpp"

int main(int argc, char** argv) {
  return dialer::cli::run(argc, argv);
}
