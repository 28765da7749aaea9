#include "campaigns/import_batch.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "campaigns/verdicts.hpp"

namespace dialer::campaigns {
namespace {

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

void append_number(std::string& text, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  text.append(digits.data(), end);
}

/// At most `size` bytes, no code point cut in two.
std::string_view shorten(std::string_view text, std::size_t size) noexcept {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

constexpr std::size_t places_max = 1 << 16;
constexpr std::size_t place_key_max = 256;  // longer ones come from no real column, and few of them twice
constexpr std::size_t contact_kept_max = 4'096;
constexpr std::size_t given_max = 40;   // of a rejected number, in the verdict
constexpr std::size_t column_max = 60;  // of a column's name, likewise

}  // namespace

const place_answer& remembered_places::find(const place_question& question) {
  if (!question.number.is_nanp()) {
    unremembered_ = finder_(question);
    return unremembered_;
  }
  key_.clear();
  append_number(key_, question.number.npa());
  for (const std::string_view part : {question.time_zone, question.state, question.postal_code}) {
    key_ += '\0';  // in no part: rows with NUL bytes are rejected before
    key_ += part;
  }
  if (key_.size() > place_key_max) {
    unremembered_ = finder_(question);
    return unremembered_;
  }
  const auto found = answers_.find(key_);
  if (found != answers_.end()) return found->second;
  if (answers_.size() >= places_max) answers_.clear();
  return answers_.emplace(key_, finder_(question)).first->second;
}

import_batch::import_batch(const phone_normaliser& normaliser, const place_finder& finder, std::size_t rows_max)
    : normaliser_{normaliser}, places_{finder} {
  outcomes_.reserve(rows_max);
  firsts_.reserve(rows_max);
}

void import_batch::clear() {
  outcomes_.clear();
  firsts_.clear();
  texts_.clear();
  contacts_used_ = 0;
  // Of a wide row no buffer is kept: in time each place would hold one as wide as the widest it ever had.
  for (imported_contact& contact : contacts_) {
    if (contact.variables.capacity() + contact.name.capacity() > contact_kept_max) contact = {};
  }
}

void import_batch::reject(outcome& result, std::string_view given, std::string_view column, std::string_view what,
                          std::string_view remedy) {
  result.what = verdict::rejected;
  result.text = static_cast<std::uint32_t>(texts_.size());
  texts_ += shorten(given, given_max);
  result.detail = static_cast<std::uint32_t>(texts_.size());
  texts_ += shorten(column, column_max);
  texts_ += ": ";
  texts_ += what;
  if (!remedy.empty()) texts_ += "; ";
  texts_ += remedy;
  result.text_end = static_cast<std::uint32_t>(texts_.size());
}

void import_batch::add(const contact_row& row, std::uint64_t number) {
  outcome& result = outcomes_.emplace_back();
  result.row = number;
  if (!row.readable()) return reject(result, {}, row.fault_column, row.fault, row.remedy);

  const phone_result phone = normaliser_.normalise(row.phone);
  if (!phone) {
    const phone_problem_text& text = describe(phone.problem);
    return reject(result, row.phone, row.phone_column, text.meaning, text.remedy);
  }
  result.number = phone.number;
  if (const auto first = firsts_.find(phone.number.digits()); first != firsts_.end()) {
    result.what = verdict::duplicate;
    result.within_batch = true;
    result.first = first->second;
    return;
  }
  const place_answer& place = places_.find({phone.number, trim(row.time_zone), trim(row.state), trim(row.postal_code)});
  if (!place.wrong_column.empty()) return reject(result, row.phone, place.wrong_column, place.message, {});
  accept(result, row, phone, place);
}

void import_batch::accept(outcome& result, const contact_row& row, const phone_result& phone,
                          const place_answer& place) {
  result.what = verdict::accepted;
  result.contact = static_cast<std::uint32_t>(contacts_used_);
  firsts_.emplace(phone.number.digits(), static_cast<std::uint32_t>(outcomes_.size() - 1));
  if (contacts_used_ == contacts_.size()) contacts_.emplace_back();
  imported_contact& contact = contacts_[contacts_used_++];
  contact.number = phone.number;
  contact.place = place.lane;
  contact.row = result.row;
  contact.name = trim(row.name);
  if (contact.name.empty()) {
    contact.name = trim(row.first_name);
    const std::string_view last = trim(row.last_name);
    if (!contact.name.empty() && !last.empty()) contact.name += ' ';
    contact.name += last;
  }
  contact.external_id = trim(row.external_id);
  contact.time_zone = trim(row.time_zone);
  contact.state = trim(row.state);
  contact.postal_code = trim(row.postal_code);
  contact.variables = '{';
  contact.variables += row.variables;
  if (!phone.extension().empty() && !row.has_extension) {
    contact.variables += row.variables.empty() ? "\"extension\":\"" : ",\"extension\":\"";
    contact.variables += phone.extension();
    contact.variables += '"';
  }
  contact.variables += '}';
}

void import_batch::mark_known(contact_sink& sink, const number_filter& filter) {
  std::vector<e164> suspects;
  for (const outcome& each : outcomes_) {
    if (each.what == verdict::accepted && filter.may_contain(each.number)) suspects.push_back(each.number);
  }
  if (suspects.empty()) return;
  for (const known_number& known : sink.find(suspects)) {
    const auto first = firsts_.find(known.number.digits());
    if (first == firsts_.end()) continue;
    outcomes_[first->second].what = verdict::duplicate;
    outcomes_[first->second].duplicate_row = known.row;
  }
}

void import_batch::settle(contact_sink& sink, number_filter& filter, id_sequence& ids, utc_time now,
                          import_progress& progress, std::string& verdicts) {
  mark_known(sink, filter);
  std::size_t kept = 0;
  for (const outcome& each : outcomes_) {
    if (each.what == verdict::accepted) {
      if (each.contact != kept) std::swap(contacts_[each.contact], contacts_[kept]);
      contacts_[kept++].id = contact_id{ids.next(now)};
      filter.add(each.number);
    }
    write(each, progress, verdicts);
  }
  contacts_.resize(kept);
}

void import_batch::write(const outcome& each, import_progress& progress, std::string& verdicts) const {
  ++progress.rows;
  append_number(verdicts, each.row);
  const auto write_number = [&] {
    verdicts += "'+";  // as append_cell would
    append_number(verdicts, each.number.digits());
  };
  switch (each.what) {
    case verdict::accepted:
      ++progress.accepted;
      verdicts += ",accepted,";
      write_number();
      verdicts += ',';
      break;
    case verdict::duplicate: {
      ++progress.duplicate;
      verdicts += ",duplicate,";
      write_number();
      const outcome& first = each.within_batch ? outcomes_[each.first] : each;
      const std::uint64_t of_row = first.what == verdict::duplicate ? first.duplicate_row : first.row;
      if (of_row == 0) {
        verdicts += ",of a contact that came in no list";
        break;
      }
      verdicts += ",of row ";
      append_number(verdicts, of_row);
      break;
    }
    case verdict::rejected:
      ++progress.rejected;
      verdicts += ",rejected,";
      append_cell(verdicts, std::string_view{texts_}.substr(each.text, each.detail - each.text));
      verdicts += ',';
      append_cell(verdicts, std::string_view{texts_}.substr(each.detail, each.text_end - each.detail));
      break;
  }
  verdicts += "\r\n";
}

}  // namespace dialer::campaigns
