#include "campaigns/contact_rows.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace dialer::campaigns {

void contact_row::clear() {
  phone = name = first_name = last_name = time_zone = state = postal_code = external_id = {};
  variables.clear();
  has_extension = false;
  fault_column.clear();
  fault.clear();
  remedy = {};
}

std::string_view contact_row::*field_of(column_role role) noexcept {
  switch (role) {
    case column_role::variable: return nullptr;
    case column_role::phone: return &contact_row::phone;
    case column_role::name: return &contact_row::name;
    case column_role::first_name: return &contact_row::first_name;
    case column_role::last_name: return &contact_row::last_name;
    case column_role::time_zone: return &contact_row::time_zone;
    case column_role::state: return &contact_row::state;
    case column_role::postal_code: return &contact_row::postal_code;
    case column_role::external_id: return &contact_row::external_id;
  }
  return nullptr;
}

void append_json_string(std::string& json, std::string_view text) {
  const bool plain = std::ranges::none_of(text, [](char sign) {
    return static_cast<unsigned char>(sign) < 0x20 || sign == '"' || sign == '\\' || sign == 0x7F;
  });
  if (!plain) {
    json += boost::json::serialize(boost::json::string_view{text.data(), text.size()});
    return;
  }
  json += '"';
  json += text;
  json += '"';
}

}  // namespace dialer::campaigns
