#pragma once

#include <unistd.h>

namespace dialer::cli {

/// An open file, closed at the end; negative: it could not be opened.
class descriptor {
 public:
  explicit descriptor(int value) : value_{value} {}
  ~descriptor() {
    if (value_ >= 0) close(value_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

}  // namespace dialer::cli
