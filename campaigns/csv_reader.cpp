#include "campaigns/csv_reader.hpp"

#include <csv.h>

#include <array>
#include <deque>
#include <new>

namespace dialer::campaigns {
namespace {

struct held_line {
  std::string text;
  std::uint64_t end;
  bool too_long;
};

char find_separator(std::string_view line) noexcept {
  constexpr std::array candidates{',', ';', '\t'};
  std::array<std::size_t, candidates.size()> counts{};
  bool quoted = false;
  for (const char sign : line) {
    if (sign == '"') quoted = !quoted;
    for (std::size_t i = 0; i < candidates.size() && !quoted; ++i) counts[i] += sign == candidates[i] ? 1U : 0U;
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    if (counts[i] > counts[best]) best = i;
  }
  return candidates[best];
}

}  // namespace

struct csv_reader::state {
  line_reader lines;
  std::optional<char> separator;
  csv_parser parser{};
  std::string text;               // the fields of the row, one after another
  std::vector<std::size_t> ends;  // of the fields, in text
  bool row_complete = false;
  bool suspicious = false;            // a line of the row is not clean UTF-8
  std::size_t first_line_fields = 0;  // fields that the first line of a row of several lines completed
  std::deque<held_line> held;         // lines of a row that is not complete, and those to be read again after a fault
  std::size_t replayed = 0;           // how many of them the row has taken
  std::size_t held_bytes = 0;         // of those it has taken
  bool finished = false;

  state(text_encoding encoding, std::optional<char> given, std::uint64_t offset)
      : lines{encoding, offset}, separator{given} {
    start_parser();
  }
  ~state() { csv_free(&parser); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  void start_parser() {
    if (csv_init(&parser, CSV_STRICT) != 0) throw std::bad_alloc{};
    if (separator) csv_set_delim(&parser, static_cast<unsigned char>(*separator));
  }

  static void on_field(void* bytes, std::size_t size, void* self) {
    auto& here = *static_cast<state*>(self);
    here.text.append(static_cast<const char*>(bytes), size);
    here.ends.push_back(here.text.size());
  }
  static void on_row(int, void* self) { static_cast<state*>(self)->row_complete = true; }

  void start_row() {
    text.clear();
    ends.clear();
    row_complete = suspicious = false;
    held_bytes = 0;
  }

  void drop_taken() {
    held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(replayed));
    replayed = 0;
  }

  bool next_line(text_line& line) {
    if (replayed == held.size()) {
      if (!lines.next(line)) return false;
      if (held.empty()) return true;
      held.push_back({std::string{line.text}, line.end, line.too_long});
    }
    const held_line& taken = held[replayed++];
    line = {taken.text, taken.end, taken.too_long};
    return true;
  }

  void fill(csv_row& row, std::uint64_t end) {
    row.end = end;
    row.fault = {};
    row.fields.clear();
    std::size_t begin = 0;
    for (const std::size_t field_end : ends) {
      row.fields.push_back(std::string_view{text}.substr(begin, field_end - begin));
      begin = field_end;
    }
  }

  /// Gives the row up, keeps the lines after its first one for reading again.
  bool fail(csv_row& row, std::uint64_t end, std::string_view reason, std::string_view remedy) {
    const bool several_lines = replayed > 1;
    const std::size_t column = several_lines ? first_line_fields : ends.size();
    fill(row, held.empty() ? end : held.front().end);
    row.fault = {std::string{reason}, remedy, column};
    replayed = held.empty() ? 0 : 1;
    drop_taken();
    csv_free(&parser);
    start_parser();
    return true;
  }

  bool fail_unclosed(csv_row& row, std::uint64_t end) {
    return fail(row, end, "a quote is opened here and not closed properly",
                "close the quote, and double every quote inside a quoted field");
  }

  bool succeed(csv_row& row, std::uint64_t end) {
    fill(row, end);
    if (suspicious) {
      for (std::size_t column = 0; column < row.fields.size(); ++column) {
        if (const auto at = find_bad_byte(row.fields[column])) {
          row.fault = {describe_bad_byte(row.fields[column], *at), "save the file as UTF-8 and without NUL bytes",
                       column};
          break;
        }
      }
    }
    drop_taken();
    return true;
  }

  bool next(csv_row& row) {
    start_row_if_new();
    text_line line;
    while (next_line(line)) {
      const bool alone = held.empty();
      if (line.too_long) {
        return fail(row, line.end, "the row is longer than 64 KiB", "shorten the row, or close the quote that is open");
      }
      // The common empty line is the second half of "\r\n".
      if (alone && line.text.size() == 1) continue;
      held_bytes += line.text.size();
      if (!separator) {
        separator = find_separator(line.text);
        csv_set_delim(&parser, static_cast<unsigned char>(*separator));
      }
      suspicious = suspicious || find_bad_byte(line.text).has_value();
      const std::size_t read = csv_parse(&parser, line.text.data(), line.text.size(), on_field, on_row, this);
      if (read != line.text.size()) {
        if (csv_error(&parser) == CSV_ENOMEM) throw std::bad_alloc{};
        if (replayed > 1) return fail_unclosed(row, line.end);
        return fail(row, line.end, "a quote stands inside a field or text follows a closing quote",
                    "put the whole field in quotes and double every quote inside it");
      }
      if (row_complete) return succeed(row, line.end);
      if (parser.pstate == 0) {  // a line of blanks: no row has begun
        drop_taken();
        start_row();
        continue;
      }
      if (alone) {
        held.push_back({std::string{line.text}, line.end, false});
        replayed = 1;
      }
      if (replayed == 1) first_line_fields = ends.size();
      if (held_bytes > row_bytes_max) return fail_unclosed(row, line.end);
    }
    if (finished && !held.empty()) return fail_unclosed(row, held.front().end);
    return false;
  }

  /// next() may return false in the middle of a row; then the row goes on with the next bytes.
  void start_row_if_new() {
    if (replayed == 0) start_row();
  }
};

csv_reader::csv_reader(text_encoding encoding, std::optional<char> separator, std::uint64_t offset)
    : state_{std::make_unique<state>(encoding, separator, offset)} {}
csv_reader::~csv_reader() = default;
csv_reader::csv_reader(csv_reader&&) noexcept = default;
csv_reader& csv_reader::operator=(csv_reader&&) noexcept = default;

void csv_reader::feed(std::string_view bytes) {
  state_->lines.feed(bytes);
}

void csv_reader::finish() noexcept {
  state_->finished = true;
  state_->lines.finish();
}

bool csv_reader::next(csv_row& row) {
  return state_->next(row);
}
std::optional<char> csv_reader::separator() const noexcept {
  return state_->separator;
}

}  // namespace dialer::campaigns
