// Carrier accounts over REST, and what of their secrets is in the database.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "carriers/base64.hpp"
#include "model/hex.hpp"
#include "sql/configuration.hpp"
#include "sql/snapshot.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;
using testing::HasSubstr;
using testing::Not;

constexpr const char* token = "canary0123456789canary0123456789";
constexpr const char* other_token = "sparrow123456789sparrow123456789";

class Integrations : public test::rest_fixture {
 protected:
  static std::string twilio(const std::string& name, const std::string& sid, const std::string& more = "") {
    return R"({"name":")" + name + R"(","provider":"twilio","metadata":{"account_sid":")" + sid + R"("},"api_key":")" +
           token + '"' + more + "}";
  }
  static std::string sid(char last) { return "AC" + std::string(31, '0') + last; }
  std::string create() {
    const rest_reply made =
        ask("POST", "/v1/integrations",
            twilio("Backup", sid('1'),
                   std::string(R"(,"secondary_api_key":")") + other_token + R"(","calls_per_second":2.5)"),
            "Idempotency-Key: once\r\n");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.body.at("engine").as_string(), "acknowledged");
    EXPECT_THAT(made.text, Not(HasSubstr("canary")));
    return "/v1/integrations/" + std::string(made.body.at("id").as_string());
  }
  /// All rows of all tables.
  std::string dump() {
    std::string all;
    const sql::result tables = us_.house.on.run("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'");
    for (int i = 0; i < tables.rows(); ++i) {
      all += us_.house.on
                 .run("SELECT coalesce(string_agg(t::text, ';'), '') FROM " + std::string(tables.text(i, 0)) + " t")
                 .text(0, 0);
    }
    return all;
  }
  /// As the engine reads it.
  carriers::account account(const secret_keys& keys, const std::string& name) {
    sql::transaction tx{us_.house.on, sql::transaction::mode::snapshot};
    const auto resolve = [&](const std::string& reference, const sql::secret_place& of) {
      return is_sealed(reference) ? keys.open(reference, of) : "from elsewhere";
    };
    for (carriers::account& one : sql::read_snapshot(tx, us_.house.id, resolve).accounts) {
      if (one.name == name) return std::move(one);
    }
    return {};
  }
};

TEST_F(Integrations, MadeOverRest_OpenForTheEngineAndForNobodyElse) {
  create();
  const carriers::account made = account(house_.secrets, "Backup");
  EXPECT_EQ(made.secret, token);
  EXPECT_EQ(made.secondary_secret, other_token);
  EXPECT_EQ(made.calls_per_second, 2.5);
  EXPECT_EQ(made.base_url, "https://api.twilio.com");
  EXPECT_EQ(made.unusable, "");
  const carriers::account locked = account(secret_keys{{secret_key{43}}}, "Backup");
  EXPECT_EQ(locked.secret, "");
  EXPECT_THAT(locked.unusable, HasSubstr("--secret-key"));
}

TEST_F(Integrations, Dump_HoldsNoUsableSecret) {
  const std::string target = create();
  ask("PATCH", target, R"({"api_key":"canary-of-the-second-round"})", "Idempotency-Key: twice\r\n");
  const std::string all = dump();
  ASSERT_THAT(all, HasSubstr("sealed:")) << "the dump shows the rows that matter";
  for (const std::string secret : {token, other_token, "canary-of-the-second-round"}) {
    std::string base64;
    carriers::append_base64(secret, carriers::base64_kind::url, base64);
    for (const std::string& form : {secret.substr(0, 8), to_hex(secret).substr(0, 16), base64.substr(0, 10)}) {
      EXPECT_THAT(all, Not(HasSubstr(form)));
    }
  }
  house_.stop();
  EXPECT_THAT(house_.warnings, testing::IsEmpty());
}

TEST_F(Integrations, Change_KeepsWhatIsNotSaid) {
  const std::string target = create();
  const std::uint64_t before = us_.house.generation();
  EXPECT_EQ(ask("PATCH", target, R"({"concurrent_calls_max":7,"secondary_api_key":""})").status, 200);
  EXPECT_GT(us_.house.generation(), before);
  const carriers::account changed = account(house_.secrets, "Backup");
  EXPECT_EQ(changed.secret, token);
  EXPECT_EQ(changed.secondary_secret, "");
  EXPECT_EQ(changed.calls_per_second, 2.5);
  EXPECT_EQ(changed.concurrent_calls_max, 7U);
  const rest_reply shown = ask("GET", target);
  EXPECT_EQ(shown.body.at("api_key_kept").as_string(), "encrypted");
  EXPECT_EQ(shown.body.at("secondary_api_key_kept").as_string(), "none");
}

TEST_F(Integrations, AccountOfTheConfigurationFile_IsListedByWhereItsSecretIs) {
  const rest_reply shown = ask("GET", "/v1/integrations/" + us_.ids.at("integration_id"));
  EXPECT_EQ(shown.body.at("api_key_kept").as_string(), "environment");
  EXPECT_THAT(shown.text, Not(HasSubstr("TWILIO_TOKEN")));
}

TEST_F(Integrations, Revoked_IsNoAccountOfTheEngineAndHoldsNoSecret) {
  const std::string target = create();
  const rest_reply revoked = ask("DELETE", target);
  EXPECT_EQ(revoked.status, 200) << revoked.text;
  EXPECT_EQ(revoked.body.at("engine").as_string(), "acknowledged");
  EXPECT_TRUE(revoked.body.at("revoked_at").is_string());
  EXPECT_EQ(account(house_.secrets, "Backup").name, "");
  EXPECT_THAT(dump(), Not(HasSubstr("sealed:")));
  EXPECT_EQ(ask("PATCH", target, R"({"concurrent_calls_max":7})").status, 409);
  EXPECT_EQ(ask("DELETE", target).status, 200) << "what is so already is no mistake";
  EXPECT_EQ(ask("POST", "/v1/integrations", twilio("Again", sid('1'))).status, 201) << "the account is free again";
}

TEST_F(Integrations, AccountThatIsTaken_IsRefused) {
  create();
  EXPECT_EQ(ask("POST", "/v1/integrations", twilio("Backup", sid('2'))).status, 409);
  const rest_reply twin = ask("POST", "/v1/integrations", twilio("Twin", sid('1')));
  EXPECT_EQ(twin.status, 409);
  EXPECT_THAT(twin.text, HasSubstr("Backup"));
  const rest_reply theirs = house_.ask("POST", "/v1/integrations", house_.second.key, twilio("Theirs", sid('1')));
  EXPECT_EQ(theirs.status, 409);
  EXPECT_THAT(theirs.text, HasSubstr("already serves another organisation"));
  EXPECT_EQ(theirs.code(), "rule");
  EXPECT_EQ(theirs.body.at("rule").as_string(), "S2");
}

// The portal shows its account and its trunk first; the Call Control application comes later, or never.
TEST_F(Integrations, TelnyxAccountWithoutAConnection_SaysWhatItLacksAndTakesItLater) {
  const std::string api_key = std::string(R"("provider":"telnyx","api_key":")") + token + '"';
  const rest_reply made = ask(
      "POST", "/v1/integrations",
      R"({"name":"T","metadata":{"account_sid":"acc-1","phone_number":"+15735550123","sip_trunk":"t.sip.telnyx.com"},)" +
          api_key + "}");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("metadata").at("sip_trunk").as_string(), "t.sip.telnyx.com");
  EXPECT_EQ(made.body.at("metadata").at("phone_number").as_string(), "+15735550123");
  const std::string target = "/v1/integrations/" + std::string(made.body.at("id").as_string());
  const auto lacks = [&] { return std::string(ask("GET", target).body.at("unusable").as_string()); };
  EXPECT_THAT(lacks(), HasSubstr("metadata.connection_id by PATCH " + target));
  EXPECT_EQ(ask("PATCH", target, R"({"metadata":{"connection_id":"77"}})").status, 200);
  EXPECT_THAT(lacks(), HasSubstr("webhook_public_key"));
  const rest_reply whole = ask("PATCH", target, R"({"webhook_public_key":")" + std::string(43, 'A') + "=\"}");
  EXPECT_TRUE(whole.body.at("unusable").is_null()) << whole.text;
  EXPECT_EQ(whole.body.at("metadata").at("account_sid").as_string(), "acc-1");
  EXPECT_EQ(ask("PATCH", target, R"({"metadata":{"connection_id":"78"}})").body.at("param").as_string(),
            "metadata.connection_id");

  for (const char* name : {R"("account_sid":"acc-1")", R"("connection_id":"77")"}) {
    const rest_reply theirs = house_.ask("POST", "/v1/integrations", house_.second.key,
                                         std::string(R"({"name":"T","metadata":{)") + name + "}," + api_key + "}");
    EXPECT_EQ(theirs.body.at("rule").as_string(), "S2") << theirs.text;
  }
}

TEST_F(Integrations, MistakenAccount_IsToldByItsParameter) {
  const auto refused = [&](const std::string& body) {
    const rest_reply reply = ask("POST", "/v1/integrations", body);
    EXPECT_EQ(reply.status, 422) << reply.text;
    EXPECT_THAT(reply.text, Not(HasSubstr("canary")));
    return std::string(reply.body.at("param").as_string());
  };
  const std::string telnyx = std::string(R"({"name":"T","provider":"telnyx","api_key":")") + token + '"';
  EXPECT_EQ(refused(twilio("T", "AC1")), "metadata.account_sid");
  EXPECT_EQ(refused(twilio("T", sid('/'))), "metadata.account_sid");
  EXPECT_EQ(refused(twilio("T", sid('1') + R"(","connection_id":"1)")), "metadata.connection_id");
  EXPECT_EQ(refused(twilio("T", sid('1') + R"(","phone_number":"12)")), "metadata.phone_number");
  EXPECT_EQ(refused(twilio("T", sid('1') + R"(","sip_trunk":"a b)")), "metadata.sip_trunk");
  EXPECT_EQ(refused(twilio("T", sid('1'), R"(,"webhook_public_key":"1")")), "webhook_public_key");
  EXPECT_EQ(refused(twilio("T", sid('1'), R"(,"calls_per_second":0)")), "calls_per_second");
  EXPECT_EQ(refused(twilio("T", sid('1'), R"(,"base_url":"https://elsewhere.example")")), "base_url");
  EXPECT_EQ(refused(telnyx + R"(,"metadata":{}})"), "metadata.account_sid");
  const std::string connected = telnyx + R"(,"metadata":{"connection_id":"1"})";
  EXPECT_EQ(refused(connected + R"(,"webhook_public_key":"short"})"), "webhook_public_key");
  const std::string key(43, 'A');
  EXPECT_EQ(refused(connected + R"(,"webhook_public_key":")" + key + R"(=","secondary_api_key":"12345678"})"),
            "secondary_api_key");
  EXPECT_EQ(refused(R"({"name":"T","provider":"twilio","metadata":{"account_sid":")" + sid('1') +
                    R"("},"api_key":"canary\r\nX: y"})"),
            "api_key");
  EXPECT_EQ(ask("POST", "/v1/integrations", connected + R"(,"webhook_public_key":")" + key + "=\"}").status, 201);
}

TEST(IntegrationsWithoutAKey, Creating_IsRefusedWithTheRemedyAndStoresNothing) {
  test::rest_house house{{}, secret_keys{}};
  house.engine_follows();
  const auto rows = [&] {
    return house.first.house.on
        .run(
            "SELECT (SELECT count(*) FROM integration WHERE org_id IS NOT NULL) + (SELECT count(*) FROM "
            "carrier_account WHERE org_id IS NOT NULL)")
        .integer(0, 0);
  };
  const std::int64_t before = rows();
  const rest_reply refused =
      house.ask("POST", "/v1/integrations", house.first.key,
                R"({"name":"N","provider":"twilio","metadata":{"account_sid":"AC00000000000000000000000000000001"},)"
                R"("api_key":"12345678"})");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "no_secret_key");
  EXPECT_THAT(refused.text, HasSubstr("--secret-key FILE"));
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(house.ask("GET", "/v1/integrations", house.first.key).status, 200);
}

}  // namespace
}  // namespace dialer::api
