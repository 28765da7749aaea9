#include "sql/server_binaries.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "sql/child_process.hpp"
#include "sql/cluster_error.hpp"
#include "sql/small_file.hpp"

namespace dialer::sql {
namespace fs = std::filesystem;
namespace {

constexpr int oldest_server = 15;

// 0 when the directory holds no server.
int server_version(const fs::path& directory) {
  std::error_code ignored;
  if (directory.empty() || !fs::exists(directory / "initdb", ignored)) return 0;
  try {
    const finished end = run({.argv = {(directory / "postgres").string(), "--version"}, .run_as = {}});
    const auto digit = end.output.find_first_of("0123456789");
    return end.ok && digit != std::string::npos ? leading_number(end.output.substr(digit)) : 0;
  } catch (const std::system_error&) {
    return 0;
  }
}

std::vector<fs::path> search_path() {
  std::vector<fs::path> directories;
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view one = rest.substr(0, colon);
    if (one.starts_with('/')) directories.emplace_back(one);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return directories;
}

std::vector<fs::path> candidate_directories() {
  std::vector<fs::path> found;
  const auto on_path = search_path();
  for (const fs::path& directory : on_path) {
    std::error_code ignored;
    if (!fs::exists(directory / "pg_config", ignored)) continue;
    const finished end = run({.argv = {(directory / "pg_config").string(), "--bindir"}, .run_as = {}});
    if (end.ok) found.emplace_back(end.output.substr(0, end.output.find('\n')));
    break;
  }
  std::error_code ignored;
  std::vector<int> versions;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    versions.push_back(leading_number(entry.path().filename().string()));
  }
  std::sort(versions.begin(), versions.end());
  for (const int version : versions) found.push_back(fs::path{"/usr/lib/postgresql"} / std::to_string(version) / "bin");
  found.insert(found.end(), on_path.begin(), on_path.end());
  return found;
}

}  // namespace

fs::path find_server_binaries(const fs::path& configured, int data_version) {
  const auto fits = [&](int version) { return data_version == 0 ? version >= oldest_server : version == data_version; };
  if (!configured.empty()) {
    const int version = server_version(configured);
    if (fits(version)) return configured;
    throw cluster_error(
        quoted(configured) +
        (version == 0 ? " holds no PostgreSQL server" : " holds PostgreSQL " + std::to_string(version)) +
        (data_version == 0 ? "" : ", the data needs version " + std::to_string(data_version)) + "; " + server_remedy);
  }
  for (const fs::path& directory : candidate_directories()) {
    if (fits(server_version(directory))) return directory;
  }
  if (data_version != 0) {
    throw cluster_error("the data was made by PostgreSQL " + std::to_string(data_version) +
                        ", whose server is not installed here; install it with\n    apt-get install -y postgresql-" +
                        std::to_string(data_version) + "\nor give a database with --database URL");
  }
  throw cluster_error(std::string{"no PostgreSQL server is installed; "} + server_remedy);
}

}  // namespace dialer::sql
