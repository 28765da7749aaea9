#pragma once
// The commands as data, for whoever describes them: completions, the manual page, hints, tests.

#include <string>
#include <vector>

namespace dialer::cli {

struct command_argument {
  std::vector<std::string> names;  ///< "--output", "-o"; empty: named by its place
  std::string value;               ///< "FORMAT", of one named by its place "file"; empty: a flag
  std::string meaning;
  std::string variable;              ///< of the environment, that it is taken from; or empty
  std::vector<std::string> choices;  ///< the only values there are; empty: any
  bool required = false;
};

struct command {
  std::string path;  ///< "dialer campaign status"
  std::string name;
  std::string purpose;
  std::vector<std::string> examples;
  std::vector<command_argument> arguments;
  std::vector<command> commands;
};

/// The script that completes them in "bash", "zsh" or "fish".
std::string completion_script(const command& root, const std::string& shell);

/// After a complaint about the arguments: the first word that nobody knows, and the one it was meant to be or those
/// there are. "; see --help" when all are known.
std::string hint(const command& root, int argc, const char* const* argv);

/// The manual page, in roff; `version`: of the program.
std::string manual_page(const command& root, const std::string& version);

}  // namespace dialer::cli
