#include <simdjson.h>

#include <array>
#include <utility>
#include <vector>

#include "campaigns/contact_rows.hpp"

namespace dialer::campaigns {
namespace {

constexpr std::string_view whole_line = "line";

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

class ndjson_rows final : public contact_rows {
 public:
  ndjson_rows(std::string phone_column, text_encoding encoding, std::uint64_t offset)
      : phone_column_{std::move(phone_column)}, lines_{encoding, offset} {}

  void feed(std::string_view bytes) override { lines_.feed(bytes); }
  void finish() override { lines_.finish(); }

  bool next(contact_row& row) override {
    text_line line;
    do {
      if (!lines_.next(line)) return false;
    } while (!line.too_long && is_blank(line.text));
    row.clear();
    row.end = line.end;
    row.phone_column = phone_column_.empty() ? std::string{to_string(column_role::phone)} : phone_column_;
    if (line.too_long) {
      refuse(row, whole_line, "the line is longer than 64 KiB", "shorten the object");
    } else if (const auto bad = find_bad_byte(line.text)) {
      refuse(row, whole_line, describe_bad_byte(line.text, *bad) + " at position " + std::to_string(*bad + 1),
             "save the file as UTF-8 and without NUL bytes");
    } else {
      read(row, line.text);
    }
    return true;
  }

 private:
  static void refuse(contact_row& row, std::string_view column, std::string fault, std::string_view remedy) {
    row.fault_column = column;
    row.fault = std::move(fault);
    row.remedy = remedy;
  }

  column_role role_of(std::string_view key) const noexcept {
    if (key == phone_column_ && !phone_column_.empty()) return column_role::phone;
    const column_role role = recognise_column(key);
    return role == column_role::phone && !phone_column_.empty() ? column_role::variable : role;
  }

  void read(contact_row& row, std::string_view line) {
    if (line.find("\\u0000") != std::string_view::npos) {  // no database text can hold it
      refuse(row, whole_line, "a NUL character is written as \\u0000", "take it out");
      return;
    }
    padded_.assign(line);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    simdjson::dom::object object;
    const auto error = parser_.parse(padded_.data(), line.size(), false).get(object);
    if (error != simdjson::SUCCESS) {
      const std::string what = error == simdjson::INCORRECT_TYPE
                                   ? std::string{"the line is no JSON object"}
                                   : std::string{"the line is no JSON: "} + simdjson::error_message(error);
      refuse(row, whole_line, what, "write one JSON object on each line");
      return;
    }
    // Numbers are spelled into scratch_, which grows: the views are set when it has its final address.
    scratch_.clear();
    spelled_.clear();
    seen_ = {};
    unsure_ = telephone_ = {};
    for (const auto member : object) {
      if (!take(row, member.key, member.value)) return;
    }
    if (!unsure_.empty() && !telephone_.empty()) {
      refuse(row, unsure_, "\"" + std::string{telephone_} + "\" may be the telephone number as well",
             "name the one to call as the phone column, or rename the other");
      return;
    }
    for (const auto& each : spelled_) {
      row.*each.member = std::string_view{scratch_}.substr(each.begin, each.size);
    }
  }

  bool take(contact_row& row, std::string_view key, simdjson::dom::element value) {
    const column_role role = role_of(key);
    if (phone_column_.empty() && role == column_role::phone && is_unsure_phone_name(key)) unsure_ = key;
    if (role == column_role::variable && speaks_of_telephones(key)) telephone_ = key;
    const bool is_name = role == column_role::first_name || role == column_role::last_name;
    if (role == column_role::variable || is_name) keep(row, key, value);
    const auto member = field_of(role);
    if (member == nullptr || value.is_null()) return true;
    if (std::exchange(seen_[static_cast<std::size_t>(role)], true)) {
      refuse(row, key, "a second member means " + std::string{to_string(role)}, "rename one of the two");
      return false;
    }
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
      if (!value.is_number()) {
        refuse(row, key, "the value is neither text nor a number", "write the value as a JSON string");
        return false;
      }
      const std::string number = simdjson::minify(value);
      spelled_.push_back({member, scratch_.size(), number.size()});
      scratch_ += number;
      return true;
    }
    row.*member = text;
    return true;
  }

  static void keep(contact_row& row, std::string_view key, simdjson::dom::element value) {
    if (key == "extension") row.has_extension = true;
    if (!row.variables.empty()) row.variables += ',';
    append_json_string(row.variables, key);
    row.variables += ':';
    row.variables += simdjson::minify(value);
  }

  struct spelled_number {
    std::string_view contact_row::*member;
    std::size_t begin;
    std::size_t size;
  };

  std::string phone_column_;
  line_reader lines_;
  simdjson::dom::parser parser_;
  std::string padded_;
  std::string scratch_;
  std::vector<spelled_number> spelled_;
  std::array<bool, column_roles> seen_{};
  std::string_view unsure_;     // key of the telephone number that may be another number, ...
  std::string_view telephone_;  // ... and of a variable that may be the telephone number
};

}  // namespace

std::unique_ptr<contact_rows> ndjson_contact_rows(std::string phone_column, text_encoding encoding,
                                                  std::uint64_t offset) {
  return std::make_unique<ndjson_rows>(std::move(phone_column), encoding, offset);
}

}  // namespace dialer::campaigns
