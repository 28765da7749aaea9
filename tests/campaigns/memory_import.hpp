#pragma once
// An import with everything in memory: sink, verdicts, clock, places. A planned failure strikes at the n-th call that
// could fail in production; what a real store would have kept is kept.

#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/importer.hpp"

namespace dialer::campaigns {

struct fixed_clock final : clock {
  instant now() const override { return {{}, utc_time{std::chrono::seconds{1'795'000'000}}}; }
};

/// Strikes once, at the given call; never when it is 0.
struct planned_failure {
  int at_call = 0;
  int calls = 0;
  bool strikes() { return ++calls == at_call; }
};

struct memory_sink final : contact_sink {
  explicit memory_sink(planned_failure& plan) : failure{plan} {}

  std::vector<known_number> find(const std::vector<e164>& numbers) override {
    if (failure.strikes()) throw std::runtime_error("find");
    std::vector<known_number> known;
    for (const e164 number : numbers) {
      if (const auto found = rows.find(number); found != rows.end()) known.push_back({number, found->second});
    }
    return known;
  }
  void for_each_number(const std::function<void(e164)>& visit) override {
    for (const auto& [number, row] : rows) visit(number);
  }
  void commit(const std::vector<imported_contact>& batch, const import_progress& at) override {
    if (failure.strikes()) throw std::runtime_error("commit not done");
    for (const imported_contact& each : batch) {
      if (!rows.emplace(each.number, each.row).second) throw std::logic_error("a number was accepted twice");
      contacts.push_back(each);
    }
    progress = at;
    if (failure.strikes()) throw std::runtime_error("commit done, its answer lost");
  }

  planned_failure& failure;
  std::map<e164, std::uint64_t> rows;
  std::vector<imported_contact> contacts;
  import_progress progress;
};

struct memory_verdicts final : verdict_store {
  explicit memory_verdicts(planned_failure& plan) : failure{plan} {}

  void cut(std::uint64_t bytes) override {
    if (bytes > text.size()) throw std::runtime_error("the verdicts are shorter than the progress says");
    text.resize(bytes);
  }
  void append(std::string_view more) override {
    text += more.substr(0, more.size() / 2);
    if (failure.strikes()) throw std::runtime_error("half of the verdicts written");
    text += more.substr(more.size() / 2);
  }

  planned_failure& failure;
  std::string text;
};

/// A place for everyone; "Nowhere/Land" is no zone.
inline place_answer any_place(const place_question& question) {
  if (question.time_zone == "Nowhere/Land") return {{}, "time_zone", "no such time zone; write America/New_York"};
  if (!question.time_zone.empty()) return {"zone " + std::string{question.time_zone}, {}, {}};
  return {question.number.is_nanp() ? "npa " + std::to_string(question.number.npa()) : "abroad", {}, {}};
}

/// Imports, and after each failure imports again from the last committed progress, as a restarted process would.
struct memory_import {
  import_result run(const std::string& file, const import_options& options = {}) {
    for (;;) {
      std::istringstream stream{file};
      id_sequence ids{1, sink.contacts.empty() ? 0 : sink.contacts.back().id.value};
      const fixed_clock time;
      try {
        const import_ports ports{any_place, sink, verdicts, ids, time, on_progress};
        return import_contacts(stream, options, ports, sink.progress);
      } catch (const std::runtime_error&) {
        if (failure.calls < failure.at_call || failure.at_call == 0 || restarts > 0) throw;
        ++restarts;
      }
    }
  }

  /// Everything that must not depend on where an import was interrupted: all but the ids.
  std::string outcome() const {
    std::ostringstream text;
    text << sink.progress.rows << ' ' << sink.progress.accepted << ' ' << sink.progress.duplicate << ' '
         << sink.progress.rejected << ' ' << sink.progress.byte_offset << ' ' << sink.progress.verdict_bytes << ' '
         << sink.progress.finished << '\n'
         << verdicts.text;
    for (const imported_contact& each : sink.contacts) {
      text << each.number.text() << '|' << each.place << '|' << each.row << '|' << each.name << '|' << each.external_id
           << '|' << each.time_zone << '|' << each.state << '|' << each.postal_code << '|' << each.variables << '\n';
    }
    return text.str();
  }

  planned_failure failure{};
  memory_sink sink{failure};
  memory_verdicts verdicts{failure};
  std::function<bool(const import_progress&)> on_progress;
  int restarts = 0;
};

}  // namespace dialer::campaigns
