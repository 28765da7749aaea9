#include "api/json_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <stdexcept>

namespace dialer::api {
namespace {

namespace json = boost::json;

json_schemas small() {
  return json_schemas{json::parse(R"({
    "Name": {"type": "string", "minLength": 1, "maxLength": 3},
    "Thing": {
      "type": "object", "required": ["name"], "additionalProperties": false,
      "properties": {
        "name": {"$ref": "#/components/schemas/Name"},
        "weight": {"type": "integer", "minimum": 1, "maximum": 1000},
        "rate": {"type": "number", "minimum": 0},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/components/schemas/Name"}},
        "note": {"type": ["string", "null"]},
        "free": {"type": "object", "additionalProperties": {"type": "string"}}
      }
    }
  })")
                          .as_object()};
}

std::string wrong(const std::string& text) {
  std::string all;
  for (const param_error& each : small().check_named("Thing", json::parse(text)))
    all += each.param + " " + each.message + "; ";
  return all;
}

TEST(JsonSchema, ValidThing_HasNothingWrong) {
  EXPECT_EQ(wrong(R"({"name": "abc", "weight": 1000, "rate": 0, "kind": "b", "tags": ["x", "y"], "note": null,
                      "free": {"any": "text"}})"),
            "");
  EXPECT_EQ(wrong(R"({"name": "äöü"})"), "") << "length is in characters";
}

TEST(JsonSchema, EachRule_NamesParameterAndRemedy) {
  EXPECT_EQ(wrong("7"), " must be object; ");
  EXPECT_EQ(wrong("{}"), "name is missing; ");
  EXPECT_EQ(wrong(R"({"name": ""})"), "name must be at least 1 characters long; ");
  EXPECT_EQ(wrong(R"({"name": "abcd"})"), "name must not be above 3 characters; ");
  EXPECT_EQ(wrong(R"({"name": "a", "weight": 0})"), "weight must be at least 1; ");
  EXPECT_EQ(wrong(R"({"name": "a", "weight": 1001})"), "weight must not be above 1000; ");
  EXPECT_EQ(wrong(R"({"name": "a", "weight": 1.5})"), "weight must be integer; ");
  EXPECT_EQ(wrong(R"({"name": "a", "weight": "1"})"), "weight must be integer; ");
  EXPECT_EQ(wrong(R"({"name": "a", "rate": -0.1})"), "rate must be at least 0; ");
  EXPECT_EQ(wrong(R"({"name": "a", "kind": "c"})"), "kind must be one of [\"a\",\"b\"]; ");
  EXPECT_EQ(wrong(R"({"name": "a", "tags": []})"), "tags must be at least 1 items long; ");
  EXPECT_EQ(wrong(R"({"name": "a", "tags": ["x", "y", "z"]})"), "tags must not be above 2 items; ");
  EXPECT_EQ(wrong(R"({"name": "a", "tags": ["x", ""]})"), "tags[1] must be at least 1 characters long; ");
  EXPECT_EQ(wrong(R"({"name": "a", "note": 7})"), "note must be string or null; ");
  EXPECT_EQ(wrong(R"({"name": "a", "free": {"any": 7}})"), "free.any must be string; ");
  EXPECT_EQ(wrong(R"({"name": "a", "org_id": "x"})"), "org_id is not known here; ");
}

TEST(JsonSchema, SeveralMistakes_AreToldAtOnceButNotWithoutEnd) {
  EXPECT_EQ(wrong(R"({"weight": 0, "kind": 7})"), "name is missing; weight must be at least 1; kind must be string; ");
  std::string many = R"({"name": "a")";
  for (int i = 0; i < 1000; ++i) many += ",\"x" + std::to_string(i) + "\": 1";
  EXPECT_EQ(small().check_named("Thing", json::parse(many + "}")).size(), 20U);
}

TEST(JsonSchema, PromiseThatNobodyChecks_IsAMistakeOfTheSource) {
  for (const char* text : {R"({"A": {"pattern": "x"}})", R"({"A": {"properties": {"b": {"oneOf": []}}}})",
                           R"({"A": {"items": {"$ref": "#/components/schemas/B"}}})", R"({"A": {"$ref": "B"}})"}) {
    EXPECT_THROW(json_schemas{json::parse(text).as_object()}, std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace dialer::api
