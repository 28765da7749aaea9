// Twilio's numbers: AvailablePhoneNumbers and IncomingPhoneNumbers of API version 2010-04-01.

#include <algorithm>
#include <utility>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/twilio_api.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr std::string_view offers_path = "AvailablePhoneNumbers/", held_path = "IncomingPhoneNumbers";

struct setting_name {
  std::string_view parameter;
  std::string_view field;
  bool url = false;
};
constexpr std::array settings{setting_name{"FriendlyName", "friendly_name"},
                              setting_name{"VoiceUrl", "voice_url", true},
                              setting_name{"VoiceMethod", "voice_method"},
                              setting_name{"VoiceFallbackUrl", "voice_fallback_url", true},
                              setting_name{"VoiceFallbackMethod", "voice_fallback_method"},
                              setting_name{"VoiceApplicationSid", "voice_application_sid"},
                              setting_name{"TrunkSid", "trunk_sid"},
                              setting_name{"StatusCallback", "status_callback", true},
                              setting_name{"StatusCallbackMethod", "status_callback_method"},
                              setting_name{"SmsUrl", "sms_url", true},
                              setting_name{"SmsMethod", "sms_method"},
                              setting_name{"SmsFallbackUrl", "sms_fallback_url", true},
                              setting_name{"SmsFallbackMethod", "sms_fallback_method"},
                              setting_name{"SmsApplicationSid", "sms_application_sid"},
                              setting_name{"AddressSid", "address_sid"},
                              setting_name{"BundleSid", "bundle_sid"},
                              setting_name{"IdentitySid", "identity_sid"}};

constexpr std::array<std::pair<std::string_view, number_kind>, 4> offer_resources{
    {{"Local", number_kind::local},
     {"Mobile", number_kind::mobile},
     {"National", number_kind::national},
     {"TollFree", number_kind::toll_free}}};

constexpr std::string_view bought_by_test_credentials = "+15005550006";

char key_of(char c) {
  constexpr std::string_view keys = "22233344455566677778889999";
  if (c >= 'a' && c <= 'z') return keys[static_cast<std::size_t>(c - 'a')];
  return c >= 'A' && c <= 'Z' ? keys[static_cast<std::size_t>(c - 'A')] : c;
}

/// From the first byte of `text` on; `*` stands for one character, `%` for any.
bool matches_here(std::string_view text, std::string_view pattern, bool to_the_end) {
  if (pattern.empty()) return !to_the_end || text.empty();
  if (pattern.front() == '%') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (matches_here(text.substr(skip), pattern.substr(1), to_the_end)) return true;
    }
    return false;
  }
  return !text.empty() && (pattern.front() == '*' || key_of(pattern.front()) == text.front()) &&
         matches_here(text.substr(1), pattern.substr(1), to_the_end);
}

/// Anywhere in the number; "+" binds the pattern to its begin, "$" to its end.
bool matches_number(std::string_view number, std::string_view pattern) {
  const bool to_the_end = pattern.ends_with('$');
  if (to_the_end) pattern.remove_suffix(1);
  const std::size_t last = pattern.starts_with('+') ? 0 : number.size();
  for (std::size_t from = 0; from <= last; ++from) {
    if (matches_here(number.substr(from), pattern, to_the_end)) return true;
  }
  return false;
}

bool can_all(const form_fields& query, unsigned capabilities) {
  for (const auto& [name, bit] : {std::pair{"VoiceEnabled", can_voice}, std::pair{"SmsEnabled", can_sms},
                                  std::pair{"MmsEnabled", can_mms}, std::pair{"FaxEnabled", can_fax}}) {
    const auto wanted = query.get(name);
    if (!wanted.empty() && (wanted == "true") != ((capabilities & bit) != 0)) return false;
  }
  return true;
}

bool is_area_code(std::string_view text) {
  return text.size() == 3 && parse_number(text) && text.front() >= '2';
}

void write_offer(json_writer& json, const shelf_number& offer) {
  json.open_object().field("friendly_name", formatted_number(offer.number)).field("phone_number", offer.number);
  json.null_field("lata");
  const auto or_null = [&](std::string_view name, const std::string& value) {
    if (value.empty()) {
      json.null_field(name);
    } else {
      json.field(name, value);
    }
  };
  or_null("locality", offer.locality);
  json.null_field("rate_center").null_field("latitude").null_field("longitude");
  or_null("region", offer.state);
  json.null_field("postal_code").field("iso_country", offer.country).field("address_requirements", "none");
  json.field("beta", false).key("capabilities").open_object();
  // As the search really spells them; the held number has them in lower case.
  json.field("voice", (offer.capabilities & can_voice) != 0).field("SMS", (offer.capabilities & can_sms) != 0);
  json.field("MMS", (offer.capabilities & can_mms) != 0).field("fax", (offer.capabilities & can_fax) != 0);
  json.close_object().close_object();
}

std::string sid_of(const held_number& held) {
  std::string sid = "PN";
  append_hex(sid, held.ref_high);
  append_hex(sid, held.ref_low);
  return sid;
}

}  // namespace

void twilio_api::route_number_path(std::string_view method, std::string_view rest, routed_request& routed) {
  const bool get = method == "GET", post = method == "POST";
  if (!rest.ends_with(".json")) return;
  rest.remove_suffix(5);
  if (rest.starts_with(offers_path) && get && rest.find('/', offers_path.size()) != std::string_view::npos) {
    routed.where = endpoint::search_numbers;
    routed.ref = rest.substr(offers_path.size());  // "US/Local"
  } else if (rest == held_path) {
    if (get) routed.where = endpoint::list_numbers;
    if (post) routed.where = endpoint::buy_number;
  } else if (rest.starts_with(held_path) && rest[held_path.size()] == '/') {
    routed.ref = rest.substr(held_path.size() + 1);
    if (get) routed.where = endpoint::fetch_number;
    if (post) routed.where = endpoint::change_number;
    if (method == "DELETE") routed.where = endpoint::release_number;
  }
}

api_answer twilio_api::search_numbers(const routed_request& request, utc_time now) {
  const auto slash = request.ref.find('/');
  const auto country = request.ref.substr(0, slash);
  const auto resource = std::ranges::find(offer_resources, std::string_view{request.ref}.substr(slash + 1),
                                          &std::pair<std::string_view, number_kind>::first);
  const auto refuse = [&](int status, int code, const std::string& message) {
    record_lookup(log_event::numbers_read, request, status, -1, now);
    return twilio_error(status, code, message);
  };
  const auto& query = request.query;
  if (resource == offer_resources.end() || !shelf().sells(country, resource->second)) {
    return refuse(404, 20404, "The requested resource /AvailablePhoneNumbers/" + request.ref + ".json was not found");
  }
  const auto area_code = query.get("AreaCode");
  if (!area_code.empty() && !is_area_code(area_code)) return refuse(400, 21451, "Invalid area code");
  const auto contains = query.get("Contains");
  if (query.find("Contains") && (contains.size() < 2 || contains.size() > 16)) {
    return refuse(400, 20001, "Contains must have 2 to 16 characters");
  }
  const auto size = parse_number(query.find("PageSize") ? query.get("PageSize") : "50").value_or(0);
  if (size < 1) return refuse(400, 20001, "PageSize must be from 1 to 1000");

  api_answer answer;
  json_writer json{answer.body};
  json.open_object().key("available_phone_numbers").open_array();
  std::int64_t count = 0;
  for (const auto& offer : shelf().offers(country, resource->second)) {
    const auto same = [&](std::string_view name, const std::string& value) {
      return query.get(name).empty() || query.get(name) == value;
    };
    const bool fits = same("AreaCode", offer.area_code) && same("InRegion", offer.state) &&
                      same("InLocality", offer.locality) && can_all(query, offer.capabilities) &&
                      (contains.empty() || matches_number(offer.number, contains));
    if (!fits) continue;
    if (count == std::min<std::int64_t>(size, 1000)) break;
    write_offer(json, offer);
    ++count;
  }
  json.close_array().field("uri", "/2010-04-01/Accounts/" + account(*request.account).id + "/" +
                                      std::string(offers_path) + request.ref + ".json");
  json.close_object();
  record_lookup(log_event::numbers_read, request, 200, count, now);
  return answer;
}

api_answer twilio_api::buy_number(const routed_request& request, utc_time now) {
  const auto& form = request.form;
  const auto& wanted = request.order.to;
  const auto refuse = [&](int code, const std::string& message) {
    return refuse_create(request, twilio_error(400, code, message), std::to_string(code), now);
  };
  for (const auto& each : settings) {
    const auto value = form.get(each.parameter);
    if (each.url && !value.empty() && !callback_url_is_valid(value)) {
      return refuse(21502, std::string(each.parameter) + " is not a valid URL");
    }
  }
  std::optional<shelf_number> chosen;
  if (!wanted.empty()) {
    const auto refusal = shelf().refusal_of(wanted);
    if (!refusal.empty()) {
      return refuse(static_cast<int>(parse_number(refusal).value_or(21422)), "Refused by the scenario");
    }
    if (!e164::parse(wanted) || wanted == "+15005550001") {
      return refuse(21421, "PhoneNumber " + wanted + " is invalid");
    }
    chosen = shelf().offer(wanted);
    if (wanted == bought_by_test_credentials && !shelf().find(wanted)) {
      chosen = describe_number(wanted, number_kind::local);
    }
    if (!chosen) return refuse(21422, "PhoneNumber " + wanted + " is not available");
  } else {
    const auto area_code = form.get("AreaCode");
    if (area_code.empty()) return refuse(20001, "PhoneNumber or AreaCode is required");
    if (!is_area_code(area_code)) return refuse(21451, "Invalid area code");
    for (const std::string_view country : {"US", "CA"}) {
      for (auto& offer : shelf().offers(country, number_kind::local)) {
        if (!chosen && offer.area_code == area_code && shelf().refusal_of(offer.number).empty()) {
          chosen = std::move(offer);
        }
      }
    }
    if (!chosen) return refuse(21452, "No phone numbers found in area code " + std::string(area_code));
  }
  auto& held = shelf().hold(*request.account, std::move(*chosen), now);
  held.settings["friendly_name"] = formatted_number(held.what.number);
  for (const auto& each : settings) {
    if (const auto* value = form.find(each.parameter)) held.settings[std::string(each.field)] = *value;
  }
  record_number(log_event::number_bought, request, held.what.number, sid_of(held), now);
  api_answer answer;
  answer.status = 201;
  write_number(answer.body, held);
  return answer;
}

held_number* twilio_api::find_number(std::size_t account_index, std::string_view sid) {
  std::uint64_t high = 0, low = 0;
  if (!sid.starts_with("PN") || !parse_hex128(sid.substr(2), high, low)) return nullptr;
  return shelf().find(account_index, high, low);
}

api_answer twilio_api::one_number(const routed_request& request, utc_time now) {
  auto* held = find_number(*request.account, request.ref);
  api_answer answer;
  if (!held) {
    record_lookup(log_event::numbers_read, request, 404, -1, now);
    return twilio_error(404, 20404, "The requested resource /IncomingPhoneNumbers/" + request.ref + " was not found");
  }
  if (request.where == endpoint::release_number) {
    record_number(log_event::number_released, request, held->what.number, request.ref, now);
    shelf().release(*held);
    answer.status = 204;
    return answer;
  }
  if (request.where == endpoint::change_number) {
    for (const auto& each : settings) {
      const auto value = request.form.get(each.parameter);
      if (each.url && !value.empty() && !callback_url_is_valid(value)) {
        return twilio_error(400, 21502, std::string(each.parameter) + " is not a valid URL");
      }
    }
    for (const auto& each : settings) {
      if (const auto* value = request.form.find(each.parameter)) held->settings[std::string(each.field)] = *value;
    }
    held->updated = now;
    record_number(log_event::number_changed, request, held->what.number, request.ref, now);
  } else {
    record_lookup(log_event::numbers_read, request, 200, -1, now);
  }
  write_number(answer.body, *held);
  return answer;
}

api_answer twilio_api::list_numbers(const routed_request& request, utc_time now) {
  const auto& query = request.query;
  const auto size = parse_number(query.find("PageSize") ? query.get("PageSize") : "50").value_or(0);
  if (size < 1) return twilio_error(400, 20001, "PageSize must be from 1 to 1000");
  const auto limit = static_cast<std::size_t>(std::min<std::int64_t>(size, 1000));
  const auto page = parse_number(query.get("Page")).value_or(0);
  // The token is the last SID of the page before, as with calls.
  auto before = static_cast<std::uint64_t>(-1);
  if (const auto token = query.get("PageToken"); !token.empty()) {
    const auto* last = token.starts_with("PA") ? find_number(*request.account, token.substr(2)) : nullptr;
    if (!last) return twilio_error(400, 20001, "PageToken is not valid");
    before = last->serial;
  }
  std::vector<const held_number*> rows;
  bool more = false;
  for (const auto* held : shelf().held_by(*request.account)) {
    const auto name = query.get("FriendlyName"), number = query.get("PhoneNumber");
    const bool fits = held->serial < before && (name.empty() || name == held->setting("friendly_name")) &&
                      (number.empty() || matches_number(held->what.number, number));
    if (!fits) continue;
    if (rows.size() == limit) {
      more = true;
      break;
    }
    rows.push_back(held);
  }

  const auto uri = [&](std::int64_t which, std::string_view token) {
    form_fields fields;
    for (const auto& field : query.all()) {
      if (!field.name.starts_with("Page")) fields.add(field.name, field.value);
    }
    fields.add("PageSize", std::to_string(limit));
    fields.add("Page", std::to_string(which));
    if (!token.empty()) fields.add("PageToken", "PA" + std::string(token));
    return "/2010-04-01/Accounts/" + account(*request.account).id + "/" + std::string(held_path) + ".json?" +
           fields.encode();
  };
  api_answer answer;
  json_writer json{answer.body};
  const auto first_row = page * static_cast<std::int64_t>(limit);
  json.open_object().field("first_page_uri", uri(0, {}));
  json.field("end", first_row + static_cast<std::int64_t>(rows.size()) - (rows.empty() ? 0 : 1));
  json.key("incoming_phone_numbers").open_array();
  for (const auto* held : rows) write_number(answer.body, *held);
  json.close_array().null_field("previous_page_uri").field("uri", uri(page, {})).field("page_size", limit);
  json.field("start", first_row).key("next_page_uri");
  if (more) {
    json.value(uri(page + 1, sid_of(*rows.back())));
  } else {
    json.null();
  }
  json.field("page", page).close_object();
  record_lookup(log_event::numbers_read, request, 200, static_cast<std::int64_t>(rows.size()), now);
  return answer;
}

void twilio_api::write_number(std::string& out, const held_number& held) const {
  const auto sid = sid_of(held);
  const auto& owner = account(held.account).id;
  const auto uri = "/2010-04-01/Accounts/" + owner + "/" + std::string(held_path) + "/" + sid;
  json_writer json{out};
  json.open_object().field("sid", sid).field("account_sid", owner).field("phone_number", held.what.number);
  json.key("capabilities").open_object().field("voice", (held.what.capabilities & can_voice) != 0);
  json.field("sms", (held.what.capabilities & can_sms) != 0).field("mms", (held.what.capabilities & can_mms) != 0);
  json.field("fax", (held.what.capabilities & can_fax) != 0).close_object();
  for (const auto& each : settings) {
    const auto value = held.setting(each.field);
    const bool method = each.field.ends_with("_method");
    if (value.empty() && each.field.ends_with("_sid") && each.field.find("application") == std::string_view::npos) {
      json.null_field(each.field);  // an application that was taken away is "", the others are null
    } else {
      json.field(each.field, value.empty() && method ? std::string("POST") : value);
    }
  }
  json.field("address_requirements", "none").field("api_version", "2010-04-01").field("beta", false);
  json.field("date_created", rfc2822(held.bought)).field("date_updated", rfc2822(held.updated));
  json.field("emergency_status", "Inactive").null_field("emergency_address_sid");
  json.field("emergency_address_status", "unregistered").field("origin", "twilio");
  json.field("voice_caller_id_lookup", false).field("voice_receive_mode", "voice").field("status", "in-use");
  json.field("type", held.what.kind == number_kind::toll_free
                         ? std::string_view{"toll-free"}
                         : number_kind_names[static_cast<std::size_t>(held.what.kind)]);
  json.field("uri", uri + ".json").key("subresource_uris").open_object();
  json.field("assigned_add_ons", uri + "/AssignedAddOns.json").close_object().close_object();
}

}  // namespace dialer::carriers::simulator
