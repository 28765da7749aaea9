#include <algorithm>
#include <vector>

#include "campaigns/contact_rows.hpp"
#include "campaigns/csv_reader.hpp"

namespace dialer::campaigns {
namespace {

/// What to do with the field of a column; worked out once.
struct column_plan {
  std::string_view contact_row::*member = nullptr;
  std::string json_key;  // "\"notes\":" for a variable, else empty
  bool is_extension = false;
};

class csv_rows final : public contact_rows {
 public:
  csv_rows(header_map header, text_encoding encoding, char separator, std::uint64_t offset)
      : header_{std::move(header)}, reader_{encoding, separator, offset} {
    for (const column& each : header_.columns) {
      column_plan plan{field_of(each.role), {}, each.name == "extension"};
      const bool kept = each.role == column_role::variable || each.role == column_role::first_name ||
                        each.role == column_role::last_name;
      if (kept) {
        append_json_string(plan.json_key, each.name);
        plan.json_key += ':';
      }
      plans_.push_back(std::move(plan));
    }
    phone_ = header_.find(column_role::phone).value_or(0);
  }

  void feed(std::string_view bytes) override { reader_.feed(bytes); }
  void finish() override { reader_.finish(); }

  bool next(contact_row& row) override {
    if (!reader_.next(csv_)) return false;
    row.clear();
    row.end = csv_.end;
    row.phone_column = header_.columns[phone_].name;
    if (!csv_.fault.reason.empty()) {
      row.fault_column = column_name(csv_.fault.column);
      row.fault = csv_.fault.reason;
      row.remedy = csv_.fault.remedy;
    } else if (csv_.fields.size() != plans_.size()) {
      row.fault_column = column_name(std::min(csv_.fields.size(), plans_.size()));
      row.fault =
          "the row has " + std::to_string(csv_.fields.size()) + " fields, the header " + std::to_string(plans_.size());
      row.remedy = "give every row as many fields as the header, and quote fields that hold the separator";
    } else {
      split(row);
    }
    return true;
  }

 private:
  std::string column_name(std::size_t index) const {
    return index < header_.columns.size() ? header_.columns[index].name : "column_" + std::to_string(index + 1);
  }

  void split(contact_row& row) const {
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const column_plan& plan = plans_[i];
      const std::string_view field = csv_.fields[i];
      if (plan.member != nullptr) row.*plan.member = field;
      if (plan.json_key.empty()) continue;
      if (plan.is_extension && field.empty()) continue;
      row.has_extension = row.has_extension || plan.is_extension;
      if (!row.variables.empty()) row.variables += ',';
      row.variables += plan.json_key;
      append_json_string(row.variables, field);
    }
  }

  header_map header_;
  csv_reader reader_;
  std::vector<column_plan> plans_;
  std::size_t phone_ = 0;
  csv_row csv_;
};

}  // namespace

std::unique_ptr<contact_rows> csv_contact_rows(header_map header, text_encoding encoding, char separator,
                                               std::uint64_t offset) {
  return std::make_unique<csv_rows>(std::move(header), encoding, separator, offset);
}

}  // namespace dialer::campaigns
