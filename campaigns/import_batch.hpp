#pragma once
// Rows -> verdicts, one batch at a time.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "campaigns/contact_rows.hpp"
#include "campaigns/contact_sink.hpp"
#include "campaigns/number_filter.hpp"
#include "campaigns/phone_normaliser.hpp"
#include "campaigns/place_finder.hpp"
#include "model/ids.hpp"

namespace dialer::campaigns {

/// Remembers the answers of a place finder per area code and whereabouts; bounded. References: valid until the next
/// call.
class remembered_places {
 public:
  explicit remembered_places(const place_finder& finder) : finder_{finder} {}
  const place_answer& find(const place_question& question);

 private:
  const place_finder& finder_;
  boost::unordered_flat_map<std::string, place_answer> answers_;
  std::string key_;
  place_answer unremembered_;
};

/// Judges rows, then settles what only the sink knows. Buffers are reused: a batch of plain rows does not allocate.
class import_batch {
 public:
  import_batch(const phone_normaliser& normaliser, const place_finder& finder, std::size_t rows_max);

  /// Takes the row with this number (1-based, of the whole file).
  void add(const contact_row& row, std::uint64_t number);
  std::size_t rows() const noexcept { return outcomes_.size(); }

  /// Asks the sink for the numbers that the filter has seen, gives ids to the accepted contacts, adds the batch's
  /// counts to progress and its verdicts to `verdicts`. Afterwards contacts() are those to commit.
  void settle(contact_sink& sink, number_filter& filter, id_sequence& ids, utc_time now, import_progress& progress,
              std::string& verdicts);
  const std::vector<imported_contact>& contacts() const noexcept { return contacts_; }
  void clear();

 private:
  enum class verdict : std::uint8_t { accepted, duplicate, rejected };
  struct outcome {
    std::uint64_t row = 0;
    e164 number;
    verdict what = verdict::rejected;
    std::uint32_t contact = 0;  // accepted: index in contacts_
    std::uint32_t first = 0;    // duplicate within the batch: index of the first outcome
    bool within_batch = false;
    std::uint64_t duplicate_row = 0;  // duplicate of an earlier batch's row
    std::uint32_t text = 0;           // rejected: offset in texts_ of the number as given, then of the detail
    std::uint32_t detail = 0;
    std::uint32_t text_end = 0;
  };

  void reject(outcome& result, std::string_view given, std::string_view column, std::string_view what,
              std::string_view remedy);
  void accept(outcome& result, const contact_row& row, const phone_result& phone, const place_answer& place);
  void mark_known(contact_sink& sink, const number_filter& filter);
  void write(const outcome& each, import_progress& progress, std::string& verdicts) const;

  const phone_normaliser& normaliser_;
  remembered_places places_;
  std::vector<outcome> outcomes_;
  std::vector<imported_contact> contacts_;  // the first contacts_used_ belong to this batch
  std::size_t contacts_used_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> firsts_;  // number -> outcome
  std::string texts_;
};

}  // namespace dialer::campaigns
