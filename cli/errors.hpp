#pragma once
// What went wrong, as an exit code and one sentence on standard error. The one place that maps errors to codes.

#include <exception>
#include <stdexcept>
#include <string>

namespace dialer::cli {

/// Exit codes of every command.
enum exit_code : int {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_unreachable = 69,    ///< the database or the service does not answer (EX_UNAVAILABLE)
  exit_configuration = 78,  ///< something a person has to set up differently (EX_CONFIG)
};

/// The command line cannot mean anything; the message says what to write instead.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file, a secret or an environment variable has to be changed; the message names it and the remedy.
class settings_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct failure {
  exit_code code = exit_failed;
  std::string message;
};

/// Usage errors are 2; settings, secrets, schema, private cluster and rules of the domain 78; a database that does not
/// answer 69; everything else 1.
failure explain_failure(const std::exception_ptr& error);

}  // namespace dialer::cli
