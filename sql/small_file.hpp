#pragma once
// The files of a line or two in which PostgreSQL and the kernel say something.

#include <filesystem>
#include <string>

namespace dialer::sql {

/// Empty when it can't be read.
std::string first_line(const std::filesystem::path& file);

/// 0 when it begins with none.
int leading_number(const std::string& text);

}  // namespace dialer::sql
