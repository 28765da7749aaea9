#pragma once
// The rules of the house that a compiler does not check. Each function returns one sentence per violation, with file,
// line and remedy; an empty list is a clean house.

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dialer::house {

/// Folder -> folders named in its library's DEPS.
using layers = std::map<std::string, std::set<std::string>>;

/// Reads layers.txt, which the build writes: one "folder: folder folder" per line. Throws when it can't be read.
layers read_layers(const std::filesystem::path& file);

/// Libraries that depend on each other in a circle.
std::vector<std::string> find_circles(const layers& rules);

/// `#include "folder/..."` of a folder that neither the including folder's DEPS nor theirs name. Headers of the own
/// folder are free; cli/, tests/ and bench/ wire and check everything and are not looked at.
std::vector<std::string> check_includes(const std::filesystem::path& root, const layers& rules);

/// Words that only the outer ring may use: clocks, sleeping, threads, sockets, Beast, libpq, foreign randomness.
std::vector<std::string> check_bans(const std::filesystem::path& root, const layers& rules);

/// The README's folder table against the top-level folders on disk, both ways.
std::vector<std::string> check_folder_table(const std::filesystem::path& root);

}  // namespace dialer::house
