#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "compliance/do_not_call_format.hpp"
#include "compliance/do_not_call_list.hpp"
#include "compliance/registry_text.hpp"

namespace dialer::compliance {
namespace {

using std::filesystem::path;

[[noreturn]] void fail(const path& file, std::string_view doing) {
  throw std::runtime_error(file.string() + ": cannot be " + std::string{doing} + ": " + std::strerror(errno));
}

/// One bit per subscriber of the area codes seen so far.
class bitmaps {
 public:
  /// False when it was there already.
  bool insert(registry_entry entry) {
    auto& words = areas_[entry.npa];
    if (words.empty()) words.resize(format::bitmap_words);
    auto& word = words[entry.subscriber / 64];
    const auto bit = std::uint64_t{1} << (entry.subscriber % 64);
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }

  std::vector<format::directory_entry> directory() const {
    std::vector<format::directory_entry> entries;
    for (std::uint32_t npa = 0; npa < areas_.size(); ++npa) {
      std::uint32_t numbers = 0;
      for (const auto word : areas_[npa]) numbers += static_cast<std::uint32_t>(std::popcount(word));
      if (numbers != 0) entries.push_back({npa, numbers});
    }
    return entries;
  }
  const std::vector<std::uint64_t>& of(std::uint32_t npa) const { return areas_[npa]; }

 private:
  std::array<std::vector<std::uint64_t>, 1000> areas_;
};

/// Cuts a file into lines in constant memory.
class line_reader {
 public:
  explicit line_reader(const path& file) : file_{file}, stream_{std::fopen(file.c_str(), "rbe")} {
    if (stream_ == nullptr) fail(file, "opened");
  }
  ~line_reader() { std::fclose(stream_); }
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;

  /// The next line without LF, valid until the next call; false at the end of the file. A line longer than the buffer
  /// comes out in pieces, each of them malformed.
  bool next(std::string_view& line) {
    for (;;) {
      const auto* start = buffer_.data() + begin_;
      if (const auto* end = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_))) {
        line = {start, static_cast<std::size_t>(end - start)};
        begin_ += line.size() + 1;
        return true;
      }
      const bool full = begin_ == 0 && end_ == buffer_.size();
      if (full || at_end_) {
        line = {start, end_ - begin_};
        begin_ = end_;
        return !line.empty();
      }
      refill();
    }
  }

 private:
  void refill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const auto got = std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, stream_);
    if (got == 0 && std::ferror(stream_) != 0) fail(file_, "read");
    at_end_ = got == 0;
    end_ += got;
  }

  const path& file_;
  std::FILE* stream_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 20);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

/// A file that appears under its name complete and on disk, or not at all.
class atomic_file {
 public:
  explicit atomic_file(const path& target) : target_{target}, name_{target.string() + ".XXXXXX"} {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail(name_, "created");
  }
  ~atomic_file() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(name_.c_str());
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;

  void write(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0) {
      const auto written = ::write(descriptor_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(name_, "written");
      bytes += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  void commit() {
    constexpr mode_t readable_by_all = 0644;  // mkostemp makes it private; the engine may run as another user
    if (::fchmod(descriptor_, readable_by_all) != 0 || ::fsync(descriptor_) != 0) fail(name_, "written to disk");
    // What was written lies in the page cache in small pages; read anew by its readers, it comes in huge ones.
    ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail(target_, "replaced");
    ::close(descriptor_);
    descriptor_ = -1;
    sync_directory();
  }

 private:
  /// Without this the rename itself may be lost with the power.
  void sync_directory() const {
    const path folder = target_.has_parent_path() ? target_.parent_path() : path{"."};
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail(folder, "opened");
    const bool synced = ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!synced) fail(folder, "written to disk");
  }

  const path& target_;
  std::string name_;
  int descriptor_ = -1;
};

list_build_result read_registry(const path& file, bitmaps& numbers) {
  list_build_result result;
  line_reader reader{file};
  std::string_view line;
  for (std::uint64_t number = 1; reader.next(line); ++number) {
    const auto entry = parse_registry_line(line);
    if (!entry) {
      // The line is not shown: it may hold a person's number.
      throw std::runtime_error(
          file.string() + " line " + std::to_string(number) + ": expected " + std::string{registry_line_form} +
          ", found " + std::to_string(line.size()) +
          " other characters; fetch the flat text file of the registry again (not XML, not a change "
          "list)");
    }
    ++(numbers.insert(*entry) ? result.numbers : result.duplicates);
  }
  // A failed download would otherwise clear everybody.
  if (result.numbers == 0) {
    throw std::runtime_error(file.string() +
                             ": holds no numbers; expected one per line: " + std::string{registry_line_form});
  }
  return result;
}

void write_list(const path& target, const bitmaps& numbers, format::header head) {
  const auto directory = numbers.directory();
  head.magic = format::magic;
  head.areas = static_cast<std::uint32_t>(directory.size());
  head.file_size = format::file_size(directory.size());
  head.checksum = format::checksum(head, directory.data());
  atomic_file file{target};
  file.write(&head, sizeof head);
  const auto directory_bytes = directory.size() * sizeof(format::directory_entry);
  file.write(directory.data(), directory_bytes);
  const std::vector<char> padding(format::bitmaps_offset(directory.size()) - sizeof head - directory_bytes);
  file.write(padding.data(), padding.size());
  for (const auto& entry : directory) file.write(numbers.of(entry.npa).data(), format::bitmap_bytes);
  file.commit();
}

}  // namespace

list_build_result build_do_not_call_list(const path& registry_text, const path& target, utc_time as_of,
                                         const std::string& version) {
  if (version.empty() || version.size() > format::version_size) {
    throw std::runtime_error("do-not-call list version \"" + version + "\": give it 1 to " +
                             std::to_string(format::version_size) + " characters, such as 2026-11-15");
  }
  bitmaps numbers;
  const auto result = read_registry(registry_text, numbers);
  format::header head{};
  head.numbers = result.numbers;
  head.as_of_us = as_of.time_since_epoch().count();
  version.copy(head.version, format::version_size);
  write_list(target, numbers, head);
  return result;
}

}  // namespace dialer::compliance
