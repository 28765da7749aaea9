// Telnyx's numbers: search, orders that are settled later, and what a key holds.

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "carriers/simulator/json_writer.hpp"
#include "carriers/simulator/telnyx_api.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr std::string_view offers_path = "/v2/available_phone_numbers", orders_path = "/v2/number_orders",
                           held_path = "/v2/phone_numbers";

/// Texts that can be set on a number.
constexpr std::array<std::string_view, 5> settable{"connection_id", "customer_reference", "billing_group_id",
                                                   "external_pin", "messaging_profile_id"};

/// The body's texts by name, and the number of each entry of "phone_numbers". False: not a JSON object.
bool read_body(std::string_view body, form_fields& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) return false;
  for (const auto field : object) {
    std::string_view text;
    simdjson::dom::array list;
    if (field.value.get(text) == simdjson::SUCCESS) out.add(field.key, text);
    if (field.key == "tags") out.add(field.key, simdjson::minify(field.value));
    if (field.key != "phone_numbers" || field.value.get(list) != simdjson::SUCCESS) continue;
    for (const auto entry : list) {
      out.add("phone_number", entry["phone_number"].get(text) == simdjson::SUCCESS ? text : std::string_view{});
    }
  }
  return true;
}

std::string id_of(const held_number& held) {
  return std::to_string(1'000'000'000'000'000'000 + held.ref_low % 1'000'000'000'000'000'000);
}

/// The values of a filter that may be given as "a,b", as "[]" repeated, or both.
std::vector<std::string> values_of(const form_fields& query, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& field : query.all()) {
    if (field.name != name && !field.name.starts_with(name + "[")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      out.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return out;
}

unsigned capability_bit(std::string_view feature) {
  if (feature == "voice") return can_voice;
  if (feature == "sms") return can_sms;
  if (feature == "mms") return can_mms;
  return feature == "fax" ? unsigned{can_fax} : 0U;
}

/// What patterns are held against: the digits, without country and area code when that was filtered for.
std::string_view pattern_part(const shelf_number& offer, bool area_code_given) {
  std::string_view digits{offer.number};
  digits.remove_prefix(offer.country == "GB" ? 3 : 2);
  if (area_code_given && digits.starts_with(offer.area_code)) digits.remove_prefix(offer.area_code.size());
  return digits;
}

bool fits(const shelf_number& offer, const form_fields& query) {
  const auto same = [&](std::string_view name, const std::string& value) {
    return query.get(name).empty() || query.get(name) == value;
  };
  for (const auto& feature : values_of(query, "filter[features]")) {
    if ((offer.capabilities & capability_bit(feature)) == 0) return false;
  }
  const auto part = pattern_part(offer, !query.get("filter[national_destination_code]").empty());
  return same("filter[national_destination_code]", offer.area_code) && same("filter[locality]", offer.locality) &&
         same("filter[administrative_area]", offer.state) &&
         part.starts_with(query.get("filter[phone_number][starts_with]")) &&
         part.ends_with(query.get("filter[phone_number][ends_with]")) &&
         part.find(query.get("filter[phone_number][contains]")) != std::string_view::npos;
}

std::string_view word_for(number_kind kind) {
  return number_kind_names[static_cast<std::size_t>(kind)];
}

void write_region(json_writer& json, std::string_view type, const std::string& name) {
  if (!name.empty()) json.open_object().field("region_type", type).field("region_name", name).close_object();
}

void write_offer(json_writer& json, const shelf_number& offer) {
  json.open_object().field("record_type", "available_phone_number").field("phone_number", offer.number);
  json.field("vanity_format", "").field("best_effort", false).field("quickship", true).field("reservable", true);
  json.field("phone_number_type", word_for(offer.kind)).key("region_information").open_array();
  write_region(json, "country_code", offer.country);
  write_region(json, "state", offer.state);
  write_region(json, "location", offer.locality);
  json.close_array().key("cost_information").open_object().field("upfront_cost", "1.00000");
  json.field("monthly_cost", "1.00000").field("currency", "USD").close_object().key("features").open_array();
  for (const std::string_view feature : {"voice", "sms", "mms", "fax"}) {
    if ((offer.capabilities & capability_bit(feature)) != 0) json.open_object().field("name", feature).close_object();
  }
  json.close_array().close_object();
}

void text_or_null(json_writer& json, std::string_view name, const std::string& value) {
  if (value.empty()) {
    json.null_field(name);
  } else {
    json.field(name, value);
  }
}

void write_number(json_writer& json, const held_number& held, std::string_view status) {
  json.open_object().field("id", id_of(held)).field("record_type", "phone_number");
  json.field("phone_number", held.what.number).field("country_iso_alpha2", held.what.country).field("status", status);
  json.field("phone_number_type", word_for(held.what.kind)).key("tags");
  json.raw(held.setting("tags").empty() ? "[]" : held.setting("tags"));
  for (const auto name : settable) text_or_null(json, name, held.setting(name));
  json.null_field("connection_name").null_field("messaging_profile_name").null_field("emergency_address_id");
  json.field("emergency_enabled", false).field("emergency_status", "disabled").field("call_forwarding_enabled", true);
  json.field("call_recording_enabled", false).field("caller_id_name_enabled", false);
  json.field("cnam_listing_enabled", false).field("hd_voice_enabled", false).field("t38_fax_gateway_enabled", false);
  json.field("inbound_call_screening", "disabled").field("deletion_lock_enabled", false);
  json.field("source_type", "number_order").field("purchased_at", rfc3339(held.bought));
  json.field("created_at", rfc3339(held.bought)).field("updated_at", rfc3339(held.updated)).close_object();
}

/// {"data":[rows of this page],"meta":{…}}; `write(row)` appends one row.
template <class Rows, class Write>
std::int64_t write_page(std::string& out, const form_fields& query, const Rows& rows, Write write) {
  const auto size = telnyx_page_size(query, 20), number = telnyx_page_number(query);
  const auto first = std::min(rows.size(), (number - 1) * size), last = std::min(rows.size(), first + size);
  json_writer json{out};
  json.open_object().key("data").open_array();
  for (auto row = first; row != last; ++row) write(rows[row]);
  json.close_array().key("meta").open_object().field("total_pages", (rows.size() + size - 1) / size);
  json.field("total_results", rows.size()).field("page_number", number).field("page_size", size);
  json.close_object().close_object();
  return static_cast<std::int64_t>(last - first);
}

api_answer not_found() {
  return telnyx_error(404, "10005", "Resource not found", "The requested resource or URL could not be found.");
}

}  // namespace

void telnyx_api::route_number_path(const api_request& request, std::string_view path, routed_request& routed) {
  const bool get = request.method == "GET";
  if (path == offers_path) {
    if (get) routed.where = endpoint::search_numbers;
  } else if (path == orders_path) {
    if (get) routed.where = endpoint::list_orders;
    if (request.method == "POST") routed.where = endpoint::buy_number;
  } else if (path.starts_with(orders_path) && path[orders_path.size()] == '/') {
    if (get) routed.where = endpoint::fetch_order;
    routed.ref = percent_decode(path.substr(orders_path.size() + 1));
  } else if (path == held_path || path == std::string(held_path) + "/slim") {
    if (get) routed.where = endpoint::list_numbers;
  } else if (path.starts_with(held_path) && path[held_path.size()] == '/') {
    if (get) routed.where = endpoint::fetch_number;
    if (request.method == "PATCH") routed.where = endpoint::change_number;
    if (request.method == "DELETE") routed.where = endpoint::release_number;
    routed.ref = percent_decode(path.substr(held_path.size() + 1));
  }
  const bool has_body = routed.where == endpoint::buy_number || routed.where == endpoint::change_number;
  if (has_body && !read_body(request.body, routed.form)) {
    routed.refusal = telnyx_error(400, "10015", "Bad Request", "The request body is not valid JSON.");
    routed.refusal_code = "10015";
  }
  if (routed.where == endpoint::buy_number) routed.order.to = routed.form.get("phone_number");
}

api_answer telnyx_api::search_numbers(const routed_request& request, utc_time now) {
  const auto& query = request.query;
  std::vector<number_kind> kinds{number_kind::local, number_kind::mobile, number_kind::national,
                                 number_kind::toll_free};
  if (const auto wanted = query.get("filter[phone_number_type]"); !wanted.empty()) {
    std::erase_if(kinds, [&](number_kind kind) { return word_for(kind) != wanted; });
  }
  const auto limit = static_cast<std::int64_t>(parse_number(query.get("filter[limit]")).value_or(100));
  const auto country = query.find("filter[country_code]") ? query.get("filter[country_code]") : "US";
  api_answer answer;
  json_writer json{answer.body};
  json.open_object().key("data").open_array();
  std::int64_t count = 0;
  for (const auto kind : kinds) {
    for (const auto& offer : shelf().offers(country, kind)) {
      if (count == limit) break;
      if (!fits(offer, query)) continue;
      write_offer(json, offer);
      searched_.insert(account(*request.account).secret + '\n' + offer.number);
      ++count;
    }
  }
  json.close_array();
  for (const std::string_view name : {"meta", "metadata"}) {
    json.key(name).open_object().field("total_results", count).field("best_effort_results", 0).close_object();
  }
  json.close_object();
  record_lookup(log_event::numbers_read, request, 200, count, now);
  return answer;
}

bool telnyx_api::knows_connection(std::size_t holder, std::string_view connection) const {
  for (std::size_t i = 0; i < account_count(); ++i) {
    if (account(i).id == connection && key_holder(i) == holder) return true;
  }
  return false;
}

api_answer telnyx_api::order_numbers(const routed_request& request, utc_time now) {
  const auto refuse = [&](std::string_view code, std::string_view title, const std::string& detail,
                          std::string_view pointer) {
    return refuse_create(request, telnyx_error(422, code, title, detail, pointer), code, now);
  };
  number_order order;
  order.holder = key_holder(*request.account);
  for (const auto& field : request.form.all()) {
    if (field.name != "phone_number") continue;
    const auto& number = field.value;
    const auto refusal = shelf().refusal_of(number);
    if (!refusal.empty() && refusal != "failure") {
      return refuse(refusal, "Refused by the scenario", "Refused by the scenario.", "/phone_numbers");
    }
    if (!e164::parse(number)) {
      return refuse("10016", "Phone number must be in +E164 format", "The number must be in +E164 format.",
                    "/phone_numbers");
    }
    auto offer = shelf().offer(number);
    if (!searched_.contains(account(*request.account).secret + '\n' + number)) {
      return refuse("85000", "Number must be searched for first",
                    "The number " + number + " was in no recent search of this account.", "/phone_numbers");
    }
    if (!offer) {
      return refuse("85001", "Number is not available", "The number " + number + " is not available any more.",
                    "/phone_numbers");
    }
    order.numbers.push_back(std::move(*offer));
  }
  if (order.numbers.empty()) {
    return refuse("10004", "Missing required parameter", "The 'phone_numbers' parameter is required.",
                  "/phone_numbers");
  }
  order.connection_id = request.form.get("connection_id");
  if (!order.connection_id.empty() && !knows_connection(order.holder, order.connection_id)) {
    return refuse("85004", "Invalid connection", "The connection is not one of this account.", "/connection_id");
  }
  order.messaging_profile_id = request.form.get("messaging_profile_id");
  order.customer_reference = request.form.get("customer_reference");
  order.created = order.updated = now;
  auto random = draws_for(setup().reference_salt ^ 0x0DE2, request.order.to, orders_.size());
  order.id = uuid_text(random(), random());
  for (const auto& each : order.numbers) {
    shelf().reserve(each.number);
    log_entry entry;
    entry.event = log_event::number_ordered;
    entry.at = now;
    entry.carrier = carrier_name::telnyx;
    entry.request = request_number();
    entry.to = each.number;
    entry.ref = order.id;
    entry.token = order.customer_reference;
    record(entry);
  }
  auto settle = draws_for(setup().seed ^ 0x5E7, request.order.to, orders_.size());
  schedule_order(now + std::chrono::milliseconds{draw(settle, setup().rules.order_settle)}, orders_.size());
  orders_.push_back(std::move(order));
  api_answer answer;
  json_writer{answer.body}.open_object().key("data");
  write_order(answer.body, orders_.back());
  json_writer{answer.body}.close_object();
  return answer;
}

/// All of its numbers or none.
void telnyx_api::settle_order(std::size_t index, utc_time now) {
  auto& order = orders_[index];
  const bool fails = std::ranges::any_of(
      order.numbers, [&](const auto& each) { return shelf().refusal_of(each.number) == "failure"; });
  order.status = fails ? "failure" : "success";
  order.updated = now;
  for (const auto& each : order.numbers) {
    log_entry entry;
    entry.event = fails ? log_event::number_order_failed : log_event::number_bought;
    entry.at = now;
    entry.carrier = carrier_name::telnyx;
    entry.account = account(order.holder).id;
    entry.to = each.number;
    entry.ref = order.id;
    entry.token = order.customer_reference;
    if (fails) {
      shelf().put_back(each.number);
    } else {
      auto& held = shelf().hold(order.holder, each, now);
      held.settings["connection_id"] = order.connection_id;
      held.settings["messaging_profile_id"] = order.messaging_profile_id;
      held.settings["customer_reference"] = order.customer_reference;
      entry.ref = id_of(held);
    }
    record(entry);
  }
}

void telnyx_api::write_order(std::string& out, const number_order& order) const {
  json_writer json{out};
  json.open_object().field("id", order.id).field("record_type", "number_order").field("status", order.status);
  json.field("phone_numbers_count", order.numbers.size()).key("phone_numbers").open_array();
  for (const auto& each : order.numbers) {
    auto random = draws_for(setup().reference_salt ^ 0x0DE3, each.number + order.id, 0);
    json.open_object().field("id", uuid_text(random(), random())).field("record_type", "number_order_phone_number");
    json.field("phone_number", each.number).field("country_code", each.country);
    json.field("phone_number_type", word_for(each.kind)).key("regulatory_requirements").open_array().close_array();
    json.field("requirements_met", true).field("requirements_status", "approved").field("status", order.status);
    json.close_object();
  }
  json.close_array().key("sub_number_orders_ids").open_array().close_array();
  text_or_null(json, "connection_id", order.connection_id);
  text_or_null(json, "messaging_profile_id", order.messaging_profile_id);
  json.null_field("billing_group_id").field("customer_reference", order.customer_reference);
  json.field("created_at", rfc3339(order.created)).field("updated_at", rfc3339(order.updated));
  json.field("requirements_met", true).close_object();
}

api_answer telnyx_api::fetch_order(const routed_request& request, utc_time now) {
  const auto holder = key_holder(*request.account);
  const auto order = std::ranges::find_if(
      orders_, [&](const number_order& each) { return each.id == request.ref && each.holder == holder; });
  record_lookup(log_event::numbers_read, request, order == orders_.end() ? 404 : 200, -1, now);
  if (order == orders_.end()) return not_found();
  api_answer answer;
  json_writer{answer.body}.open_object().key("data");
  write_order(answer.body, *order);
  json_writer{answer.body}.close_object();
  return answer;
}

api_answer telnyx_api::list_orders(const routed_request& request, utc_time now) {
  const auto& query = request.query;
  std::vector<const number_order*> rows;
  for (auto order = orders_.rbegin(); order != orders_.rend(); ++order) {
    const auto reference = query.find("filter[customer_reference]"), status = query.find("filter[status]");
    if (order->holder == key_holder(*request.account) && (!reference || order->customer_reference == *reference) &&
        (!status || order->status == *status)) {
      rows.push_back(&*order);
    }
  }
  api_answer answer;
  const auto count =
      write_page(answer.body, query, rows, [&](const number_order* order) { write_order(answer.body, *order); });
  record_lookup(log_event::numbers_read, request, 200, count, now);
  return answer;
}

api_answer telnyx_api::list_numbers(const routed_request& request, utc_time now) {
  const auto& query = request.query;
  const auto number = query.get("filter[phone_number]");
  const bool digits = number.find_first_not_of("0123456789") == std::string_view::npos;
  std::vector<const held_number*> rows;
  for (const auto* held : shelf().held_by(key_holder(*request.account))) {
    const auto same = [&](std::string_view name) {
      const auto* wanted = query.find("filter[" + std::string(name) + "]");
      return !wanted || *wanted == held->setting(name);
    };
    if (digits && held->what.number.find(number) != std::string::npos && same("connection_id") &&
        same("customer_reference") && (!query.find("filter[status]") || query.get("filter[status]") == "active")) {
      rows.push_back(held);
    }
  }
  api_answer answer;
  const auto count = write_page(answer.body, query, rows, [&](const held_number* held) {
    json_writer json{answer.body};
    write_number(json, *held, "active");
  });
  record_lookup(log_event::numbers_read, request, 200, count, now);
  return answer;
}

api_answer telnyx_api::one_number(const routed_request& request, utc_time now) {
  const auto holder = key_holder(*request.account);
  held_number* held = nullptr;
  for (auto* each : shelf().held_by(holder)) {
    if (id_of(*each) == request.ref) held = each;
  }
  if (!held) {
    record_lookup(log_event::numbers_read, request, 404, -1, now);
    return not_found();
  }
  const auto& form = request.form;
  if (const auto connection = form.get("connection_id"); !connection.empty() && !knows_connection(holder, connection)) {
    return telnyx_error(422, "10015", "Invalid value for connection_id", "The connection is not one of this account.",
                        "/connection_id");
  }
  for (const auto& field : form.all()) {
    if (field.name == "tags" || std::ranges::find(settable, field.name) != settable.end()) {
      held->settings[field.name] = field.value;
    }
  }
  const bool released = request.where == endpoint::release_number;
  if (request.where == endpoint::change_number || released) {
    held->updated = now;
    record_number(released ? log_event::number_released : log_event::number_changed, request, held->what.number,
                  request.ref, now);
  } else {
    record_lookup(log_event::numbers_read, request, 200, -1, now);
  }
  api_answer answer;
  json_writer json{answer.body};
  json.open_object().key("data");
  write_number(json, *held, released ? "deleted" : "active");
  json.close_object();
  if (released) shelf().release(*held);
  return answer;
}

}  // namespace dialer::carriers::simulator
