// What is signed with what, where secrets are kept, and what is refused.
#include "api/webhook_signature.hpp"
#include "sql/audit_log.hpp"
#include "tests/api/webhook_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;

TEST_F(Webhooks, RotatedSecret_SignsBesideTheOneBeforeUntilItsTime) {
  make();
  const std::string before = secret_;
  const test::rest_reply rotated = ask("POST", path_ + "/rotate", R"({"overlap_s":60})");
  const std::string after = rotated.body.at("secret").as_string().c_str();
  EXPECT_NE(after, before);
  const auto signature_now = [&](std::uint64_t n) {
    end_attempt(n);
    later(3s);
    turns();
    return received_.back();
  };
  const webhook_message both = signature_now(500);
  const std::int64_t at = std::stoll(both.timestamp);
  EXPECT_EQ(both.signature,
            sign_webhook(after, both.id, at, both.body) + " " + sign_webhook(before, both.id, at, both.body));
  later(60s);
  const webhook_message one = signature_now(501);
  EXPECT_EQ(one.signature, sign_webhook(after, one.id, std::stoll(one.timestamp), one.body));
}

TEST_F(Webhooks, SecretOfAnotherWebhook_OpensNothingAndSendsNothingUnsigned) {
  make();
  make();
  us_.house.on.run(
      "UPDATE webhook w SET secret = o.secret FROM webhook o WHERE w.org_id = $1 AND w.id = $2 AND o.org_id = $1 AND "
      "o.id <> $2",
      sql::params{}.uuid(us_.house.id).uuid(hook_.id));
  later(1s);
  end_attempt(500);
  later(3s);
  turns();
  EXPECT_TRUE(received_.empty());
  EXPECT_THAT(warnings_, testing::Contains(HasSubstr("belongs to another webhook")));
  EXPECT_EQ(waiting(), 1) << "it is tried again";
  // As the warning says.
  const test::rest_reply rotated = ask("POST", path_ + "/rotate", R"({"overlap_s":0})");
  secret_ = rotated.body.at("secret").as_string().c_str();
  later(10s);
  turns();
  ASSERT_EQ(received_.size(), 1U);
  const webhook_message& got = received_[0];
  EXPECT_EQ(got.signature, sign_webhook(secret_, got.id, std::stoll(got.timestamp), got.body));
}

TEST_F(Webhooks, Secret_IsInNoTableAndInNoOtherAnswer) {
  house_.keys.confirm(house_.time.now().steady);
  const auto create = [&] {
    return house_.ask("POST", "/v1/webhooks", us_.key, R"({"url":"https://crm.example/","kinds":["attempt.ended"]})",
                      "Idempotency-Key: one\r\n");
  };
  const std::string secret = create().body.at("secret").as_string().c_str();
  EXPECT_FALSE(create().body.contains("secret"));
  EXPECT_EQ(ask("GET", "").text.find("whsec_"), std::string::npos);
  const std::string stored(
      on_.run("SELECT secret FROM webhook WHERE org_id = $1", sql::params{}.uuid(us_.house.id)).text(0, 0));
  EXPECT_TRUE(is_sealed(stored)) << stored;
  for (const char* table : {"webhook", "api_request", "audit_log"}) {
    const sql::result rows =
        on_.run("SELECT coalesce(string_agg(t::text, ' '), '') FROM " + std::string(table) + " t WHERE org_id = $1",
                sql::params{}.uuid(us_.house.id));
    EXPECT_EQ(rows.text(0, 0).find(secret.substr(6)), std::string_view::npos) << table;
    EXPECT_NE(rows.text(0, 0), "");
  }
}

TEST_F(Webhooks, Change_LeavesItsRowInTheAuditLog) {
  const auto newest = [&] { return sql::read_audit(us_.house.on, us_.house.id, 0, 1).at(0); };
  std::uint64_t number = newest().number;
  const auto expect_row = [&](const std::string& action) {
    const sql::audit_record row = newest();
    EXPECT_EQ(row.number, ++number) << action;
    EXPECT_EQ(row.what.action, action);
    EXPECT_EQ(row.what.resource, hook_.id.text());
    EXPECT_EQ(row.what.actor, us_.keys.front().id.text());
  };
  make();
  expect_row("createWebhook");
  EXPECT_EQ(ask("PATCH", path_, R"({"kinds":["campaign.state"]})").status, 200);
  expect_row("changeWebhook");
  EXPECT_EQ(ask("POST", path_ + "/rotate", "{}").status, 200);
  expect_row("rotateWebhookSecret");
  EXPECT_EQ(ask("POST", path_ + "/replay", R"({"since":"2026-09-21T14:13:20Z"})").status, 200);
  expect_row("replayWebhook");
  EXPECT_EQ(ask("DELETE", path_).status, 200);
  expect_row("deleteWebhook");
  EXPECT_EQ(sql::verify_audit(us_.house.on, us_.house.id).fault, "");
}

TEST(WebhooksWithoutAKey, Secret_IsNeitherMadeNorKept) {
  test::rest_house house{{}, secret_keys{}};
  test::tenant& us = house.first;
  const auto rows = [&] {
    return std::string(
        us.house.on
            .run("SELECT string_agg(w::text, ' ') FROM webhook w WHERE org_id = $1", sql::params{}.uuid(us.house.id))
            .text(0, 0));
  };
  const std::string before = rows();
  for (const auto& [path, body] :
       {std::pair<std::string, std::string>{"", R"({"url":"https://crm.example/","kinds":["attempt.ended"]})"},
        {"/" + us.webhook.text() + "/rotate", "{}"}}) {
    const test::rest_reply refused = house.ask("POST", "/v1/webhooks" + path, us.key, body);
    EXPECT_EQ(refused.status, 409) << refused.text;
    EXPECT_EQ(refused.code(), "no_secret_key");
    EXPECT_THAT(refused.text, HasSubstr("--secret-key FILE"));
  }
  EXPECT_EQ(rows(), before);
}

TEST_F(Webhooks, UrlThatIsNotPublic_IsRefusedByName) {
  for (const char* url : {"http://crm.example/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/"}) {
    const test::rest_reply refused =
        ask("POST", "", R"({"kinds":["attempt.ended"],"url":")" + std::string(url) + "\"}");
    EXPECT_EQ(refused.status, 422) << url;
    EXPECT_EQ(refused.body.at("param").as_string(), "url");
  }
}

}  // namespace
}  // namespace dialer::api
