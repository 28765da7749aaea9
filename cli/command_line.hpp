#pragma once

#include <string>

#include "cli/command_tree.hpp"

namespace dialer::cli {

/// The whole command line: reads the arguments, runs the command, says what went wrong, answers the exit code.
int run(int argc, const char* const* argv);

/// What is wrong with the arguments; empty when a command would run. None does.
std::string check_arguments(int argc, const char* const* argv);

/// All commands with their options.
command describe_commands();

}  // namespace dialer::cli
