#pragma once
// A national list of numbers that must not be called.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "compliance/prefetch.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"

namespace dialer::compliance {

/// A national +1 list as one bit per subscriber number: 1.25 MB per area code that occurs, mapped from a file.
/// Immutable. contains() costs one dependent memory access; prefetch() starts it early for a batch. Thread-safe.
class do_not_call_list {
 public:
  /// Maps a file written by build_do_not_call_list and reads all of it, half a second for 250 million numbers in the
  /// page cache. Throws std::runtime_error naming file and remedy when it is damaged.
  static std::shared_ptr<const do_not_call_list> open(const std::filesystem::path& file);
  ~do_not_call_list();

  bool contains(e164 number) const noexcept {
    if (!number.is_nanp()) return false;
    const std::uint64_t* bits = area_[number.npa()];
    if (bits == nullptr) return false;
    const unsigned subscriber = number.subscriber();
    return (bits[subscriber >> 6] >> (subscriber & 63)) & 1;
  }
  void prefetch(e164 number) const noexcept {
    if (!number.is_nanp()) return;
    if (const std::uint64_t* bits = area_[number.npa()]) prefetch_line(bits + (number.subscriber() >> 6));
  }
  std::uint64_t size() const noexcept { return size_; }    ///< numbers on the list
  std::uint64_t bytes() const noexcept { return bytes_; }  ///< memory mapped
  utc_time as_of() const noexcept { return as_of_; }       ///< when the registry's file was fetched
  const std::string& version() const noexcept { return version_; }

 private:
  do_not_call_list() = default;
  const std::uint64_t* area_[1000]{};  ///< nullptr: no number of that area code is listed
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;
  utc_time as_of_{};
  std::string version_;
  void* mapping_ = nullptr;
};

struct list_build_result {
  std::uint64_t numbers = 0;
  std::uint64_t duplicates = 0;
};

/// Reads the registry's text (`NPA,7 digits`, one per line, LF or CRLF) and writes the mapped form beside the live one,
/// then renames it into place. Constant memory apart from the bitmap. Throws std::runtime_error naming file, line and
/// remedy at the first malformed line, or when the text holds no number; nothing is written then. version: 1..64
/// characters.
list_build_result build_do_not_call_list(const std::filesystem::path& registry_text,
                                         const std::filesystem::path& target, utc_time as_of,
                                         const std::string& version);

}  // namespace dialer::compliance
