#pragma once
// What must hold for any bytes given as a list: counts add up, and an import stopped after any batch ends like one that
// was not.

#include <cstdint>
#include <string>

#include "tests/campaigns/memory_import.hpp"

namespace dialer::campaigns {

inline void expect(bool holds) {
  if (!holds) __builtin_trap();
}

/// The first two bytes choose the batch size and where to stop; the rest is the file.
inline void fuzz_import(const std::uint8_t* data, std::size_t size, list_format format) {
  if (size < 2) return;
  const std::string file(reinterpret_cast<const char*>(data) + 2, size - 2);
  import_options options;
  options.format = format;
  options.batch_rows = 1U + data[0] % 16U;

  memory_import whole;
  const import_result result = whole.run(file, options);
  if (!result.refused.empty()) return;
  const import_progress& at = result.progress;
  expect(at.finished && at.byte_offset == file.size());
  expect(at.rows == at.accepted + at.duplicate + at.rejected && at.accepted == whole.sink.contacts.size());
  expect(at.verdict_bytes == whole.verdicts.text.size());

  memory_import stopped;
  const std::uint64_t stop_every = 1U + data[1] % 8U;
  stopped.on_progress = [stop_every, batches = std::uint64_t{0}](const import_progress&) mutable {
    return ++batches % stop_every != 0;
  };
  while (!stopped.run(file, options).progress.finished) continue;
  expect(stopped.outcome() == whole.outcome());
}

}  // namespace dialer::campaigns
