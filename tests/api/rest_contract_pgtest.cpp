// The API against its own document: every operation of /v1/openapi.json is exercised, and every answer is judged by the
// schema that the document promises for it. A new operation is tested by being in the document.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <sstream>

#include "api/json_schema.hpp"
#include "api/rest_resources.hpp"
#include "sql/opt_outs.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::rest_house;
using test::rest_reply;
using test::tenant;

/// An operation as somebody who has only the document knows it.
struct documented {
  std::string method;
  std::string path;
  json::object what;

  std::string name() const { return std::string(what.at("operationId").as_string()); }
  std::string needs() const { return std::string(what.at("x-required-scope").as_string()); }
  bool organisation_wide() const { return what.at("x-organisation-wide").as_bool(); }
  bool takes_body() const { return what.contains("requestBody") && media().contains("application/json"); }
  bool is_stream() const {
    return json::serialize(what.at("responses")).find("text/event-stream") != std::string::npos;
  }
  bool is_export() const { return json::serialize(what.at("responses")).find("x-row") != std::string::npos; }
  bool takes_list() const { return what.contains("requestBody") && media().contains("text/csv"); }
  const json::object& media() const { return what.at("requestBody").at("content").as_object(); }
  std::vector<std::string> parameters(const std::string& in) const {
    std::vector<std::string> names;
    for (const json::value& one : what.at("parameters").as_array()) {
      if (one.at("in").as_string() == in) names.emplace_back(one.at("name").as_string());
    }
    return names;
  }
  std::vector<std::string> needed_in_query() const {
    std::vector<std::string> names;
    for (const json::value& one : what.at("parameters").as_array()) {
      if (one.as_object().contains("x-needed-unless-confined")) names.emplace_back(one.at("name").as_string());
    }
    return names;
  }
};

std::ostream& operator<<(std::ostream& out, const documented& one) {
  return out << one.name();
}

const json::object& document() {
  static const json::object read = [] {
    std::vector<rest_operation> all;
    for (const rest_resource& resource : rest_resources()) {
      all.insert(all.end(), resource.operations.begin(), resource.operations.end());
    }
    return json::parse(openapi_document(all, gather_schemas(rest_resources()))).as_object();
  }();
  return read;
}

const json_schemas& schemas() {
  static const json_schemas all{document().at("components").at("schemas").as_object()};
  return all;
}

std::vector<documented> operations() {
  std::vector<documented> all;
  for (const auto& [path, methods] : document().at("paths").as_object()) {
    for (const auto& [method, what] : methods.as_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      all.push_back({upper, std::string(path), what.as_object()});
    }
  }
  return all;
}

/// With a query that says whose, where one is needed.
std::string target_of(const documented& operation, const std::map<std::string, std::string>& ids) {
  std::string target = operation.path;
  for (const std::string& name : operation.parameters("path")) {
    const auto at = target.find("{" + name + "}");
    target.replace(at, name.size() + 2, ids.at(name));
  }
  for (const std::string& name : operation.needed_in_query()) target += "?" + name + "=" + ids.at(name);
  return target;
}

std::string with_query(const std::string& target, const std::string& query) {
  return target + (target.find('?') == std::string::npos ? "?" : "&") + query;
}

json::object schema_of_body(const documented& operation) {
  const std::string reference{
      operation.what.at("requestBody").at("content").at("application/json").at("schema").at("$ref").as_string()};
  return schemas().all().at(reference.substr(reference.rfind('/') + 1)).as_object();
}

/// The document's own example, with the ids that it may hold.
std::string body_of(const documented& operation, const std::map<std::string, std::string>& ids) {
  if (operation.takes_list()) return std::string(operation.media().at("text/csv").at("example").as_string());
  if (!operation.takes_body()) return {};
  const json::object schema = schema_of_body(operation);
  json::object body = schema.at("examples").at(0).as_object();
  for (const auto& [name, one] : schema.at("properties").as_object()) {
    if (const auto id = ids.find(std::string(name)); id != ids.end()) body[name] = id->second;
  }
  return json::serialize(body);
}

std::string mistakes(const json::value& schema, const json::value& value) {
  std::string all;
  for (const param_error& each : schemas().check(schema, value)) all += each.param + " " + each.message + "; ";
  return all;
}

void expect_problem(const rest_reply& reply, int status) {
  EXPECT_EQ(reply.status, status) << reply.text;
  EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(mistakes(json::object{{"$ref", "#/components/schemas/Problem"}}, reply.body), "") << reply.text;
  EXPECT_EQ(std::string(reply.body.at("request_id").as_string()), reply.header("X-Request-Id"));
}

class RestContract : public testing::TestWithParam<documented> {
 protected:
  const documented& operation() const { return GetParam(); }
  rest_house& house() {
    if (!house_) {
      house_.emplace().engine_follows();
      // Numbers are bought on an account of the operator's; all else is about one of the organisation's own.
      const bool buys = operation().name() == "searchPhoneNumbers" || operation().name() == "purchasePhoneNumber";
      if (!buys) house_->first.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL");
      house_->first.rest_number();
      house_->carrier.hold("+14155550149");  // as the document's example of an import has it
    }
    return *house_;
  }
  rest_reply ask(const std::string& key, const std::map<std::string, std::string>& ids) {
    return house().ask(operation().method, target_of(operation(), ids), key, body_of(operation(), ids),
                       operation().takes_list() ? "Content-Type: text/csv\r\n" : "");
  }
  /// Each line of the file is by the schema.
  void expect_rows(const json::value& schema) {
    const rest_reply file =
        house().ask("GET", with_query(target_of(operation(), house().first.ids), "format=ndjson"), house().first.key);
    EXPECT_TRUE(file.whole);
    std::istringstream lines{file.text};
    int rows = 0;
    for (std::string line; std::getline(lines, line); ++rows) {
      EXPECT_EQ(mistakes(schema, json::parse(line)), "") << line;
    }
    EXPECT_GT(rows, 0);
  }

 private:
  std::optional<rest_house> house_;  // made when it is needed: not every rule is about every operation
};

INSTANTIATE_TEST_SUITE_P(Each, RestContract, testing::ValuesIn(operations()),
                         [](const testing::TestParamInfo<documented>& one) { return one.param.name(); });

TEST_P(RestContract, Answer_IsWhatTheDocumentPromises) {
  const rest_reply reply = ask(house().first.key, house().first.ids);
  ASSERT_TRUE(operation().what.at("responses").as_object().contains(std::to_string(reply.status))) << reply.text;
  if (operation().is_stream()) {  // what its events hold is judged where they are made
    EXPECT_EQ(reply.header("Content-Type"), "text/event-stream");
    return;
  }
  const json::value& promised = operation().what.at("responses").at(std::to_string(reply.status));
  if (operation().is_export()) return expect_rows(promised.at("content").at("application/x-ndjson").at("x-row"));
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(mistakes(promised.at("content").at("application/json").at("schema"), reply.body), "") << reply.text;
  EXPECT_THAT(house().warnings, testing::IsEmpty());
}

TEST_P(RestContract, WithoutAKeyOrTheScope_IsRefused) {
  expect_problem(ask("", house().first.ids), 401);
  const auto needed = static_cast<sql::scope_bits>(sql::parse_scope(operation().needs()).value());
  const std::string without = house().first.add_key(house().keys, static_cast<sql::scope_bits>(15 & ~needed));
  expect_problem(ask(without, house().first.ids), 403);
  const std::string only = house().first.add_key(house().keys, needed);
  EXPECT_LT(ask(only, house().first.ids).status, 300);
}

TEST_P(RestContract, BodyOfAnotherForm_IsRefusedByItsParameter) {
  if (!operation().takes_body()) return;
  const std::string target = target_of(operation(), house().first.ids);
  const rest_reply surprised = house().ask(operation().method, target, house().first.key, R"({"surprise":1})");
  expect_problem(surprised, 422);
  EXPECT_THAT(surprised.text, testing::HasSubstr("surprise"));
  expect_problem(house().ask(operation().method, target, house().first.key, "[]"), 422);
  expect_problem(house().ask(operation().method, target, house().first.key, "{"), 400);
}

TEST_P(RestContract, Repeated_UnderOneKeyAnswersTheSame) {
  const auto headers = operation().parameters("header");
  if (std::ranges::find(headers, "Idempotency-Key") == headers.end()) return;
  const auto once = [&] {
    return house().ask(operation().method, target_of(operation(), house().first.ids), house().first.key,
                       body_of(operation(), house().first.ids), "Idempotency-Key: same\r\n");
  };
  const rest_reply first = once();
  const rest_reply second = once();
  EXPECT_LT(first.status, 300) << first.text;
  EXPECT_EQ(second.status, first.status);
  json::object told = first.body;
  told.erase("secret");  // shown once
  EXPECT_EQ(json::serialize(second.body), json::serialize(told));
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
}

TEST_P(RestContract, List_GoesOnAtItsCursorToTheEnd) {
  const auto query = operation().parameters("query");
  if (std::ranges::find(query, "cursor") == query.end()) return;
  const std::string target = target_of(operation(), house().first.ids);
  const rest_reply whole = house().ask("GET", target, house().first.key);
  const std::size_t rows = whole.body.at("data").as_array().size();
  EXPECT_GT(rows, 0U);
  json::array joined;
  std::string cursor;
  for (std::size_t pages = 0; pages <= rows; ++pages) {
    const rest_reply page = house().ask("GET", with_query(target, "limit=1" + cursor), house().first.key);
    ASSERT_EQ(page.status, 200) << page.text;
    for (const json::value& one : page.body.at("data").as_array()) joined.push_back(one);
    const json::value& next = page.body.at("next_cursor");
    if (next.is_null()) break;
    cursor = "&cursor=" + std::string(next.as_string());
  }
  EXPECT_EQ(json::serialize(joined), json::serialize(whole.body.at("data")));
  expect_problem(house().ask("GET", with_query(target, "cursor=con_0"), house().first.key), 422);
  expect_problem(house().ask("GET", with_query(target, "limit=0"), house().first.key), 422);
  expect_problem(house().ask("GET", with_query(target, "limit=101"), house().first.key), 422);
  expect_problem(house().ask("GET", with_query(target, "offset=1"), house().first.key), 400);
}

// ---- two tenants

/// Ids of the same kinds that nobody has.
std::map<std::string, std::string> missing_ids() {
  return {{"organisation_id", organisation_id{sql::test::make_test_id()}.text()},
          {"workspace_id", workspace_id{sql::test::make_test_id()}.text()},
          {"agent_id", agent_id{sql::test::make_test_id()}.text()},
          {"integration_id", integration_id{sql::test::make_test_id()}.text()},
          {"number_id", phone_number_id{sql::test::make_test_id()}.text()},
          {"campaign_id", campaign_id{sql::test::make_test_id()}.text()},
          {"key_id", api_key_id{sql::test::make_test_id()}.text()},
          {"webhook_id", webhook_id{sql::test::make_test_id()}.text()},
          {"contact_id", contact_id{7'777}.text()},
          {"attempt_id", attempt_id{7'777}.text()},
          {"number", "+12125550177"},
          {"list_name", "nothing%20of%20the%20kind"}};
}

/// All that tells two answers apart, but for the request's own id.
std::string essence(const rest_reply& reply) {
  std::string text = reply.head + reply.text;
  const std::string id = reply.header("X-Request-Id");
  for (auto at = text.find(id); !id.empty() && at != std::string::npos; at = text.find(id, at + 2)) {
    text.replace(at, id.size(), "ID");
  }
  return text;
}

std::string rows_of(const tenant& of, sql::session& on) {
  std::string all;
  for (const char* table :
       {"workspace", "agent", "integration", "campaign", "campaign_version", "opt_out", "api_key", "api_request",
        "webhook", "wallet", "wallet_entry", "org_owner", "audit_log", "audit_head", "lane", "contact"}) {
    all += on.run("SELECT coalesce(string_agg(t::text, ';' ORDER BY t::text), '') FROM " + std::string(table) +
                      " t WHERE org_id = $1",
                  sql::params{}.uuid(of.house.id))
               .text(0, 0);
  }
  return all;
}

/// Names that an operation's path, query or body has our ids under; connection_id is the carrier's, external_id the
/// customer's.
std::vector<std::string> id_names(const documented& operation) {
  std::vector<std::string> names = operation.parameters("path");
  std::ranges::copy(operation.needed_in_query(), std::back_inserter(names));
  if (!operation.takes_body()) return names;
  const json::object body = schema_of_body(operation);
  for (const auto& [name, schema] : body.at("properties").as_object()) {
    if (name.ends_with("_id") && name != "connection_id" && name != "external_id") names.emplace_back(name);
  }
  return names;
}

TEST_P(RestContract, ForeignId_AnswersExactlyLikeAMissingOne) {
  const std::string before = rows_of(house().second, house().second.house.on);
  for (const std::string& name : id_names(operation())) {
    auto foreign = house().first.ids;
    auto missing = house().first.ids;
    auto malformed = house().first.ids;
    foreign[name] = house().second.ids.at(name);
    missing[name] = missing_ids().at(name);
    malformed[name] = "x";
    const rest_reply theirs = ask(house().first.key, foreign);
    EXPECT_GE(theirs.status, 400) << name << ": " << theirs.text;
    EXPECT_EQ(essence(theirs), essence(ask(house().first.key, missing))) << name;
    EXPECT_EQ(essence(theirs), essence(ask(house().first.key, malformed))) << name;
    EXPECT_EQ(theirs.text.find(foreign[name]), std::string::npos) << name << " comes back: " << theirs.text;
  }
  EXPECT_EQ(rows_of(house().second, house().second.house.on), before);
}

TEST_P(RestContract, AllIdsForeign_ShowAndChangeNothing) {
  if (id_names(operation()).empty()) return;
  const std::string before = rows_of(house().second, house().second.house.on);
  EXPECT_GE(ask(house().first.key, house().second.ids).status, 400);
  EXPECT_EQ(rows_of(house().second, house().second.house.on), before);
}

TEST_P(RestContract, KeyOfAnotherWorkspace_SeesNothingOfThisOne) {
  const std::string confined = house().first.add_key(house().keys, 15, house().first.other_workspace);
  const rest_reply reply = ask(confined, house().first.ids);
  if (operation().organisation_wide()) return expect_problem(reply, 403);
  if (operation().name() == "addOptOuts") return;  // concerns no workspace, and is open on purpose
  if (id_names(operation()).empty()) {
    for (const auto& [name, id] : house().first.ids) {
      if (name == "organisation_id") continue;
      EXPECT_EQ(reply.text.find(id), std::string::npos) << name << ": " << reply.text;
    }
    return;
  }
  if (operation().name() == "getOrganisation") return;
  EXPECT_EQ(essence(reply), essence(ask(confined, missing_ids())));
}

TEST_P(RestContract, OthersRunningBeside_ChangesNoAnswer) {
  if (operation().method != "GET") return;
  const std::string before = essence(ask(house().first.key, house().first.ids));
  house().second.house.import(500, 5);
  const std::vector<e164> numbers{e164::from_digits(12125550188)};
  sql::session& on = house().second.house.on;
  (void)sql::add_opt_outs(on, house().second.house.id, numbers, "test");
  (void)sql::change_campaign_state(on, house().second.house.id, house().second.house.campaign,
                                   sql::campaign_action::pause);
  EXPECT_EQ(essence(ask(house().first.key, house().first.ids)), before);
}

TEST(RestDocument, EveryOperation_HasANameAndASummaryOfItsOwn) {
  std::set<std::string> names, summaries;
  for (const documented& one : operations()) {
    EXPECT_TRUE(names.insert(one.name()).second) << one.name();
    EXPECT_TRUE(summaries.insert(std::string(one.what.at("summary").as_string())).second) << one.name();
  }
  EXPECT_GE(names.size(), 25U);
}

TEST(RestDocument, EverySchema_IsUsed) {
  const std::string text = json::serialize(document());
  for (const auto& [name, schema] : document().at("components").at("schemas").as_object()) {
    EXPECT_NE(text.find("#/components/schemas/" + std::string(name) + "\""), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace dialer::api
