// The core of the REST API, with operations of its own: keys, scopes, form, idempotency, tenancy.

#include "api/rest_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <future>
#include <thread>

#include "api/gzip.hpp"
#include "api/rest_failure.hpp"
#include "sql/generation.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// Holds an operation in the middle of its transaction.
struct gate {
  std::promise<void> entered, leave;
};
gate* held = nullptr;
int runs = 0;

// Writes one workspace, so that an effect can be counted.
rest_answer write_one(rest_call& call) {
  ++runs;
  const std::string name(call.body.at("name").as_string());
  call.tx.run("INSERT INTO workspace (org_id, id, name) VALUES ($1, $2, $3)",
              sql::params{}.uuid(call.who.organisation).uuid(call.make_id()).text(name));
  if (name == "held") {
    held->entered.set_value();
    held->leave.get_future().wait();
  }
  if (name == "throws") throw std::runtime_error{"canary secret"};
  if (name == "refused") throw rest_error{{409, "full", "there is no room"}};
  rest_answer answer{{{"name", name}, {"run", runs}}};
  if (name == "engine") answer.generation = sql::raise_generation(call.tx, call.who.organisation);
  return answer;
}

rest_answer count_rows(rest_call& call) {
  return {{{"name", std::to_string(call.tx.run("SELECT count(*) FROM workspace").integer(0, 0))}}};
}

rest_resource trial() {
  return {{{.method = "POST",
            .path = "/v1/trials",
            .name = "makeTrial",
            .needs = sql::scope::operate,
            .takes = "Trial",
            .gives = "Trial",
            .success = 201,
            .run = write_one},
           {.method = "GET",
            .path = "/v1/trials",
            .name = "countTrials",
            .gives = "Trial",
            .query = {{"q", "string", ""}},
            .run = count_rows},
           {.method = "GET",
            .path = "/v1/wide",
            .name = "wide",
            .where = reach::organisation,
            .gives = "Trial",
            .run = count_rows}},
          R"({"Trial": {"type": "object", "required": ["name"], "additionalProperties": false,
                        "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 20}}}})"};
}

using test::rest_reply;

class RestService : public testing::Test {
 protected:
  rest_reply make(const std::string& name, const std::string& headers = "") {
    return house_.ask("POST", "/v1/trials", house_.first.key, R"({"name":")" + name + "\"}", headers);
  }
  std::int64_t rows() { return house_.first.house.on.run("SELECT count(*) FROM workspace").integer(0, 0); }

  test::rest_house house_{{trial()}};
};

TEST_F(RestService, GoodRequest_IsDoneAndCounted) {
  const std::int64_t before = rows();
  const rest_reply made = make("One");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("Content-Type"), "application/json");
  EXPECT_EQ(rows(), before + 1);
  const rest_stats stats = house_.service().stats();
  ASSERT_EQ(stats.lines.size(), 1U);
  EXPECT_EQ(stats.lines[0].path, "/v1/trials");
  EXPECT_EQ(stats.lines[0].status, "2xx");
}

TEST_F(RestService, WithoutAGoodKey_NothingIsDone) {
  const std::int64_t before = rows();
  const auto ask = [&](const std::string& key, const std::string& headers = "") {
    return house_.ask("POST", "/v1/trials", key, R"({"name":"x"})", headers);
  };
  EXPECT_EQ(ask("").code(), "missing_key");
  EXPECT_EQ(ask("").header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(ask("", "Authorization: Basic " + house_.first.key + "\r\n").code(), "missing_key");
  std::string altered = house_.first.key;
  altered[40] = altered[40] == '7' ? '8' : '7';
  const rest_reply refused = ask(altered);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.code(), "invalid_key");
  EXPECT_THAT(refused.text, testing::Not(HasSubstr(altered.substr(31, 10))));
  house_.time.advance(key_ring::trusted_for);
  EXPECT_EQ(ask(house_.first.key).code(), "keys_unavailable");
  EXPECT_EQ(ask(house_.first.key).header("Retry-After"), "1");
  EXPECT_EQ(rows(), before);
}

TEST_F(RestService, ScopeAndReach_AreTheKeys) {
  const std::string reader = house_.first.add_key(house_.keys, 1);
  EXPECT_EQ(house_.ask("GET", "/v1/trials", reader).status, 200);
  const rest_reply refused = house_.ask("POST", "/v1/trials", reader, R"({"name":"x"})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.text, HasSubstr("scope operate"));
  const std::string confined = house_.first.add_key(house_.keys, 1, house_.first.house.workspace);
  EXPECT_EQ(house_.ask("GET", "/v1/trials", confined).status, 200);
  EXPECT_EQ(house_.ask("GET", "/v1/wide", confined).code(), "confined_key");
}

TEST_F(RestService, StatementThatForgetsItsOrganisation_SeesOnlyTheCallersRows) {
  ASSERT_EQ(rows(), 4) << "two organisations with two workspaces each";
  EXPECT_EQ(house_.ask("GET", "/v1/trials", house_.first.key).body.at("name").as_string(), "2");
}

TEST_F(RestService, FormOfTheRequest_IsToldByItsParameter) {
  const auto post = [&](const std::string& body, const std::string& headers = "") {
    return house_.ask("POST", "/v1/trials", house_.first.key, body, headers);
  };
  EXPECT_EQ(post("{").code(), "malformed_json");
  EXPECT_EQ(post(R"({"name":"x"})", "Content-Type: text/csv\r\n").status, 415);
  EXPECT_EQ(post(R"({"name":"x"})", "Content-Type: application/json; charset=utf-8\r\n").status, 201);
  const rest_reply invalid = post(R"({"nmae":"x","org_id":"y"})");
  EXPECT_EQ(invalid.status, 422);
  EXPECT_EQ(invalid.body.at("param").as_string(), "name");
  EXPECT_EQ(invalid.body.at("errors").as_array().size(), 3U) << invalid.text;
  EXPECT_EQ(house_.ask("GET", "/v1/trials?p=1", house_.first.key).code(), "unknown_parameter");
  EXPECT_EQ(house_.ask("GET", "/v1/trials?q=1&q=2", house_.first.key).code(), "repeated_parameter");
  EXPECT_EQ(house_.ask("GET", "/v1/trials?q=%", house_.first.key).code(), "malformed_query");
  EXPECT_EQ(house_.ask("GET", "/v1/trials", house_.first.key, "{}").code(), "unexpected_body");
  EXPECT_EQ(house_.ask("GET", "/v1/elsewhere", house_.first.key).code(), "not_found");
  EXPECT_EQ(house_.ask("PUT", "/v1/trials", house_.first.key).header("Allow"), "POST, GET");
}

TEST_F(RestService, Failure_IsToldWithoutItsWordsAndUndoesEverything) {
  const std::int64_t before = rows();
  const rest_reply failed = make("throws");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.text, testing::Not(HasSubstr("canary")));
  EXPECT_FALSE(failed.header("X-Request-Id").empty());
  EXPECT_EQ(make("refused").code(), "full");
  EXPECT_EQ(rows(), before);
  ASSERT_EQ(house_.warnings.size(), 1U);
  EXPECT_THAT(house_.warnings[0], HasSubstr(failed.header("X-Request-Id")));
}

// ---- bodies that come packed

// A body that is no gzip tells when somebody tries to unpack it.
TEST_F(RestService, PackedBody_IsLeftAloneUntilItsSenderMaySendIt) {
  const auto post = [this](const std::string& key, const std::string& body) {
    return house_.ask("POST", "/v1/trials", key, body, "Content-Encoding: gzip\r\n");
  };
  EXPECT_EQ(post("", "no gzip").status, 401);
  EXPECT_EQ(post("dlr_nobody", "no gzip").status, 401);
  EXPECT_EQ(post(house_.first.add_key(house_.keys, static_cast<sql::scope_bits>(sql::scope::read)), "no gzip").status,
            403);
  EXPECT_EQ(post(house_.first.key, "no gzip").code(), "malformed_gzip");
  EXPECT_EQ(post(house_.first.key, "no gzip").status, 400);
  const std::string bomb = gzip(std::string(1024 * 1024 + 1, ' '));
  EXPECT_EQ(post("", bomb).status, 401);
  EXPECT_EQ(post(house_.first.key, bomb).code(), "body_too_large");
  EXPECT_EQ(post(house_.first.key, bomb).status, 413);
}

TEST_F(RestService, PackedBody_IsTheSameRequestAsThePlainOne) {
  const auto make_packed = [this](const std::string& name) {
    return house_.ask("POST", "/v1/trials", house_.first.key, gzip(R"({"name":")" + name + "\"}"),
                      "Content-Encoding: gzip\r\nIdempotency-Key: packed\r\n");
  };
  const rest_reply once = make("Same", "Idempotency-Key: packed\r\n");
  const rest_reply again = make_packed("Same");
  EXPECT_EQ(again.status, 201) << again.text;
  EXPECT_EQ(again.text, once.text);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(make_packed("Other").code(), "idempotency_key_reused");
}

// ---- Idempotency-Key

TEST_F(RestService, RepeatedRequest_GetsTheFirstAnswerAndHasNoSecondEffect) {
  const std::int64_t before = rows();
  const rest_reply once = make("Twice", "Idempotency-Key: k1\r\n");
  const rest_reply again = make("Twice", "Idempotency-Key: k1\r\n");
  EXPECT_EQ(once.status, 201) << once.text;
  EXPECT_EQ(again.status, 201) << again.text;
  EXPECT_EQ(once.text, again.text);
  EXPECT_EQ(once.header("Idempotency-Replayed"), "");
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(rows(), before + 1);
}

TEST_F(RestService, KeyUsedForAnotherRequest_IsRefused) {
  ASSERT_EQ(make("A", "Idempotency-Key: k2\r\n").status, 201);
  const rest_reply other = make("B", "Idempotency-Key: k2\r\n");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.code(), "idempotency_key_reused");
}

TEST_F(RestService, KeyOfARefusedRequest_IsStillFree) {
  EXPECT_EQ(make("refused", "Idempotency-Key: k3\r\n").status, 409);
  EXPECT_EQ(make("Fresh", "Idempotency-Key: k3\r\n").status, 201);
}

TEST_F(RestService, TheSameKeyOfAnotherCaller_IsAnotherKey) {
  ASSERT_EQ(make("Mine", "Idempotency-Key: k4\r\n").status, 201);
  const rest_reply theirs =
      house_.ask("POST", "/v1/trials", house_.second.key, R"({"name":"Theirs"})", "Idempotency-Key: k4\r\n");
  EXPECT_EQ(theirs.status, 201) << theirs.text;
  const std::string colleague = house_.first.add_key(house_.keys, 3);
  EXPECT_EQ(house_.ask("POST", "/v1/trials", colleague, R"({"name":"Own"})", "Idempotency-Key: k4\r\n").status, 201);
}

TEST_F(RestService, RepeatWhileTheFirstIsUnderWay_IsToldToComeBack) {
  gate middle;
  held = &middle;
  auto first = std::async(std::launch::async, [&] { return make("held", "Idempotency-Key: k5\r\n"); });
  middle.entered.get_future().wait();
  const rest_reply second = make("held", "Idempotency-Key: k5\r\n");
  middle.leave.set_value();
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.code(), "request_in_progress");
  EXPECT_EQ(second.header("Retry-After"), "1");
  EXPECT_EQ(first.get().status, 201);
  EXPECT_EQ(make("held", "Idempotency-Key: k5\r\n").header("Idempotency-Replayed"), "true");
}

TEST_F(RestService, KeyWithoutTheFormOfOne_IsRefused) {
  EXPECT_EQ(make("x", "Idempotency-Key: " + std::string(255, 'k') + "\r\n").status, 201);
  EXPECT_EQ(make("y", "Idempotency-Key: " + std::string(256, 'k') + "\r\n").code(), "invalid_idempotency_key");
  EXPECT_EQ(make("y", "Idempotency-Key: a b\r\n").code(), "invalid_idempotency_key");
}

// ---- changes that the engine has to follow

TEST_F(RestService, ChangeThatTheEngineFollows_IsAcknowledged) {
  house_.engine_follows();
  const rest_reply done = make("engine");
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.body.at("engine").as_string(), "acknowledged");
}

TEST_F(RestService, EngineThatDoesNotFollow_IsPendingWithoutHoldingOthersUp) {
  auto waiting = std::async(std::launch::async, [&] { return make("engine"); });
  while (rows() == 4) std::this_thread::yield();  // committed: from here on it waits for the engine only
  for (int i = 0; i < 8; ++i) EXPECT_EQ(house_.ask("GET", "/v1/trials", house_.first.key).status, 200);
  EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout);
  while (waiting.wait_for(1ms) != std::future_status::ready) house_.time.advance(100ms);
  const rest_reply done = waiting.get();
  EXPECT_EQ(done.status, 202);
  EXPECT_EQ(done.body.at("engine").as_string(), "pending");
}

TEST_F(RestService, DatabaseGone_Is503AndTheNextConnectsAgain) {
  gate middle;  // both workers get a connection
  held = &middle;
  auto first = std::async(std::launch::async, [&] { return make("held"); });
  middle.entered.get_future().wait();
  const auto look = [&] { return house_.ask("GET", "/v1/trials", house_.first.key); };
  ASSERT_EQ(look().status, 200);
  middle.leave.set_value();
  ASSERT_EQ(first.get().status, 201);
  house_.first.house.on.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dialer api' AND datname = "
      "current_database()");
  const rest_reply refused = look();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "database_unavailable");
  EXPECT_EQ(refused.header("Retry-After"), "1");
  int again = look().status;
  if (again == 503) again = look().status;  // the other worker's turn
  EXPECT_EQ(again, 200);
}

TEST_F(RestService, NameThatIsTaken_IsAConflict) {
  ASSERT_EQ(make("Same").status, 201);
  EXPECT_EQ(make("Same").status, 409);
}

TEST(RestServiceWithALimit, Key_IsToldWhatItHasLeftAndRefusedBeyondIt) {
  test::rest_house house{{}, secret_keys{{secret_key{42}}}, {.per_second = 0.5, .burst = 2}};
  const std::string key = house.first.key;
  const rest_reply taken = house.ask("GET", "/v1/workspaces", key);
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(taken.header("RateLimit-Policy"), "\"key\";q=2;w=4");
  EXPECT_EQ(taken.header("RateLimit"), "\"key\";r=1;t=2");
  EXPECT_EQ(taken.header("Retry-After"), "");

  const std::string no_scope = house.first.add_key(house.keys, static_cast<sql::scope_bits>(sql::scope::operate));
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", no_scope).status, 403);
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", no_scope).header("RateLimit"), "\"key\";r=0;t=2")
      << "what is refused is a request, too";
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", "dlr_x").header("RateLimit"), "") << "that is no key";

  loopback_client follower{house.port()};
  follower.send("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\n\r\n");
  EXPECT_THAT(follower.receive_until("retry: 2000\n\n"), HasSubstr("RateLimit: \"key\";r=0;t=2\r\n"))
      << "a stream takes one, for its opening";

  for (const auto& [method, path] :
       {std::pair{"GET", std::string("/v1/workspaces")}, std::pair{"GET", std::string("/v1/events")},
        std::pair{"POST", "/v1/campaigns/" + house.first.ids.at("campaign_id") + "/contacts"}}) {
    const rest_reply refused = house.ask(method, path, key);
    EXPECT_EQ(refused.status, 429) << path;
    EXPECT_EQ(refused.code(), "rate_limited");
    EXPECT_EQ(refused.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(refused.header("RateLimit"), "\"key\";r=0;t=2");
    EXPECT_EQ(refused.header("Retry-After"), "2");
    EXPECT_THAT(refused.text, HasSubstr("wait for 2 s"));
  }
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", house.second.key).status, 200) << "another key's is its own";
  EXPECT_EQ(house.ask("GET", "/v1/openapi.json", "").status, 200);

  house.time.advance(2s);
  house.keys.confirm(house.time.now().steady);
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", key).status, 200) << "as it was told";
  EXPECT_EQ(house.ask("GET", "/v1/workspaces", key).status, 429);
}

TEST_F(RestService, Document_NeedsNoKeyAndDescribesEveryOperation) {
  const rest_reply document = house_.ask("GET", "/v1/openapi.json", "");
  ASSERT_EQ(document.status, 200);
  EXPECT_EQ(document.body.at("openapi").as_string(), "3.1.0");
  const json::object& paths = document.body.at("paths").as_object();
  EXPECT_EQ(paths.size(), 2U);
  const json::object& post = paths.at("/v1/trials").at("post").as_object();
  EXPECT_EQ(post.at("operationId").as_string(), "makeTrial");
  EXPECT_EQ(post.at("x-required-scope").as_string(), "operate");
  EXPECT_TRUE(post.at("responses").as_object().contains("201"));
  EXPECT_TRUE(paths.at("/v1/wide").at("get").at("x-organisation-wide").as_bool());

  const rest_reply packed = house_.ask("GET", "/v1/openapi.json", "", "", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(document.header("Content-Encoding"), "");
  gunzip from;
  from.feed(packed.text);
  EXPECT_EQ(from.read(document.text.size() + 1), document.text);
}

TEST(RestFailure, OnlyTheKeyOfANameIsToldAsANameThatIsTaken) {
  const auto status = [](const char* constraint) {
    const sql::sql_error error{sql::error_class::refused, "23505", "it is there", constraint};
    return explain_failure(std::make_exception_ptr(error)).response.status;
  };
  EXPECT_EQ(status("agent_org_id_workspace_id_name_key"), 409);
  EXPECT_EQ(status("number_order_pkey"), 500);
}

}  // namespace
}  // namespace dialer::api
