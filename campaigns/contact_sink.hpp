#pragma once
// Port of the importer: where accepted contacts go. Implemented over PostgreSQL in sql/, in memory by tests.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer::campaigns {

/// One accepted row.
struct imported_contact {
  contact_id id;  ///< increasing in file order
  e164 number;
  std::string place;      ///< lane of the contact: text form of compliance::place
  std::uint64_t row = 0;  ///< 1-based row of the file, the header not counted
  std::string name;
  std::string external_id;
  std::string time_zone;    ///< as given, or empty
  std::string state;        ///< as given, or empty
  std::string postal_code;  ///< as given, or empty
  std::string variables;    ///< JSON object of every other column, "{}" when there is none
};

/// Where an import stands. Everything needed to go on at the exact row after a crash.
struct import_progress {
  std::uint64_t byte_offset = 0;  ///< first byte of the source file that is not yet accounted for
  std::uint64_t rows = 0;         ///< data rows accounted for
  std::uint64_t accepted = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t rejected = 0;
  std::uint64_t verdict_bytes = 0;  ///< length of the verdict file that belongs to this progress; the rest is cut off
  bool finished = false;
};

/// A number that the campaign already holds.
struct known_number {
  e164 number;
  std::uint64_t row = 0;  ///< of the list it came in; 0: in none
};

/// Calls block; one thread. Throws std::runtime_error (with the database's words) when the store fails: the import
/// stops and can be resumed.
class contact_sink {
 public:
  virtual ~contact_sink() = default;
  /// Those of `numbers` that the campaign already holds, in any order. Exact.
  virtual std::vector<known_number> find(const std::vector<e164>& numbers) = 0;
  /// Calls `visit` for every number of the campaign (to rebuild the importer's filter on resume).
  virtual void for_each_number(const std::function<void(e164)>& visit) = 0;
  /// Stores contacts and progress in one transaction: both or neither.
  virtual void commit(const std::vector<imported_contact>& contacts, const import_progress& progress) = 0;
};

}  // namespace dialer::campaigns
