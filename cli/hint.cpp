#include <algorithm>

#include "cli/command_tree.hpp"

namespace dialer::cli {
namespace {

// Edits that turn one word into the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::vector<std::string> options_of(const command& of) {
  std::vector<std::string> names;
  for (const command_argument& argument : of.arguments) {
    for (const std::string& name : argument.names) {
      if (name.starts_with("--")) names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> commands_of(const command& of) {
  std::vector<std::string> names;
  for (const command& one : of.commands) names.push_back(one.name);
  return names;
}

}  // namespace

std::string hint(const command& root, int argc, const char* const* argv) {
  const command* at = &root;
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    const bool is_option = word.starts_with("--");
    const std::vector<std::string> known = is_option ? options_of(*at) : commands_of(*at);
    if (known.empty()) continue;
    if (const auto same = std::ranges::find(known, word); same != known.end()) {
      if (!is_option) at = &at->commands[static_cast<std::size_t>(same - known.begin())];
      continue;
    }
    const std::string unknown = "; \"" + word + "\" is not known";
    const auto nearest =
        std::ranges::min_element(known, {}, [&](const std::string& candidate) { return distance(word, candidate); });
    if (distance(word, *nearest) <= 2) return unknown + ", did you mean \"" + *nearest + "\"?";
    if (!is_option && known.size() > 1) {
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      return unknown + "; commands here: " + list;
    }
  }
  return "; see --help";
}

}  // namespace dialer::cli
