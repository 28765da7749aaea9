#include "campaigns/importer.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "campaigns/contact_rows.hpp"
#include "campaigns/csv_reader.hpp"
#include "campaigns/import_batch.hpp"

namespace dialer::campaigns {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

/// Chunks of a file with their offset. The last chunk stays valid until the next read.
class chunked_file {
 public:
  explicit chunked_file(std::istream& file) : file_{file}, chunk_(chunk_bytes) {}

  std::string_view read() {
    file_.read(chunk_.data(), static_cast<std::streamsize>(chunk_.size()));
    const auto size = static_cast<std::size_t>(file_.gcount());
    if (file_.bad() || (size == 0 && !file_.eof())) {
      throw std::runtime_error("reading the list failed at byte " + std::to_string(offset_) +
                               "; start the import again to go on");
    }
    offset_ += size;
    return {chunk_.data(), size};
  }

  void seek(std::uint64_t offset) {
    file_.clear();
    file_.seekg(0, std::ios::end);
    const auto size = static_cast<std::streamoff>(file_.tellg());
    if (!file_ || size < 0) throw std::runtime_error("the list cannot be read from the middle; give it as a file");
    if (static_cast<std::uint64_t>(size) < offset) {
      throw std::runtime_error("the list has " + std::to_string(size) + " bytes, but the import stopped at byte " +
                               std::to_string(offset) + "; give the file that it began with");
    }
    file_.seekg(static_cast<std::streamoff>(offset));
    offset_ = offset;
  }

  std::uint64_t offset() const noexcept { return offset_; }

 private:
  std::istream& file_;
  std::vector<char> chunk_;
  std::uint64_t offset_ = 0;
};

/// A list whose beginning has been read: what its rows look like and where they start.
struct opened_list {
  std::string refused;
  std::unique_ptr<contact_rows> rows;
  std::uint64_t begin = 0;  ///< of the first row to read
};

struct list_start {
  text_encoding encoding;
  std::size_t mark_size;
};

list_format detect_format(std::string_view head, text_encoding encoding) noexcept {
  for (const char sign : head) {
    if (sign == '\0' && encoding != text_encoding::utf8) continue;
    if (sign == ' ' || sign == '\t' || sign == '\r' || sign == '\n') continue;
    return sign == '{' ? list_format::ndjson : list_format::csv;
  }
  return list_format::csv;
}

/// Rows from the first one, or from where the import stopped. The header has been read by a reader of its own: a row
/// start is all the state there is.
opened_list open_csv(chunked_file& file, std::string_view head, const list_start& start,
                     const std::string& phone_column, std::uint64_t resume_at) {
  opened_list list;
  csv_reader reader{start.encoding, std::nullopt, start.mark_size};
  csv_row header;
  reader.feed(head.substr(start.mark_size));
  bool ended = false;
  while (!reader.next(header)) {
    if (ended) {
      list.refused = "the file is empty; its first row must name the columns, for example phone_number,name";
      return list;
    }
    const std::string_view more = file.read();
    ended = more.empty();
    if (ended) {
      reader.finish();
    } else {
      reader.feed(more);
    }
  }
  if (!header.fault.reason.empty()) {
    list.refused = "the first row cannot be read: " + header.fault.reason + "; " + std::string{header.fault.remedy};
    return list;
  }
  header_result mapped = map_header(header.fields, phone_column);
  list.refused = std::move(mapped.refused);
  if (list.refused.empty()) {
    list.begin = std::max(header.end, resume_at);
    list.rows = csv_contact_rows(std::move(mapped.map), start.encoding, reader.separator().value_or(','), list.begin);
  }
  return list;
}

opened_list open_list(chunked_file& file, const import_options& options, std::uint64_t resume_at) {
  opened_list list;
  const std::string_view head = file.read();
  const auto guess = guess_encoding(head.substr(0, 4));
  if (!guess) {
    list.refused = "the file is UTF-32; save it as UTF-8";
    return list;
  }
  const list_start start{guess->encoding, guess->mark_size};
  const list_format format = options.format == list_format::detect
                                 ? detect_format(head.substr(start.mark_size), start.encoding)
                                 : options.format;
  if (format == list_format::csv) {
    return open_csv(file, head, start, options.phone_column, resume_at);
  }
  list.begin = std::max<std::uint64_t>(start.mark_size, resume_at);
  list.rows = ndjson_contact_rows(options.phone_column, start.encoding, list.begin);
  return list;
}

// However wide its rows are, a batch must fit into memory, and into the time that the database has for one statement.
constexpr std::uint64_t batch_bytes = 8 << 20;

class import_run {
 public:
  import_run(const import_options& options, const import_ports& ports, const import_progress& from)
      : options_{options},
        ports_{ports},
        normaliser_{options.default_country},
        batch_{normaliser_, ports.place, options.batch_rows},
        progress_{from} {}

  import_progress run(chunked_file& file, contact_rows& rows) {
    ports_.sink.for_each_number([this](e164 number) { filter_.add(number); });
    ports_.verdicts.cut(progress_.verdict_bytes);
    if (progress_.verdict_bytes == 0) verdicts_ = verdict_header;
    contact_row row;
    for (bool ended = false;;) {
      while (rows.next(row)) {
        batch_.add(row, progress_.rows + batch_.rows() + 1);
        if (batch_.rows() < options_.batch_rows && row.end - progress_.byte_offset < batch_bytes) continue;
        progress_.byte_offset = row.end;
        if (!commit()) return progress_;
      }
      if (ended) break;
      const std::string_view chunk = file.read();
      ended = chunk.empty();
      if (ended) {
        rows.finish();
      } else {
        rows.feed(chunk);
      }
    }
    progress_.byte_offset = file.offset();
    progress_.finished = true;
    commit();
    return progress_;
  }

 private:
  /// False when the import is to stop here.
  bool commit() {
    batch_.settle(ports_.sink, filter_, ports_.ids, ports_.time.now().utc, progress_, verdicts_);
    ports_.verdicts.append(verdicts_);
    progress_.verdict_bytes += verdicts_.size();
    verdicts_.clear();
    ports_.sink.commit(batch_.contacts(), progress_);
    batch_.clear();
    return !ports_.on_progress || ports_.on_progress(progress_);
  }

  const import_options& options_;
  const import_ports& ports_;
  phone_normaliser normaliser_;
  import_batch batch_;
  import_progress progress_;
  number_filter filter_;
  std::string verdicts_;
};

}  // namespace

import_result import_contacts(std::istream& file, const import_options& options, const import_ports& ports,
                              const import_progress& from) {
  if (from.finished) return {from, {}};
  if (options.batch_rows == 0) throw std::invalid_argument("batch_rows must be 1 or more");
  chunked_file chunks{file};
  opened_list list = open_list(chunks, options, from.byte_offset);
  if (!list.refused.empty()) return {from, std::move(list.refused)};
  chunks.seek(list.begin);
  import_run run{options, ports, from};
  return {run.run(chunks, *list.rows), {}};
}

}  // namespace dialer::campaigns
