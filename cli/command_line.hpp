#pragma once

namespace dialer::cli {

/// The whole command line: reads the arguments, runs the command, says what went wrong, answers the exit code.
int run(int argc, const char* const* argv);

}  // namespace dialer::cli
