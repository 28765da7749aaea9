#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <span>
#include <stdexcept>
#include <system_error>

#include "compliance/do_not_call_format.hpp"
#include "compliance/do_not_call_list.hpp"

namespace dialer::compliance {
namespace {

[[noreturn]] void damaged(const std::filesystem::path& file, const std::string& what) {
  throw std::runtime_error(file.string() + ": " + what +
                           "; build the list again from the registry's text and put it in place of this file");
}

/// What a valid file's header and directory must agree on before a single bit is trusted.
void check(const std::filesystem::path& file, const format::header& head, std::size_t size) {
  if (head.magic != format::magic) damaged(file, "not a do-not-call list of this version");
  if (head.areas > format::areas_max) damaged(file, "the header is damaged (too many area codes)");
  if (size < format::bitmaps_offset(head.areas)) damaged(file, "the file is cut off within its directory");
  // The directory follows the header in the mapping.
  const auto* directory = reinterpret_cast<const format::directory_entry*>(&head + 1);
  if (head.checksum != format::checksum(head, directory)) damaged(file, "the checksum of the header does not match");
  if (head.file_size != size || size != format::file_size(head.areas)) {
    damaged(file, "the file has " + std::to_string(size) + " bytes where " + std::to_string(head.file_size) +
                      " were written");
  }
  for (std::uint32_t i = 0; i < head.areas; ++i) {
    if (directory[i].npa < 200 || directory[i].npa > 999) damaged(file, "the directory names an impossible area code");
  }
}

/// A block of the file that was lost would call people who are listed: every bit is counted. That also brings the file
/// from the disk into memory and into this process's page tables, before the first call has to wait for either.
void check_bits(const std::filesystem::path& file, std::span<const std::uint64_t> bitmap,
                const format::directory_entry& entry) {
  const auto listed = std::accumulate(bitmap.begin(), bitmap.end(), std::uint32_t{0}, [](auto sum, auto word) {
    return sum + static_cast<std::uint32_t>(std::popcount(word));
  });
  if (listed == entry.numbers) return;
  damaged(file, "area code " + std::to_string(entry.npa) + " has " + std::to_string(listed) + " numbers where " +
                    std::to_string(entry.numbers) + " were written");
}

}  // namespace

std::shared_ptr<const do_not_call_list> do_not_call_list::open(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error(file.string() + ": cannot be opened: " + std::strerror(errno));
  struct stat status {};
  const bool known_size = ::fstat(descriptor, &status) == 0;
  const auto size = known_size ? static_cast<std::size_t>(status.st_size) : 0;
  void* mapping = MAP_FAILED;
  if (size >= sizeof(format::header)) mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  const int map_error = errno;
  ::close(descriptor);
  if (size < sizeof(format::header)) damaged(file, "too short to be a do-not-call list");
  if (mapping == MAP_FAILED)
    throw std::runtime_error(file.string() + ": cannot be mapped: " + std::strerror(map_error));

  // Owns the mapping from here on: a failed check unmaps it.
  const std::shared_ptr<do_not_call_list> list{new do_not_call_list};
  list->mapping_ = mapping;
  list->bytes_ = size;
  const auto& head = *static_cast<const format::header*>(mapping);
  check(file, head, size);
  const auto* directory = reinterpret_cast<const format::directory_entry*>(&head + 1);
  const auto* bitmap =
      reinterpret_cast<const std::uint64_t*>(static_cast<const char*>(mapping) + format::bitmaps_offset(head.areas));
  // In huge pages where the file system has them: look-ups fall all over half a gigabyte, and small pages cost each of
  // them a walk through the page tables.
  ::madvise(mapping, size, MADV_HUGEPAGE);
  ::madvise(mapping, size, MADV_WILLNEED);
  for (std::uint32_t i = 0; i < head.areas; ++i, bitmap += format::bitmap_words) {
    check_bits(file, {bitmap, format::bitmap_words}, directory[i]);
    list->area_[directory[i].npa] = bitmap;
  }
  list->size_ = head.numbers;
  list->as_of_ = utc_time{std::chrono::microseconds{head.as_of_us}};
  list->version_.assign(head.version, ::strnlen(head.version, format::version_size));
  return list;
}

do_not_call_list::~do_not_call_list() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_);
}

}  // namespace dialer::compliance
