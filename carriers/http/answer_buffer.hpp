#pragma once
// The memory an answer is read into. A connection holds one only while an answer is partly there; between answers the
// buffers lie on a stack, so that the next answer lands in memory that is still in the cache, and a thousand waiting
// connections cost nothing.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace dialer::carriers::http {

class answer_buffer {
 public:
  static constexpr std::size_t padding = 64;            ///< readable bytes behind every body (simdjson)
  static constexpr std::size_t first_size = 16 * 1024;  ///< one TLS record

  explicit operator bool() const { return bytes_ != nullptr; }
  char* data() const { return bytes_.get(); }
  /// Usable bytes, without the padding.
  std::size_t size() const { return size_; }

  /// Doubles the size; the first `kept` bytes stay.
  void grow(std::size_t kept) {
    const std::size_t size = std::max(first_size, size_ * 2);
    auto bytes = std::make_unique<char[]>(size + padding);
    if (kept != 0) std::memcpy(bytes.get(), bytes_.get(), kept);
    bytes_ = std::move(bytes);
    size_ = size;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

/// Spare buffers of one pool, last in first out.
class answer_buffer_stack {
 public:
  answer_buffer take() {
    answer_buffer buffer;
    if (spare_.empty()) {
      buffer.grow(0);
    } else {
      buffer = std::move(spare_.back());
      spare_.pop_back();
    }
    return buffer;
  }

  /// Large ones are not kept: they were an exception.
  void give_back(answer_buffer buffer) {
    if (buffer && buffer.size() == answer_buffer::first_size) spare_.push_back(std::move(buffer));
  }

 private:
  std::vector<answer_buffer> spare_;
};

}  // namespace dialer::carriers::http
