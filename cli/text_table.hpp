#pragma once

#include <string>
#include <vector>

namespace dialer::cli {

/// Rows of text in aligned columns, for a person; counts are set to the right.
class text_table {
 public:
  /// Line ends and tabs within a cell become spaces.
  void row(std::vector<std::string> cells);
  /// "name    12\n…"; each line begins with `indent`.
  std::string text(const std::string& indent = "") const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Writes to standard output whole. Throws std::runtime_error when nobody takes it (a full disk, a closed pipe).
void print(const std::string& text);

}  // namespace dialer::cli
