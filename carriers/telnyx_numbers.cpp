#include "carriers/telnyx_numbers.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "carriers/answer_reading.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/number_reading.hpp"
#include "carriers/request_head.hpp"
#include "carriers/telnyx_reading.hpp"

namespace dialer::carriers {
namespace {

constexpr std::string_view held_path = "/v2/phone_numbers";
constexpr std::string_view orders_path = "/v2/number_orders";

std::string_view word_for(number_type type) {
  switch (type) {
    case number_type::national: return "national";
    case number_type::mobile: return "mobile";
    case number_type::toll_free: return "toll_free";
    case number_type::local: break;
  }
  return "local";
}

/// Ids of numbers and orders as Telnyx makes them: digits, or a UUID.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

class telnyx_numbers final : public number_codec {
 public:
  explicit telnyx_numbers(const account& value)
      : head_{value, telnyx_authorization(value)}, connection_id_{value.connection_id} {
    if (!connection_id_.empty()) require_visible_ascii("connection_id", connection_id_);
  }

  void encode_search(const number_search& query, std::string& out) override {
    asked_ = query;
    std::string path = "/v2/available_phone_numbers?filter[country_code]=";
    append_percent_encoded(query.country, path);
    if (!query.area_code.empty()) append_filter("[national_destination_code]", query.area_code, path);
    if (!query.contains.empty()) append_filter("[phone_number][contains]", query.contains, path);
    if (query.type) append_filter("[phone_number_type]", word_for(*query.type), path);
    if ((query.capabilities & voice) != 0) append_filter("[features][]", "voice", path);
    if ((query.capabilities & sms) != 0) append_filter("[features][]", "sms", path);
    if ((query.capabilities & mms) != 0) append_filter("[features][]", "mms", path);
    if ((query.capabilities & fax) != 0) append_filter("[features][]", "fax", path);
    append_filter("[limit]", std::to_string(std::clamp(query.limit, 1U, 100U)), path);
    // Numbers near to what was asked for, and those that the account has on hold elsewhere, were not asked for.
    head_.get(path + "&filter[best_effort]=false&filter[exclude_held_numbers]=true", out);
  }

  number_page<offered_number> decode_search(const http::http_answer& answer) override {
    return read_page<offered_number>(answer, [this](simdjson::dom::object row) { return read_offer(row); });
  }

  void encode_buy(e164 number, std::string_view reference, std::string_view, std::string& out) override {
    bought_ = number;
    std::string body = "{\"phone_numbers\":[{\"phone_number\":" + json_string(number.text()) + "}]";
    if (!connection_id_.empty()) body += ",\"connection_id\":" + json_string(connection_id_);
    if (!reference.empty()) body += ",\"customer_reference\":" + json_string(reference);
    head_.post(orders_path, json_type, body + "}", out);
  }

  number_answer decode_buy(const http::http_answer& answer) override {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    if (!body || answer.status / 100 != 2) return read_refused(body, answer);
    const auto order = json_object(*body, "data");
    return order && is_for(*order, bought_)
               ? read_order(*order, bought_).value_or(number_answer_without_verdict(answer))
               : number_answer_without_verdict(answer);
  }

  void encode_find_purchase(e164, std::string_view reference, std::string& out) override {
    reference_ = reference;
    std::string path{orders_path};
    path += "?page[size]=250";
    append_filter("[customer_reference]", reference, path);
    head_.get(path, out);
  }

  /// Of several orders (one failed and was repeated) the furthest counts.
  number_answer decode_find_purchase(const http::http_answer& answer, e164 number) override {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    const auto rows = body && answer.status == 200 ? json_array(*body, "data") : std::nullopt;
    number_answer found;
    found.why = read_refused(body, answer).why;
    if (!rows) return found;  // it was the question that was refused or not sent, not the purchase
    found.outcome = number_outcome::refused;
    found.why = "there is no order for " + number.text();
    if (!last_page(*body)) {
      found.outcome = number_outcome::unknown;
      found.why = "there are more orders than fit one page";
    }
    for (const simdjson::dom::element element : *rows) {
      simdjson::dom::object order;
      if (element.get(order) != simdjson::SUCCESS) return number_answer_without_verdict(answer);
      const std::string_view reference = json_text(order, "customer_reference");
      if (!is_for(order, number) || (!reference.empty() && reference != reference_)) continue;
      auto one = read_order(order, number);
      if (!one) return number_answer_without_verdict(answer);
      if (one->outcome == number_outcome::done) return *one;
      if (one->outcome == number_outcome::pending || found.outcome == number_outcome::refused) found = std::move(*one);
    }
    return found;
  }

  void encode_held(std::optional<e164> only, std::string_view next, std::string& out) override {
    std::string path{held_path};
    path += "?page[size]=250&page[number]=";
    append_percent_encoded(next.empty() ? "1" : next, path);
    // Digits only: with anything else in it the filter finds nothing.
    if (only) append_filter("[phone_number]", only->text().substr(1), path);
    head_.get(path, out);
  }

  number_page<held_number> decode_held(const http::http_answer& answer) override {
    return read_page<held_number>(answer, read_held);
  }

  void encode_route(std::string_view carrier_ref, std::string_view, std::string& out) override {
    if (connection_id_.empty()) {
      throw std::invalid_argument{
          "carrier account: connection_id is empty; calls to a Telnyx number go to a connection, so give the account "
          "its Call Control application's"};
    }
    head_.patch(number_path(carrier_ref), json_type, "{\"connection_id\":" + json_string(connection_id_) + "}", out);
  }

  number_answer decode_route(const http::http_answer& answer) override { return read_changed(answer); }

  void encode_release(std::string_view carrier_ref, std::string& out) override {
    head_.remove(number_path(carrier_ref), out);
  }

  number_answer decode_release(const http::http_answer& answer) override {
    number_answer result = read_changed(answer);
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    if (body && answer.status == 404 && has_telnyx_error(*body, "10005")) return {.outcome = number_outcome::done};
    return result;
  }

 private:
  static void append_filter(std::string_view name, std::string_view value, std::string& path) {
    path += "&filter";
    path += name;
    path += '=';
    append_percent_encoded(value, path);
  }

  static std::string number_path(std::string_view carrier_ref) {
    std::string path{held_path};
    path += '/';
    append_percent_encoded(carrier_ref, path);
    return path;
  }

  /// True also for a list that does not say: a search has one page.
  static bool last_page(simdjson::dom::object body) { return next_page(body).empty(); }

  static std::string next_page(simdjson::dom::object body) {
    const auto meta = json_object(body, "meta");
    const auto number = meta ? json_integer(*meta, "page_number") : std::nullopt;
    const auto pages = meta ? json_integer(*meta, "total_pages") : std::nullopt;
    return number && pages && *number >= 0 && *number < *pages ? std::to_string(*number + 1) : std::string{};
  }

  template <class Thing, class Reader>
  number_page<Thing> read_page(const http::http_answer& answer, Reader read) {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    const auto rows = body && answer.status == 200 ? json_array(*body, "data") : std::nullopt;
    if (!rows) return unread_page<Thing>(read_refused(body, answer));
    auto page = read_rows<Thing>(*rows, answer, read);
    if (!page.clean) return page;
    if constexpr (std::is_same_v<Thing, held_number>) page.next = next_page(*body);
    return page;
  }

  static std::uint8_t read_features(simdjson::dom::object row) {
    std::uint8_t mask = 0;
    const auto features = json_array(row, "features");
    if (!features) return mask;
    for (const simdjson::dom::element element : *features) {
      simdjson::dom::object feature;
      if (element.get(feature) == simdjson::SUCCESS) mask |= capability_named(json_text(feature, "name"));
    }
    return mask;
  }

  std::optional<offered_number> read_offer(simdjson::dom::object row) const {
    const auto number = e164::parse(json_text(row, "phone_number"));
    if (!number) return std::nullopt;
    offered_number offer;
    offer.number = *number;
    offer.type =
        number_type_named(json_text(row, "phone_number_type")).value_or(asked_.type.value_or(number_type_of(*number)));
    offer.capabilities = read_features(row);
    offer.country = asked_.country;
    offer.area_code = area_code_of(*number);
    if (offer.area_code.empty()) offer.area_code = asked_.area_code;
    const auto regions = json_array(row, "region_information");
    if (!regions) return offer;
    for (const simdjson::dom::element element : *regions) {
      simdjson::dom::object region;
      if (element.get(region) != simdjson::SUCCESS) continue;
      const std::string_view kind = json_text(region, "region_type");
      const std::string_view name = json_text(region, "region_name");
      if (kind == "country_code" && is_country(name)) offer.country = name;
      if (kind == "location" || (kind == "rate_center" && offer.locality.empty())) offer.locality = foreign_text(name);
      if (kind == "state") offer.state = foreign_text(name);
    }
    return offer;
  }

  static std::optional<held_number> read_held(simdjson::dom::object row) {
    const auto number = e164::parse(json_text(row, "phone_number"));
    const std::string_view id = json_text(row, "id");
    if (!number || !is_id(id)) return std::nullopt;
    std::string status{json_text(row, "status").substr(0, 40)};
    std::ranges::replace(status, '_', '-');  // both spellings are documented
    static constexpr std::array not_held{"deleted", "ported-out", "purchase-failed", "port-failed"};
    if (std::ranges::find(not_held, status) != not_held.end()) return std::nullopt;
    held_number held;
    held.carrier_ref = id;
    held.number = *number;
    held.friendly_name = foreign_text(json_text(row, "customer_reference"));
    held.type = number_type_named(json_text(row, "phone_number_type")).value_or(number_type_of(*number));
    held.capabilities = voice;
    if (!json_text(row, "messaging_profile_id").empty()) held.capabilities |= sms;
    const std::string_view country = json_text(row, "country_iso_alpha2");
    if (is_country(country)) held.country = country;
    held.voice_webhook = foreign_text(json_text(row, "connection_id"));
    held.active = status == "active" || status == "port-out-pending";
    return held;
  }

  /// True when the order is for this number, or does not say for which.
  static bool is_for(simdjson::dom::object order, e164 number) {
    const auto rows = json_array(order, "phone_numbers");
    if (!rows) return true;
    return std::ranges::any_of(*rows, [&](const simdjson::dom::element element) {
      simdjson::dom::object row;
      return element.get(row) == simdjson::SUCCESS && e164::parse(json_text(row, "phone_number")) == number;
    });
  }

  /// How it stands with the one number of it: an order can be filled in part, and what is cancelled is so by number.
  static std::string_view status_of(simdjson::dom::object order, e164 number) {
    const std::string_view whole = json_text(order, "status");
    const auto rows = json_array(order, "phone_numbers");
    if (!rows) return whole;
    for (const simdjson::dom::element element : *rows) {
      simdjson::dom::object row;
      if (element.get(row) != simdjson::SUCCESS || e164::parse(json_text(row, "phone_number")) != number) continue;
      const std::string_view own = json_text(row, "status");
      return own.empty() ? whole : own;
    }
    return whole;
  }

  /// nullopt: not an order.
  static std::optional<number_answer> read_order(simdjson::dom::object order, e164 number) {
    const std::string_view id = json_text(order, "id");
    if (!is_id(id)) return std::nullopt;
    number_answer result;
    result.carrier_order = id;
    const std::string_view status = status_of(order, number);
    if (status == "success") {
      result.outcome = number_outcome::done;
    } else if (status == "pending") {
      result.outcome = number_outcome::pending;
      result.why = "the order is not settled";
    } else if (status == "failure" || status == "cancelled" || status == "canceled") {
      result.outcome = number_outcome::refused;
      result.why = status == "failure" ? "the carrier could not fill the order" : "the order was cancelled";
    } else {
      result.why = code_and_words("order status", status);
    }
    return result;
  }

  /// The answer to a change is the number as it is now.
  number_answer read_changed(const http::http_answer& answer) {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    if (!body || answer.status != 200) return read_refused(body, answer);
    const auto data = json_object(*body, "data");
    const std::string_view id = data ? json_text(*data, "id") : std::string_view{};
    if (!is_id(id)) return number_answer_without_verdict(answer);
    return {.outcome = number_outcome::done, .carrier_ref = std::string{id}};
  }

  static number_answer read_refused(const std::optional<simdjson::dom::object>& body, const http::http_answer& answer) {
    const auto refusal = body && answer.status >= 400 ? read_telnyx_refusal(*body, answer.status) : std::nullopt;
    if (!refusal) return number_answer_without_verdict(answer);
    const auto& [error, words] = *refusal;
    number_answer result = number_refusal(classify_telnyx(answer.status, error), error.code, words);
    // 85000: offered too long ago; 85001: somebody else has it.
    result.gone = result.outcome == number_outcome::refused && (error.code == "85000" || error.code == "85001");
    return result;
  }

  request_head head_;
  std::string connection_id_;
  simdjson::dom::parser parser_;
  number_search asked_;
  e164 bought_;
  std::string reference_;
};

}  // namespace

std::unique_ptr<number_codec> make_telnyx_numbers(const account& value) {
  return std::make_unique<telnyx_numbers>(value);
}

}  // namespace dialer::carriers
