#include "cli/window_check.hpp"

#include <algorithm>
#include <array>
#include <istream>
#include <iterator>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "campaigns/csv_reader.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "compliance/calling_window.hpp"
#include "compliance/national_hours.hpp"
#include "compliance/numbering_plan.hpp"
#include "model/reason.hpp"

namespace dialer::cli {
namespace {

enum column : std::size_t { number_column, state_column, zone_column, instant_column, policy_column };
constexpr std::array<std::string_view, 5> column_names{"e164", "state", "iana_time_zone", "utc_instant", "policy"};

/// The columns of an answer.
struct answer {
  std::string verdict = "closed";
  std::string next_open;
  std::string zones;
  std::string rule;
};

/// A row that can't be judged; the message names column and remedy.
class bad_row : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

weekly_hours all_week() {
  weekly_hours week;
  week.fill({0, 24 * 60});
  return week;
}

std::chrono::sys_days local_day(utc_time at, const std::string& zone, const compliance::zone_rules& zones) {
  return std::chrono::floor<std::chrono::days>(at + zones.offset_at(zone, at).value().from_utc);
}

answer judge(std::array<std::string_view, column_names.size()> asked, const compliance::zone_rules& zones) {
  const auto quoted = [&](column which) {
    return std::string(column_names[which]) + " \"" + std::string(asked[which]) + "\" ";
  };
  const auto at = parse_instant(asked[instant_column]);
  if (!at) throw bad_row(quoted(instant_column) + "is no instant; write 2026-11-20T15:00:00Z");
  // The presumptions about debt collectors' hours (12 CFR 1006.6) are the same hours.
  if (asked[policy_column] != "federal" && asked[policy_column] != "debt") {
    throw bad_row(quoted(policy_column) + "is none that the engine judges by; write federal or debt");
  }
  answer made;
  const auto number = e164::parse(asked[number_column]);
  if (!number) {
    made.rule = "not a number in E.164";
    return made;
  }
  std::optional<compliance::place_error> wrong;
  const compliance::place where =
      compliance::locate({*number, asked[zone_column], asked[state_column], {}}, zones, &wrong);
  if (wrong) throw bad_row((wrong->column == "time_zone" ? "iana_time_zone " : "state ") + wrong->message);
  made.zones = zones_of(where);
  const bool premium = compliance::find_numbering_fact(*number).kind == compliance::number_kind::premium;
  if (where.zones.empty() || premium) {
    made.rule = std::string(describe(premium ? reason::number_premium : reason::no_time_zone).meaning);
    return made;
  }
  made.rule = rule_of(where);
  const compliance::window_state window = compliance::evaluate_window(where, all_week(), zones, *at);
  if (window.open) {
    made.verdict = "allowed";
  } else if (window.opens_at) {
    made.next_open = to_text(*window.opens_at);
    const std::string& first = where.zones.front();
    if (local_day(*window.opens_at, first, zones) == local_day(*at, first, zones)) made.verdict = "not_yet";
  }
  return made;
}

void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string csv_line(const std::vector<std::string_view>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) line += ',';
    append_field(line, fields[i]);
  }
  return line + '\n';
}

std::array<std::size_t, column_names.size()> find_columns(const campaigns::csv_row& header, const std::string& name) {
  std::array<std::size_t, column_names.size()> at{};
  for (std::size_t i = 0; i < column_names.size(); ++i) {
    const auto found = std::ranges::find(header.fields, column_names[i]);
    if (found == header.fields.end()) {
      throw usage_error(name + " has no column " + std::string(column_names[i]) +
                        "; its first line names e164, state, iana_time_zone, utc_instant and policy, in any order");
    }
    at[i] = static_cast<std::size_t>(found - header.fields.begin());
  }
  return at;
}

}  // namespace

std::string rule_of(const compliance::place& where) {
  std::string text;
  for (const std::string_view country : compliance::countries_of(where)) {
    text += text.empty() ? "" : "; ";
    text += country.empty() ? "unknown country" : country;
    text += ' ';
    text += compliance::national_hours_source(country);
  }
  return text;
}

std::string zones_of(const compliance::place& where) {
  std::string text;
  for (const std::string& zone : where.zones) text += (text.empty() ? "" : ";") + zone;
  return text;
}

window_check_result check_windows(std::istream& in, const std::string& name, const compliance::zone_rules& zones,
                                  std::ostream& out, std::ostream& complaints) {
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  const auto guess =
      campaigns::guess_encoding(std::string_view{bytes}.substr(0, 4)).value_or(campaigns::encoding_guess{});
  campaigns::csv_reader reader{guess.encoding, ',', guess.mark_size};
  reader.feed(std::string_view{bytes}.substr(guess.mark_size));
  reader.finish();
  campaigns::csv_row row;
  if (!reader.next(row)) throw usage_error(name + " is empty; give a header and rows");
  const auto columns = find_columns(row, name);
  const std::size_t width = row.fields.size();
  row.fields.insert(row.fields.end(), {"verdict", "next_open_utc", "zones", "rule"});
  out << csv_line(row.fields);

  window_check_result result;
  while (reader.next(row)) {
    ++result.rows;
    answer made;
    try {
      if (!row.fault.reason.empty()) throw bad_row(row.fault.reason + "; " + std::string(row.fault.remedy));
      if (row.fields.size() != width) {
        throw bad_row("has " + std::to_string(row.fields.size()) + " fields and the header " + std::to_string(width) +
                      "; give each column its place");
      }
      std::array<std::string_view, column_names.size()> asked;
      for (std::size_t i = 0; i < asked.size(); ++i) asked[i] = row.fields[columns[i]];
      made = judge(asked, zones);
    } catch (const bad_row& wrong) {
      ++result.unreadable;
      complaints << name << ':' << result.rows << ": " << wrong.what() << '\n';
      made.rule = "unreadable";
    }
    row.fields.resize(width);
    row.fields.insert(row.fields.end(), {made.verdict, made.next_open, made.zones, made.rule});
    out << csv_line(row.fields);
  }
  return result;
}

}  // namespace dialer::cli
