#include "campaigns/header_map.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "campaigns/phone_normaliser.hpp"

namespace dialer::campaigns {
namespace {

using enum column_role;

struct known_name {
  std::string_view key;  // lower case, letters and digits only
  column_role role;
};

// clang-format off
constexpr std::array known_names{
    known_name{"phonenumber", phone}, known_name{"phone", phone}, known_name{"mobile", phone}, known_name{"e164", phone},
    known_name{"telephone", phone}, known_name{"cell", phone}, known_name{"tel", phone}, known_name{"msisdn", phone},
    known_name{"mobilenumber", phone}, known_name{"mobilephone", phone}, known_name{"cellphone", phone},
    known_name{"cellnumber", phone}, known_name{"cellphonenumber", phone}, known_name{"mobilephonenumber", phone},
    known_name{"telephonenumber", phone}, known_name{"phoneno", phone}, known_name{"mobileno", phone},
    known_name{"contactnumber", phone}, known_name{"contactphone", phone}, known_name{"primaryphone", phone},
    known_name{"phonee164", phone}, known_name{"e164number", phone}, known_name{"number", phone},
    known_name{"name", name}, known_name{"fullname", name}, known_name{"contactname", name},
    known_name{"customername", name}, known_name{"displayname", name},
    known_name{"firstname", first_name}, known_name{"givenname", first_name}, known_name{"forename", first_name},
    known_name{"lastname", last_name}, known_name{"surname", last_name}, known_name{"familyname", last_name},
    known_name{"timezone", time_zone}, known_name{"tz", time_zone}, known_name{"ianatimezone", time_zone},
    known_name{"state", state}, known_name{"province", state}, known_name{"stateprovince", state},
    known_name{"stateorprovince", state}, known_name{"statecode", state},
    known_name{"zip", postal_code}, known_name{"zipcode", postal_code}, known_name{"postalcode", postal_code},
    known_name{"postcode", postal_code}, known_name{"zippostalcode", postal_code}, known_name{"postal", postal_code},
    known_name{"externalid", external_id}, known_name{"extid", external_id}, known_name{"id", external_id},
    known_name{"customerid", external_id}, known_name{"contactid", external_id}, known_name{"leadid", external_id},
    known_name{"recordid", external_id}, known_name{"crmid", external_id},
};
// clang-format on

constexpr std::array<std::string_view, column_roles> role_names{
    "variable", "phone_number", "name", "first_name", "last_name", "time_zone", "state", "postal_code", "external_id"};

std::string key_of(std::string_view text) {
  std::string key;
  for (const char sign : text) {
    if (sign >= 'A' && sign <= 'Z') {
      key += static_cast<char>(sign | 0x20);
    } else if ((sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9')) {
      key += sign;
    }
  }
  return key;
}

std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

constexpr std::size_t listed_max = 30;

std::string list(const std::vector<column>& columns) {
  std::string text;
  for (std::size_t i = 0; i < std::min(columns.size(), listed_max); ++i) {
    text += (i == 0 ? "\"" : ", \"") + columns[i].name.substr(0, 60) + '"';
  }
  if (columns.size() > listed_max) text += " and " + std::to_string(columns.size() - listed_max) + " more";
  return text;
}

bool looks_like_number(std::string_view text) {
  static const phone_normaliser normaliser{"US"};
  const auto digits = std::ranges::count_if(text, [](char sign) { return sign >= '0' && sign <= '9'; });
  return digits >= 7 &&
         (normaliser.normalise(text) || text.find_first_not_of("0123456789+-. ()/") == std::string_view::npos);
}

std::string refuse_repeated(const header_map& map) {
  std::unordered_set<std::string_view> seen;
  for (const column& each : map.columns) {
    if (!seen.insert(each.name).second) {
      return "two columns are called \"" + each.name + "\"; rename one of them. Columns seen: " + list(map.columns);
    }
  }
  std::array<const column*, column_roles> first{};
  for (const column& each : map.columns) {
    if (each.role == variable) continue;
    const column*& earlier = first[static_cast<std::size_t>(each.role)];
    if (earlier != nullptr) {
      std::string text = "columns \"" + earlier->name + "\" and \"" + each.name + "\" both mean " +
                         std::string{to_string(each.role)} + "; ";
      text += each.role == phone ? "name the one to call as the phone column, or rename the other"
                                 : "rename or delete one of them";
      return text + ". Columns seen: " + list(map.columns);
    }
    earlier = &each;
  }
  return {};
}

std::string refuse_unsure_phone(const header_map& map) {
  const auto unsure = std::ranges::find(map.columns, phone, &column::role);
  if (unsure == map.columns.end() || !is_unsure_phone_name(unsure->name)) return {};
  const auto other = std::ranges::find_if(
      map.columns, [](const column& each) { return each.role == variable && speaks_of_telephones(each.name); });
  if (other == map.columns.end()) return {};
  return "columns \"" + unsure->name + "\" and \"" + other->name +
         "\" may both hold the telephone number; name the one to call as the phone column, or rename the other. " +
         "Columns seen: " + list(map.columns);
}

std::string refuse_without_phone(const header_map& map, std::string_view phone_column) {
  if (!phone_column.empty()) {
    return "there is no column called \"" + std::string{phone_column} + "\". Columns seen: " + list(map.columns);
  }
  return "no column holds the telephone number. Columns seen: " + list(map.columns) +
         ". Name one of them with one of: " + accepted_phone_names();
}

}  // namespace

std::string_view to_string(column_role role) noexcept {
  return role_names[static_cast<std::size_t>(role)];
}

column_role recognise_column(std::string_view text) noexcept {
  constexpr std::size_t longest = 64;
  if (text.size() > longest) return variable;
  const auto found = std::ranges::find(known_names, key_of(text), &known_name::key);
  return found == known_names.end() ? variable : found->role;
}

bool is_unsure_phone_name(std::string_view name) noexcept {
  const std::string key = key_of(name);
  return key == "number" || key == "contactnumber";
}

bool speaks_of_telephones(std::string_view name) noexcept {
  std::string words = " ";  // in lower case, with a blank around each
  for (const char sign : name) {
    const auto letter = static_cast<char>(sign | 0x20);
    words += letter >= 'a' && letter <= 'z' ? letter : ' ';
  }
  words += ' ';
  const auto has = [&](std::string_view text) { return words.find(text) != std::string::npos; };
  return has("phone") || has("mobile") || has(" tel ") || has(" cell ");
}

std::string accepted_phone_names() {
  return "phone_number, phone, mobile, mobile_number, cell, cell_phone, telephone, tel, contact_number, e164, msisdn, "
         "number (case, spaces, underscores and hyphens do not matter)";
}

std::optional<std::size_t> header_map::find(column_role role) const noexcept {
  const auto found = std::ranges::find(columns, role, &column::role);
  return found == columns.end() ? std::nullopt : std::optional{static_cast<std::size_t>(found - columns.begin())};
}

header_result map_header(std::span<const std::string_view> names, std::string_view phone_column) {
  header_result result;
  const std::string phone_key = key_of(phone_column);
  for (const std::string_view given : names) {
    column each{std::string{trim(given)}, variable};
    each.role = recognise_column(each.name);
    if (!phone_column.empty()) {
      const bool chosen = each.name == trim(phone_column) || (!phone_key.empty() && key_of(each.name) == phone_key);
      if (chosen) {
        each.role = phone;
      } else if (each.role == phone) {
        each.role = variable;
      }
    }
    if (each.name.empty()) each.name = "column_" + std::to_string(result.map.columns.size() + 1);
    result.map.columns.push_back(std::move(each));
  }
  result.refused = refuse_repeated(result.map);
  if (result.refused.empty() && phone_column.empty()) result.refused = refuse_unsure_phone(result.map);
  if (result.refused.empty() && !result.map.find(phone)) {
    result.refused = refuse_without_phone(result.map, phone_column);
  }
  // Whatever else is wrong with it: what says so must not quote people's data as names of columns.
  if (!result.refused.empty() && std::ranges::any_of(result.map.columns, looks_like_number, &column::name)) {
    result.refused =
        "the first row holds a telephone number instead of column names; put a row such as phone_number,name above it";
  }
  return result;
}

}  // namespace dialer::campaigns
