#include "carriers/twilio_numbers.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "carriers/answer_reading.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/number_reading.hpp"
#include "carriers/request_head.hpp"
#include "carriers/twilio_reading.hpp"
#include "carriers/twilio_sid.hpp"

namespace dialer::carriers {
namespace {

/// The resource below a country that offers numbers of a type.
std::string_view offers_of(number_type type) {
  switch (type) {
    case number_type::national: return "National";
    case number_type::mobile: return "Mobile";
    case number_type::toll_free: return "TollFree";
    case number_type::local: break;
  }
  return "Local";
}

class twilio_numbers final : public number_codec {
 public:
  explicit twilio_numbers(const account& value)
      : head_{value, twilio_authorization(value)},
        account_sid_{value.account_sid},
        account_path_{twilio_account_path(value)} {}

  void encode_search(const number_search& query, std::string& out) override {
    asked_ = query;
    std::string path = account_path_ + "/AvailablePhoneNumbers/";
    append_percent_encoded(query.country, path);
    path += '/';
    path += offers_of(query.type.value_or(number_type::local));
    path += ".json?PageSize=" + std::to_string(std::clamp(query.limit, 1U, 100U));
    const bool has_area_codes = query.country == "US" || query.country == "CA";
    const std::string contains = has_area_codes ? query.contains : query.area_code + query.contains;
    if (has_area_codes && !query.area_code.empty()) append_parameter("&AreaCode=", query.area_code, path);
    if (!contains.empty()) append_parameter("&Contains=", contains, path);
    if ((query.capabilities & voice) != 0) path += "&VoiceEnabled=true";
    if ((query.capabilities & sms) != 0) path += "&SmsEnabled=true";
    if ((query.capabilities & mms) != 0) path += "&MmsEnabled=true";
    if ((query.capabilities & fax) != 0) path += "&FaxEnabled=true";
    head_.get(path, out);
  }

  number_page<offered_number> decode_search(const http::http_answer& answer) override {
    return read_page<offered_number>(answer, "available_phone_numbers",
                                     [this](simdjson::dom::object row) { return read_offer(row); });
  }

  void encode_buy(e164 number, std::string_view, std::string_view voice_url, std::string& out) override {
    bought_ = number;
    std::string body;
    append_parameter("PhoneNumber=", number.text(), body);
    if (!voice_url.empty()) {
      append_parameter("&VoiceUrl=", voice_url, body);
      body += "&VoiceMethod=POST";
    }
    head_.post(account_path_ + "/IncomingPhoneNumbers.json", form_type, body, out);
  }

  number_answer decode_buy(const http::http_answer& answer) override { return read_changed(answer, 201, bought_); }

  void encode_find_purchase(e164 number, std::string_view, std::string& out) override { encode_held(number, {}, out); }

  number_answer decode_find_purchase(const http::http_answer& answer, e164 number) override {
    number_page<held_number> page = decode_held(answer);
    number_answer result;
    result.why = page.why;
    if (!page.clean) return result;
    const auto found = std::ranges::find(page.numbers, number, &held_number::number);
    if (found != page.numbers.end()) {
      result.outcome = number_outcome::done;
      result.carrier_ref = std::move(found->carrier_ref);
    } else if (page.next.empty()) {
      result.outcome = number_outcome::refused;
      result.why = "the account does not hold " + number.text();
    } else {
      result.why = "the list of " + number.text() + " has more than one page";
    }
    return result;
  }

  void encode_held(std::optional<e164> only, std::string_view next, std::string& out) override {
    if (!next.empty()) return head_.get(next, out);
    std::string path = held_list() + "PageSize=100";
    if (only) append_parameter("&PhoneNumber=", only->text(), path);
    head_.get(path, out);
  }

  number_page<held_number> decode_held(const http::http_answer& answer) override {
    return read_page<held_number>(answer, "incoming_phone_numbers", read_held);
  }

  /// An application or a trunk would go before the URL.
  void encode_route(std::string_view carrier_ref, std::string_view voice_url, std::string& out) override {
    std::string body;
    append_parameter("VoiceUrl=", voice_url, body);
    head_.post(number_path(carrier_ref), form_type, body + "&VoiceMethod=POST&VoiceApplicationSid=&TrunkSid=", out);
  }

  number_answer decode_route(const http::http_answer& answer) override { return read_changed(answer, 200); }

  void encode_release(std::string_view carrier_ref, std::string& out) override {
    head_.remove(number_path(carrier_ref), out);
  }

  number_answer decode_release(const http::http_answer& answer) override {
    if (answer.how == http::delivery::answered && answer.status == 204) return {.outcome = number_outcome::done};
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    if (body && answer.status == 404 && twilio_error_code(*body) == 20404) return {.outcome = number_outcome::done};
    return read_refused(body, answer);
  }

 private:
  static void append_parameter(std::string_view name, std::string_view value, std::string& out) {
    out += name;
    append_percent_encoded(value, out);
  }

  std::string held_list() const { return account_path_ + "/IncomingPhoneNumbers.json?"; }

  std::string number_path(std::string_view carrier_ref) const {
    std::string path = account_path_ + "/IncomingPhoneNumbers/";
    append_percent_encoded(carrier_ref, path);
    return path += ".json";
  }

  template <class Thing, class Reader>
  number_page<Thing> read_page(const http::http_answer& answer, std::string_view list, Reader read) {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    const auto rows = body && answer.status == 200 ? json_array(*body, list) : std::nullopt;
    if (!rows) return unread_page<Thing>(read_refused(body, answer));
    auto page = read_rows<Thing>(*rows, answer, read);
    if (!page.clean) return page;
    // Offers have no second page: a search is asked anew.
    page.clean = std::is_same_v<Thing, offered_number> || read_twilio_next(*body, held_list(), page.next);
    if (!page.clean) {
      page.why = foreign_text("the next page is not of this account: " + what_came(answer));
      page.numbers.clear();
    }
    return page;
  }

  static std::uint8_t read_capabilities(simdjson::dom::object row) {
    std::uint8_t mask = 0;
    const auto named = json_object(row, "capabilities");
    if (!named) return mask;
    for (const auto field : *named) {
      bool has = false;
      if (field.value.get(has) == simdjson::SUCCESS && has) mask |= capability_named(field.key);
    }
    return mask;
  }

  std::optional<offered_number> read_offer(simdjson::dom::object row) const {
    const auto number = e164::parse(json_text(row, "phone_number"));
    if (!number) return std::nullopt;
    offered_number offer;
    offer.number = *number;
    offer.type = asked_.type.value_or(number_type_of(*number));
    offer.capabilities = read_capabilities(row);
    const std::string_view country = json_text(row, "iso_country");
    offer.country = is_country(country) ? country : asked_.country;
    offer.area_code = area_code_of(*number);
    offer.locality = foreign_text(json_text(row, "locality"));
    offer.state = foreign_text(json_text(row, "region"));
    return offer;
  }

  static std::optional<held_number> read_held(simdjson::dom::object row) {
    const auto number = e164::parse(json_text(row, "phone_number"));
    const std::string_view sid = json_text(row, "sid");
    if (!number || !is_sid(sid, "PN")) return std::nullopt;
    held_number held;
    held.carrier_ref = sid;
    held.number = *number;
    held.friendly_name = foreign_text(json_text(row, "friendly_name"));
    held.type = number_type_named(json_text(row, "type")).value_or(number_type_of(*number));
    held.capabilities = read_capabilities(row);
    for (const std::string_view field : {"trunk_sid", "voice_application_sid", "voice_url"}) {
      if (held.voice_webhook.empty()) held.voice_webhook = foreign_text(json_text(row, field));
    }
    return held;
  }

  /// The answer to a change is the number as it is now: `only` that one, when it is given.
  number_answer read_changed(const http::http_answer& answer, int status, std::optional<e164> only = {}) {
    const auto body = may_be_json(answer) ? json_document(parser_, answer.body) : std::nullopt;
    if (!body || answer.status != status) return read_refused(body, answer);
    const std::string_view sid = json_text(*body, "sid");
    const std::string_view owner = json_text(*body, "account_sid");
    if (!is_sid(sid, "PN") || (!owner.empty() && owner != account_sid_)) return number_answer_without_verdict(answer);
    if (only && e164::parse(json_text(*body, "phone_number")) != only) return number_answer_without_verdict(answer);
    return {.outcome = number_outcome::done, .carrier_ref = std::string{sid}};
  }

  static number_answer read_refused(const std::optional<simdjson::dom::object>& body, const http::http_answer& answer) {
    const auto error = body && answer.status >= 400 ? read_twilio_error(*body, answer.status) : std::nullopt;
    if (!error) return number_answer_without_verdict(answer);
    const auto [code, words] = *error;
    number_answer result =
        number_refusal(classify_twilio(answer.status, code), code == 0 ? std::string{} : std::to_string(code), words);
    constexpr int not_available = 21422;
    result.gone = result.outcome == number_outcome::refused && code == not_available;
    return result;
  }

  request_head head_;
  std::string account_sid_;
  std::string account_path_;
  simdjson::dom::parser parser_;
  number_search asked_;
  e164 bought_;
};

}  // namespace

std::unique_ptr<number_codec> make_twilio_numbers(const account& value) {
  return std::make_unique<twilio_numbers>(value);
}

}  // namespace dialer::carriers
