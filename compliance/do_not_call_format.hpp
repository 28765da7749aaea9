#pragma once
// The mapped form of a do-not-call list, shared by its writer and its reader.
//
//   header (128 bytes) | directory: areas x 8 bytes | padding to 4096 | bitmaps: areas x bitmap_bytes
//
// Bitmap i belongs to directory entry i; bit n of it (word n / 64, bit n % 64) is subscriber number n. Integers are in
// the byte order of the machine: the magic number reads differently on the other kind.

#include <cstddef>
#include <cstdint>

namespace dialer::compliance::format {

inline constexpr std::uint64_t magic = 0x31304C434E445244;  // "DRDNCL01" in little-endian order
inline constexpr std::uint32_t subscribers = 10'000'000;    // per area code
inline constexpr std::size_t bitmap_words = (subscribers + 63) / 64;
inline constexpr std::size_t bitmap_bytes = bitmap_words * 8;  // 1.25 MB
inline constexpr std::size_t areas_max = 800;                  // 200..999
inline constexpr std::size_t version_size = 64;
inline constexpr std::size_t page = 4096;

struct header {
  std::uint64_t magic;
  std::uint64_t numbers;    ///< bits set in all bitmaps
  std::int64_t as_of_us;    ///< microseconds since 1970, UTC
  std::uint64_t file_size;  ///< of the whole file: a truncated copy is seen at once
  std::uint32_t areas;
  std::uint32_t reserved;      ///< 0
  char version[version_size];  ///< padded with zeros
  std::uint64_t padding[2];    ///< 0
  std::uint64_t checksum;      ///< of the header up to here and of the directory
};
static_assert(sizeof(header) == 128);

struct directory_entry {
  std::uint32_t npa;
  std::uint32_t numbers;  ///< bits set in its bitmap
};
static_assert(sizeof(directory_entry) == 8);

constexpr std::size_t bitmaps_offset(std::size_t areas) {
  return (sizeof(header) + areas * sizeof(directory_entry) + page - 1) / page * page;
}
constexpr std::size_t file_size(std::size_t areas) {
  return bitmaps_offset(areas) + areas * bitmap_bytes;
}

/// FNV-1a, 64 bits: finds damage, not malice.
inline std::uint64_t checksum(const void* data, std::size_t size, std::uint64_t seed = 0xCBF29CE484222325) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) seed = (seed ^ bytes[i]) * 0x100000001B3;
  return seed;
}
inline std::uint64_t checksum(const header& head, const directory_entry* directory) {
  return checksum(directory, head.areas * sizeof(directory_entry), checksum(&head, offsetof(header, checksum)));
}

}  // namespace dialer::compliance::format
