#include "tests/house/house_rules.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace dialer::house {
namespace {

namespace fs = std::filesystem;

/// A word and where it may stand: a folder ("sql/") or the beginning of a file's path ("engine/shard").
struct ban {
  const char* pattern;
  std::vector<std::string> allowed_in;
  const char* remedy;
};

const std::vector<ban>& bans() {
  static const std::vector<ban> list{
      {R"(\b(system_clock|steady_clock|high_resolution_clock)::now\b)",
       {"sql/", "cli/", "engine/shard", "carriers/simulator/", "api/"},
       "decisions are given `now`; the outer ring reads model/clock.hpp"},
      {R"(\b(clock_gettime|gettimeofday)\s*\()", {"cli/", "carriers/simulator/"}, "read dialer::clock instead"},
      {R"(\bs?rand\s*\(|\brandom_device\b)",
       {"cli/", "sql/", "carriers/http/", "carriers/simulator/", "engine/shard"},
       "take a dialer::random_source, so that a run can be repeated"},
      {R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)",
       {"sql/", "cli/", "carriers/simulator/"},
       "wait on a timer of the io_context; tests step a virtual clock"},
      {R"(\bstd::(jthread|thread|async)\b(?!::hardware_concurrency))",
       {"sql/", "cli/", "engine/shard", "carriers/simulator/", "api/"},
       "work runs on its organisation's shard"},
      {R"(#include <boost/asio)",
       {"sql/", "cli/", "engine/", "carriers/http/", "carriers/simulator/", "api/"},
       "the inner ring has no sockets; declare a port"},
      {R"(#include <boost/beast)",
       {"api/http_session.cpp", "carriers/simulator/http_wire.cpp"},
       "Beast stays behind the ports: each source that includes it costs half a minute to compile"},
      {R"(#include <(libpq|postgresql/libpq)[-/])", {"sql/"}, "SQL is spoken in sql/ only; declare a port"},
  };
  return list;
}

bool is_source(const fs::path& file) {
  return file.extension() == ".hpp" || file.extension() == ".cpp";
}

/// Calls visit(path from root, line number, text) for each line of each source below root/folder.
using line_visitor = std::function<void(const std::string& file, int number, const std::string& text)>;
void for_each_line(const fs::path& root, const std::string& folder, const line_visitor& visit) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
    if (entry.is_regular_file() && is_source(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& path : files) {
    std::ifstream in{path};
    const std::string name = path.lexically_relative(root).generic_string();
    int number = 0;
    for (std::string text; std::getline(in, text);) visit(name, ++number, text);
  }
}

std::string at(const std::string& file, int number) {
  return file + ":" + std::to_string(number) + ": ";
}

std::set<std::string> top_folders(const layers& rules) {
  std::set<std::string> folders;
  for (const auto& [folder, deps] : rules) folders.insert(folder.substr(0, folder.find('/')));
  return folders;
}

/// The library a path belongs to: the longest folder of `rules` that it lies in.
std::optional<std::string> owner(const layers& rules, const std::string& file) {
  for (std::string folder = file.substr(0, file.rfind('/'));; folder.resize(folder.rfind('/'))) {
    if (rules.contains(folder)) return folder;
    if (folder.find('/') == std::string::npos) return std::nullopt;
  }
}

void collect(const layers& rules, const std::string& folder, std::set<std::string>& reached) {
  const auto found = rules.find(folder);
  if (found == rules.end()) return;
  for (const auto& dep : found->second) {
    if (reached.insert(dep).second) collect(rules, dep, reached);
  }
}

std::string join(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

layers read_layers(const fs::path& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{"can't read " + file.string()};
  layers rules;
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    std::istringstream words{line.substr(colon + 1)};
    auto& deps = rules[line.substr(0, colon)];
    for (std::string word; words >> word;) deps.insert(word);
  }
  return rules;
}

std::vector<std::string> find_circles(const layers& rules) {
  std::vector<std::string> found;
  for (const auto& [folder, deps] : rules) {
    std::set<std::string> reached;
    collect(rules, folder, reached);
    if (reached.contains(folder)) {
      found.push_back(folder + "/CMakeLists.txt: its DEPS lead back to " + folder +
                      "; declare a port in the lower of the two folders");
    }
  }
  return found;
}

std::vector<std::string> check_includes(const fs::path& root, const layers& rules) {
  static const std::regex include{R"(^\s*#\s*include\s+\"([^\"]+)\")"};
  std::vector<std::string> found;
  for (const auto& top : top_folders(rules)) {
    for_each_line(root, top, [&](const std::string& file, int number, const std::string& text) {
      std::smatch match;
      if (!std::regex_search(text, match, include)) return;
      const auto from = owner(rules, file);
      const auto to = owner(rules, match[1]);
      if (!from) {
        found.push_back(at(file, number) + "its folder has no dialer_library");
      } else if (!to) {
        found.push_back(at(file, number) + "\"" + match[1].str() + "\" is in no library; write the path from the root");
      } else if (*from != *to) {
        std::set<std::string> allowed;
        collect(rules, *from, allowed);
        if (!allowed.contains(*to)) {
          found.push_back(at(file, number) + *from + " may include " + join(allowed) + ", not " + *to +
                          "; declare a port, or name it in DEPS if that ring may know it");
        }
      }
    });
  }
  return found;
}

std::vector<std::string> check_bans(const fs::path& root, const layers& rules) {
  std::vector<std::pair<std::regex, const ban*>> compiled;
  for (const auto& rule : bans()) compiled.emplace_back(std::regex{rule.pattern}, &rule);
  std::vector<std::string> found;
  for (const auto& top : top_folders(rules)) {
    for_each_line(root, top, [&](const std::string& file, int number, const std::string& text) {
      const std::string code = text.substr(0, text.find("//"));
      for (const auto& [pattern, rule] : compiled) {
        std::smatch match;
        if (!std::regex_search(code, match, pattern)) continue;
        const bool allowed = std::ranges::any_of(
            rule->allowed_in, [&file = file](const std::string& prefix) { return file.starts_with(prefix); });
        if (!allowed) found.push_back(at(file, number) + match.str() + " is not for this folder: " + rule->remedy);
      }
    });
  }
  return found;
}

std::vector<std::string> check_folder_table(const fs::path& root) {
  static constexpr std::array<std::string_view, 4> not_ours{"build", "state", "node_modules", "Testing"};
  static const std::regex folder{R"(`([a-z_]+)/`)"};
  std::set<std::string> listed;
  std::ifstream readme{root / "README.md"};
  for (std::string line; std::getline(readme, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string first_cell = line.substr(0, line.find('|', 1));
    for (std::sregex_iterator it{first_cell.begin(), first_cell.end(), folder}, end; it != end; ++it) {
      listed.insert((*it)[1]);
    }
  }
  std::set<std::string> on_disk;
  for (const auto& entry : fs::directory_iterator{root}) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with('.') && std::ranges::find(not_ours, name) == not_ours.end()) {
      on_disk.insert(name);
    }
  }
  std::vector<std::string> found;
  for (const auto& name : listed) {
    if (!on_disk.contains(name)) found.push_back("README.md lists " + name + "/, which does not exist");
  }
  for (const auto& name : on_disk) {
    if (!listed.contains(name)) found.push_back(name + "/ is missing in README.md's folder table");
  }
  return found;
}

}  // namespace dialer::house
