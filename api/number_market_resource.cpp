// Numbers that are bought: found, paid, and settled with their carrier.

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

#include "api/campaign_words.hpp"
#include "api/number_book.hpp"
#include "api/number_desk.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_resources.hpp"
#include "compliance/countries.hpp"
#include "sql/generation.hpp"
#include "sql/wallet.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using callerid::number_status;
using carriers::offered_number;

constexpr unsigned search_max = 100;
constexpr unsigned candidates_max = 5;  // that are tried when somebody else is quicker
constexpr std::chrono::seconds answered_within{60};

constexpr std::string_view schemas = R"({
  "OfferedNumber": {
    "type": "object",
    "required": ["phone_number", "type", "capabilities", "country", "area_code", "locality", "region", "purchase_price",
                 "monthly_cost"],
    "additionalProperties": false,
    "properties": {
      "phone_number": {"type": "string"},
      "type": {"$ref": "#/components/schemas/NumberType"},
      "capabilities": {"$ref": "#/components/schemas/Capabilities"},
      "country": {"type": "string"},
      "area_code": {"type": "string"},
      "locality": {"type": "string"},
      "region": {"type": "string", "description": "CA."},
      "purchase_price": {"$ref": "#/components/schemas/Money"},
      "monthly_cost": {"$ref": "#/components/schemas/Money"}
    }
  },
  "OfferedNumbers": {
    "type": "object",
    "required": ["data"],
    "additionalProperties": false,
    "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/OfferedNumber"}}}
  },
  "PhoneNumberPurchase": {
    "type": "object",
    "description": "Without phone_number one is chosen that fits country, area_code, type, capabilities and contains.",
    "additionalProperties": false,
    "properties": {
      "phone_number": {"type": "string", "maxLength": 16, "description": "As a search has found it."},
      "country": {"type": "string", "minLength": 2, "maxLength": 2, "default": "US"},
      "area_code": {"type": "string", "maxLength": 6},
      "contains": {"type": "string", "maxLength": 15, "description": "Digits."},
      "type": {"$ref": "#/components/schemas/NumberType"},
      "capabilities": {"$ref": "#/components/schemas/Capabilities"},
      "friendly_name": {"type": "string", "maxLength": 200},
      "workspace_id": {"type": "string", "maxLength": 64,
                       "description": "Pays for it and holds it. Left out: the agent's, or the only one."},
      "agent_id": {"type": "string", "maxLength": 64, "description": "Who shows it."},
      "inbound_routing": {"$ref": "#/components/schemas/InboundRouting"},
      "outbound_enabled": {"type": "boolean", "default": true}
    },
    "examples": [{"country": "US", "area_code": "415", "friendly_name": "Sales Line"}]
  }
})";

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// What is asked of the carrier, and over which account.
struct market_question {
  integration_id integration;
  carriers::number_search query;
  std::vector<sql::number_price> prices;
};

// The operator's account for the organisation; of several the oldest.
integration_id platform_account(const number_book& book) {
  for (const sql::integration_record& one : book.integrations()) {
    if (one.platform && !one.revoked_at) return one.account.id;
  }
  throw rest_error{{409, "no_platform_account",
                    "no carrier account is there to buy numbers on; whoever runs the engine marks one with platform = "
                    "true in its configuration file, or you register a number of your own: POST /v1/phone-numbers"}};
}

void check_query(const carriers::number_search& query) {
  if (!compliance::is_known_country(query.country)) {
    refuse_param("country", "must be two capital letters (ISO 3166), such as US");
  }
  if (!is_digits(query.area_code) || query.area_code.size() > 6) refuse_param("area_code", "must be up to 6 digits");
  if (!is_digits(query.contains) || query.contains.size() > 15) refuse_param("contains", "must be up to 15 digits");
}

const sql::number_price* price_of(const std::vector<sql::number_price>& prices, const std::string& country,
                                  number_type type) {
  const auto found = std::ranges::find_if(
      prices, [&](const sql::number_price& one) { return one.country == country && one.type == type; });
  return found == prices.end() ? nullptr : &*found;
}

// S7, as far as it is known before it is asked for.
void check_money(const rest_call& call, const sql::number_price* price, workspace_id payer) {
  const auto balance = sql::read_wallet(call.tx.on(), call.who.organisation, payer);
  const auto cost = price == nullptr ? std::nullopt : std::optional{price->purchase};
  const bool may = sql::has(call.who.scopes, sql::scope::numbers_create);
  if (auto refused = callerid::check_purchase(may, cost, balance)) refuse_by_rule(call, *refused);
}

[[noreturn]] void refuse_unreachable(const std::string& why) {
  throw rest_error{
      {503, "carrier_unavailable",
       "the carrier did not answer as it should (" + why + "); nothing was bought: try again in some seconds"}};
}

std::vector<offered_number> find_offers(carrier_call& call, organisation_id organisation,
                                        const market_question& question) {
  auto page = call.desk().search(account_of(call, organisation, question.integration), question.query);
  if (page.refused) {
    throw rest_error{{409, "carrier_refused",
                      "the carrier refused the search (" + page.why +
                          "); ask for another country or type, or have the operator look at the account"}};
  }
  if (!page.clean) refuse_unreachable(page.why);
  return std::move(page.numbers);
}

// ---- search

market_question read_search(const rest_call& call) {
  market_question asked;
  asked.integration = platform_account(number_book{call});
  asked.prices = sql::read_number_prices(call.tx.on(), call.who.organisation);
  carriers::number_search& query = asked.query;
  const auto text = [&](const char* name, std::string& to) {
    if (const auto given = call.query_param(name)) to = *given;
  };
  text("country", query.country);
  text("area_code", query.area_code);
  text("contains", query.contains);
  check_query(query);
  if (const auto type = call.query_param("type")) {
    query.type = find_named(type_names, *type);
    if (!query.type) refuse_param("type", "must be local, national, mobile or toll_free");
  }
  if (const auto limit = call.query_param("limit")) {
    const auto [end, wrong] = std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    if (wrong != std::errc{} || end != limit->data() + limit->size() || query.limit < 1 || query.limit > search_max) {
      refuse_param("limit", "must be a whole number from 1 to 100");
    }
  }
  std::string_view wanted = call.query_param("capabilities").value_or("");
  while (!wanted.empty()) {
    const auto comma = wanted.find(',');
    const auto bit = find_named(capability_names, wanted.substr(0, comma));
    if (!bit) refuse_param("capabilities", "must be some of voice, sms, mms, fax, with commas between them");
    query.capabilities = static_cast<std::uint8_t>(query.capabilities | *bit);
    wanted.remove_prefix(comma == std::string_view::npos ? wanted.size() : comma + 1);
  }
  return asked;
}

rest_answer search_numbers(carrier_call& call) {
  market_question asked;
  organisation_id organisation;
  call.look([&](rest_call& at) {
    asked = read_search(at);
    organisation = at.who.organisation;
  });
  json::array data;
  for (const offered_number& one : find_offers(call, organisation, asked)) {
    if (data.size() == asked.query.limit) break;
    const sql::number_price* price = price_of(asked.prices, one.country, one.type);
    data.push_back(json::object{{"phone_number", one.number.text()},
                                {"type", std::string(find_name(type_names, one.type))},
                                {"capabilities", capabilities_json(one.capabilities)},
                                {"country", one.country},
                                {"area_code", one.area_code},
                                {"locality", one.locality},
                                {"region", one.state},
                                {"purchase_price", money_json(price == nullptr ? money{} : price->purchase)},
                                {"monthly_cost", money_json(price == nullptr ? money{} : price->monthly)}});
  }
  return {{{"data", std::move(data)}}};
}

// ---- purchase

/// What is wanted, as far as it can be judged before the carrier is asked.
struct purchase_plan {
  organisation_id organisation;
  market_question question;
  std::optional<e164> number;  ///< none: whichever fits
};

purchase_plan plan_purchase(const rest_call& call) {
  const number_book book{call};
  purchase_plan plan;
  plan.organisation = call.who.organisation;
  plan.question.integration = platform_account(book);
  plan.question.prices = sql::read_number_prices(call.tx.on(), call.who.organisation);
  carriers::number_search& query = plan.question.query;
  query.limit = candidates_max;
  query.type = number_type::local;
  const auto text = [&](const char* name, std::string& to) {
    if (call.body.contains(name)) to = body_text(call, name);
  };
  text("country", query.country);
  text("area_code", query.area_code);
  text("contains", query.contains);
  if (call.body.contains("phone_number")) {
    plan.number = body_number(call);
    book.refuse_held(*plan.number);
    sql::number_record described;
    described.number = *plan.number;
    describe_number(described);
    query.country = described.country;
    query.type = described.type;
    query.area_code = described.area_code;
    // What comes after the area code, or all of it where none is known: the carrier looks for it anywhere.
    const std::string digits = plan.number->text().substr(1);
    query.contains = plan.number->is_nanp() ? digits.substr(4) : digits;
  }
  check_query(query);
  if (call.body.contains("type")) query.type = find_named(type_names, body_text(call, "type"));
  if (const auto* wanted = call.body.if_contains("capabilities")) query.capabilities = read_capabilities(*wanted);
  const workspace_id payer = book.body_workspace();
  book.check_users();
  check_money(call, price_of(plan.question.prices, query.country, *query.type), payer);
  return plan;
}

// What carriers answer is not always what they were asked for, and is paid by what it is.
bool is_wanted(const offered_number& offered, const purchase_plan& plan) {
  const carriers::number_search& query = plan.question.query;
  sql::number_record described;
  described.number = offered.number;
  describe_number(described);
  const bool free_to_call = described.type == number_type::toll_free;
  return (!plan.number || offered.number == *plan.number) && offered.country == query.country &&
         offered.type == *query.type && free_to_call == (offered.type == number_type::toll_free) &&
         (offered.capabilities & query.capabilities) == query.capabilities &&
         (query.area_code.empty() || offered.area_code == query.area_code);
}

[[noreturn]] void refuse_gone(const std::string& why) {
  throw rest_error{{409, "number_gone",
                    "the carrier has none to sell (" + why +
                        "); nothing was charged: search again, GET /v1/phone-numbers/search, or ask for less"}};
}

// Paid and written down before the carrier hears of it.
rest_answer place_order(rest_call& call, number_book& book, const purchase_plan& plan, const offered_number& offered,
                        phone_number_id id) {
  sql::number_record wanted;
  wanted.id = id;
  wanted.number = offered.number;
  wanted.workspace = book.body_workspace();
  wanted.integration = plan.question.integration;
  wanted.status = number_status::pending;
  wanted.platform = true;
  wanted.outbound_enabled = true;
  wanted.type = offered.type;
  wanted.country = offered.country;
  wanted.area_code = offered.area_code;
  const sql::number_price* price = price_of(plan.question.prices, offered.country, offered.type);
  check_money(call, price, wanted.workspace);
  wanted.monthly_cost = price->monthly;
  read_number_settings(call, wanted);
  // What the body says of these was asked for; what is bought is what was offered.
  wanted.type = offered.type;
  wanted.capabilities = offered.capabilities;
  book.add(wanted);
  book.set_users(id);

  sql::number_order order;
  order.organisation = call.who.organisation;
  order.number = id;
  order.integration = plan.question.integration;
  order.workspace = wanted.workspace;
  order.charged = price->purchase;
  order.due_at = call.now + number_desk::answered_within;  // until then it is this request that asks
  book.order(order);
  sql::transfer paid;
  paid.id = wallet_transfer_id{call.make_id()};
  paid.name = "purchase " + id.text();
  paid.amount = price->purchase;
  paid.number = id;
  if (sql::move_money(call.tx, call.who.organisation, wanted.workspace, paid) != sql::transfer_outcome::done) {
    check_money(call, price, wanted.workspace);
    throw rest_error{{409, "conflict", "the wallet is in another currency than the number's price"}};
  }
  rest_answer answer{book.to_json(book.at(id))};
  answer.status = 202;
  return answer;
}

/// The number as it is now.
rest_answer answer_number(carrier_call& call, phone_number_id id) {
  rest_answer answer;
  call.look([&](rest_call& at) {
    const number_book book{at};
    const sql::number_record& number = book.at(id);
    answer = answer_when_applied(at, book.to_json(number));
    if (number.status == number_status::pending) answer.status = 202;
  });
  return answer;
}

rest_answer purchase_number(carrier_call& call) {
  purchase_plan plan;
  call.look([&](rest_call& at) { plan = plan_purchase(at); });
  auto offers = find_offers(call, plan.organisation, plan.question);
  std::erase_if(offers, [&](const auto& one) { return !is_wanted(one, plan); });
  if (offers.size() > candidates_max) offers.resize(candidates_max);
  order_standing stands{.why = "it offers no such number", .gone = true};
  while (!offers.empty()) {
    phone_number_id id;
    call.change([&](rest_call& at) {
      sql::lock_organisation(at.tx, plan.organisation);
      number_book book{at};
      if (plan.number) book.refuse_held(*plan.number);
      // Another request of the organisation was offered the same, and was first.
      std::erase_if(offers, [&](const auto& one) { return book.holds(one.number); });
      if (offers.empty()) refuse_gone(stands.why);
      id = phone_number_id{at.make_id()};
      return place_order(at, book, plan, offers.front(), id);
    });
    offers.erase(offers.begin());
    stands = call.desk().settle(call.session(), plan.organisation, id);
    if (!stands.settled || stands.why.empty()) return answer_number(call, id);
    if (!stands.gone) break;
  }
  if (stands.gone) refuse_gone(stands.why);
  throw rest_error{{409, "carrier_refused",
                    "the carrier refused (" + stands.why + "); what was charged was paid back to the wallet"}};
}

// ---- process

rest_answer process_number(carrier_call& call) {
  organisation_id organisation;
  phone_number_id id;
  call.look([&](rest_call& at) {
    organisation = at.who.organisation;
    id = number_book{at}.find_own().id;
  });
  (void)call.desk().settle(call.session(), organisation, id);
  return call.change([&](rest_call& at) {
    const number_book book{at};
    return answer_when_applied(at, book.to_json(book.at(id)));
  });
}

}  // namespace

rest_resource number_market_resource() {
  return {{{.method = "GET",
            .path = "/v1/phone-numbers/search",
            .name = "searchPhoneNumbers",
            .summary = "Numbers that can be bought now",
            .gives = "OfferedNumbers",
            .query = {{"country", "string", "ISO 3166-1 alpha-2 (US)."},
                      {"area_code", "string", "Digits."},
                      {"type", "string", "local, national, mobile or toll_free."},
                      {"capabilities", "string", "All of these, with commas between them: voice, sms, mms, fax."},
                      {"contains", "string", "Digits."},
                      {"limit", "integer", "How many at most, 1 to 100 (10)."}},
            .unanswered_max = 64,
            .respond_within = answered_within,
            .ask = search_numbers},
           {.method = "POST",
            .path = "/v1/phone-numbers/purchase",
            .name = "purchasePhoneNumber",
            .summary = "Buy a number, this one or one that fits; 202 while the carrier has not confirmed it",
            .needs = sql::scope::numbers_create,
            .takes = "PhoneNumberPurchase",
            .gives = "PhoneNumber",
            .success = 201,
            .unanswered_max = 64,
            .respond_within = answered_within,
            .ask = purchase_number},
           {.method = "POST",
            .path = "/v1/phone-numbers/{number_id}/process",
            .name = "processPhoneNumber",
            .summary = "Ask the carrier now what became of a number that it has not confirmed",
            .needs = sql::scope::operate,
            .gives = "PhoneNumber",
            .unanswered_max = 64,
            .respond_within = answered_within,
            .ask = process_number}},
          schemas};
}

}  // namespace dialer::api
