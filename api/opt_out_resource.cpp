#include <boost/json/array.hpp>

#include "api/instants.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_paging.hpp"
#include "api/rest_resources.hpp"
#include "campaigns/phone_normaliser.hpp"
#include "sql/opt_outs.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::string_view schemas = R"({
  "OptOut": {
    "type": "object",
    "required": ["number", "at", "source"],
    "additionalProperties": false,
    "properties": {
      "number": {"type": "string"},
      "at": {"type": "string", "format": "date-time"},
      "source": {"type": "string", "description": "Who said so."}
    }
  },
  "OptOutList": {
    "type": "object",
    "required": ["data", "next_cursor"],
    "additionalProperties": false,
    "properties": {
      "data": {"type": "array", "items": {"$ref": "#/components/schemas/OptOut"}},
      "next_cursor": {"$ref": "#/components/schemas/Cursor"}
    }
  },
  "OptOutCreate": {
    "type": "object",
    "required": ["numbers"],
    "additionalProperties": false,
    "properties": {
      "numbers": {"type": "array", "minItems": 1, "maxItems": 10000,
                  "items": {"type": "string", "minLength": 1, "maxLength": 40}},
      "country": {"type": "string", "minLength": 2, "maxLength": 2, "default": "US",
                  "description": "Of numbers that are written nationally."}
    },
    "examples": [{"numbers": ["+12125550151", "(212) 555-0152"]}]
  },
  "OptOutResult": {
    "type": "object",
    "required": ["numbers"],
    "additionalProperties": false,
    "properties": {
      "numbers": {"type": "array", "items": {"type": "string"}, "description": "As they are kept, in E.164."},
      "engine": {"$ref": "#/components/schemas/EngineStanding"}
    }
  }
})";

constexpr std::size_t told_max = 20;  // bad numbers

json::object to_json(const sql::opt_out_record& one) {
  return {{"number", one.number.text()}, {"at", to_text(one.at)}, {"source", one.source}};
}

campaigns::phone_normaliser normaliser_of(const rest_call& call) {
  const std::string country = call.body.contains("country") ? body_text(call, "country") : "US";
  try {
    return campaigns::phone_normaliser{country};
  } catch (const std::invalid_argument&) {
    refuse_param("country", "is none that we know; write two capital letters, such as \"US\"");
  }
}

// All or none: a bad number changes nothing.
std::vector<e164> read_numbers(const rest_call& call) {
  const campaigns::phone_normaliser normaliser = normaliser_of(call);
  std::vector<e164> numbers;
  std::vector<param_error> wrong;
  const json::array& given = call.body.at("numbers").as_array();
  for (std::size_t i = 0; i < given.size() && wrong.size() < told_max; ++i) {
    const auto& text = given[i].as_string();
    const auto read = normaliser.normalise({text.data(), text.size()});
    if (read) {
      numbers.push_back(read.number);
    } else {
      const auto& why = campaigns::describe(read.problem);
      wrong.push_back({"numbers[" + std::to_string(i) + "]",
                       "is no number: " + std::string(why.meaning) + "; " + std::string(why.remedy)});
    }
  }
  if (wrong.empty()) return numbers;
  const param_error first = wrong.front();
  throw rest_error{{422, "invalid", first.param + " " + first.message, first.param, std::move(wrong)}};
}

std::string source_of(const rest_call& call) {
  return "API " + call.who.key.text();
}

rest_answer answer_numbers(const std::vector<e164>& numbers, std::uint64_t generation) {
  json::array all;
  for (const e164 number : numbers) all.emplace_back(number.text());
  return {{{"numbers", std::move(all)}}, generation};
}

e164 path_number(const rest_call& call) {
  const auto number = e164::parse(call.request.param("number"));
  if (!number) refuse_missing("opt-out");
  return *number;
}

sql::opt_out_record find(const rest_call& call) {
  auto found = sql::find_opt_out(call.tx.on(), call.who.organisation, path_number(call));
  if (!found) refuse_missing("opt-out");
  return std::move(*found);
}

rest_answer list_opt_outs(rest_call& call) {
  const page asked = read_page(call, "opt");
  const e164 after = e164::from_digits(asked.after ? asked.after->low : 0);
  const auto rows = sql::read_opt_outs(call.tx.on(), call.who.organisation, after, asked.limit + 1);
  return answer_page(asked, rows, to_json,
                     [](const sql::opt_out_record& one) { return make_cursor("opt", 0, one.number.digits()); });
}

rest_answer get_opt_out(rest_call& call) {
  return {to_json(find(call))};
}

rest_answer add_opt_outs(rest_call& call) {
  const std::vector<e164> numbers = read_numbers(call);
  return answer_numbers(numbers, sql::add_opt_outs(call.tx, call.who.organisation, numbers, source_of(call)));
}

rest_answer withdraw_opt_out(rest_call& call) {
  const std::vector<e164> number{find(call).number};
  return answer_numbers(number, sql::withdraw_opt_outs(call.tx, call.who.organisation, number, source_of(call)));
}

}  // namespace

rest_resource opt_out_resource() {
  return {{{.method = "GET",
            .path = "/v1/opt-outs",
            .name = "listOptOuts",
            .summary = "Numbers that are never called, by number",
            .where = reach::organisation,
            .gives = "OptOutList",
            .query = paged(),
            .run = list_opt_outs},
           // Open to a confined key: whoever hears "don't call me" must be able to say so.
           {.method = "POST",
            .path = "/v1/opt-outs",
            .name = "addOptOuts",
            .summary = "Never call these numbers again; 200 once no call to them can start any more",
            .needs = sql::scope::operate,
            .takes = "OptOutCreate",
            .gives = "OptOutResult",
            .run = add_opt_outs},
           {.method = "GET",
            .path = "/v1/opt-outs/{number}",
            .name = "getOptOut",
            .summary = "Whether a number, in E.164, is never called",
            .where = reach::organisation,
            .gives = "OptOut",
            .run = get_opt_out},
           {.method = "DELETE",
            .path = "/v1/opt-outs/{number}",
            .name = "withdrawOptOut",
            .summary = "This person wants to be called again",
            .needs = sql::scope::operate,
            .where = reach::organisation,
            .gives = "OptOutResult",
            .run = withdraw_opt_out}},
          schemas};
}

}  // namespace dialer::api
