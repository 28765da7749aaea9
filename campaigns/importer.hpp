#pragma once
// A list of contacts, of any size, at constant memory: bytes -> rows -> verdicts -> sink.
//
// Each row ends as exactly one of accepted, duplicate, rejected: rows == accepted + duplicate + rejected at every
// commit. Rows go in batches; a batch's verdicts are made durable, then its contacts and the progress are committed as
// one. An import that stopped anywhere goes on from the last commit and ends as if it had never stopped.

#include <cstdint>
#include <functional>
#include <istream>
#include <string>

#include "campaigns/contact_sink.hpp"
#include "campaigns/place_finder.hpp"
#include "campaigns/verdicts.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::campaigns {

enum class list_format : std::uint8_t { detect, csv, ndjson };

struct import_options {
  list_format format = list_format::detect;  ///< detect: a list that begins with "{" is NDJSON
  std::string default_country = "US";        ///< for numbers written nationally
  std::string phone_column;                  ///< which column to call, for lists with several; empty: recognised
  std::uint32_t batch_rows = 10'000;         ///< rows a commit, 1 or more
};

/// What the importer works with; all must outlive the call.
struct import_ports {
  place_finder place;
  contact_sink& sink;
  verdict_store& verdicts;
  id_sequence& ids;
  const clock& time;
  /// After each commit; false stops the import there, to be resumed. May be empty.
  std::function<bool(const import_progress&)> on_progress;
};

struct import_result {
  import_progress progress;
  std::string refused;  ///< why the file as a whole is no list, and the remedy; empty when its rows were read
};

/// Imports `file` into the sink's campaign. Blocks; one thread. `from` is the default for a new import or the progress
/// last committed for the same file, options and verdict store; resuming seeks in the file. Nothing is written for a
/// refused file.
///
/// A number that occurs again in the file, or that the campaign holds, is a duplicate of its first row. Memory: 16 MiB
/// of filter and one batch. Throws std::runtime_error when the file, the sink or the verdict store fails,
/// std::invalid_argument for options that make no sense.
import_result import_contacts(std::istream& file, const import_options& options, const import_ports& ports,
                              const import_progress& from = {});

}  // namespace dialer::campaigns
