// Every change over REST leaves its row in the audit log, in the same transaction.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "sql/audit_log.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

using test::rest_reply;

class Audit : public test::rest_fixture {
 protected:
  std::uint64_t rows() { return sql::verify_audit(us_.house.on, us_.house.id).rows; }
  sql::audit_record newest() { return sql::read_audit(us_.house.on, us_.house.id, 0, 1).at(0); }
};

TEST_F(Audit, Change_LeavesWhoWhatAndWhy) {
  const std::uint64_t before = rows();
  const rest_reply paused =
      ask("POST", campaign() + "/pause", "", "Audit-Reason: carrier is down\r\nX-Request-Id: req-77\r\n");
  ASSERT_EQ(paused.status, 200) << paused.text;
  EXPECT_EQ(rows(), before + 1);
  const sql::audit_record row = newest();
  EXPECT_EQ(row.what.actor, us_.keys.front().id.text());
  EXPECT_EQ(row.what.action, "pauseCampaign");
  EXPECT_EQ(row.what.resource, us_.ids.at("campaign_id"));
  EXPECT_EQ(row.what.reason, "carrier is down");
  EXPECT_EQ(row.what.request_id, "req-77");
  EXPECT_EQ(sql::verify_audit(us_.house.on, us_.house.id).fault, "");
}

TEST_F(Audit, NewThing_IsNamedByItsId) {
  const rest_reply made = ask("POST", "/v1/workspaces", R"({"name":"New"})");
  EXPECT_EQ(newest().what.resource, made.body.at("id").as_string());
  ask("POST", "/v1/opt-outs", R"({"numbers":["+12125550133"]})");
  EXPECT_EQ(newest().what.resource, "/v1/opt-outs");
}

TEST_F(Audit, RefusalRepeatAndLook_LeaveNone) {
  const std::uint64_t before = rows();
  ask("GET", campaign());
  ask("PATCH", campaign(), R"({"settings":{"ring_timeout_s":1}})");  // 422
  ask("POST", "/v1/workspaces", R"({"name":""})");                   // 422
  ask("POST", "/v1/workspaces", R"({"name":"Empty"})");              // taken
  EXPECT_EQ(rows(), before);
  for (int i = 0; i < 2; ++i) ask("POST", campaign() + "/pause", "", "Idempotency-Key: once\r\n");
  EXPECT_EQ(rows(), before + 1);
  EXPECT_EQ(ask("POST", campaign() + "/resume", "", "Audit-Reason: " + std::string(501, 'x') + "\r\n").status, 400);
  EXPECT_EQ(rows(), before + 1);
}

TEST_F(Audit, Upload_LeavesOneForEachTimeItIsWorkedOn) {
  const std::uint64_t before = rows();
  const std::string list = "phone_number,name\n+12125550161,Ann\n";
  const std::string head = "Content-Type: text/csv\r\nAudit-Reason: spring\r\n";
  ASSERT_EQ(ask("POST", campaign() + "/contacts", list, head).status, 200);
  EXPECT_EQ(rows(), before + 1);
  EXPECT_EQ(newest().what.action, "uploadContacts");
  EXPECT_EQ(newest().what.resource, us_.ids.at("campaign_id"));
  EXPECT_EQ(newest().what.reason, "spring");
  ask("POST", campaign() + "/contacts", list, head);
  EXPECT_EQ(rows(), before + 1) << "it was there already: nothing was changed";
}

TEST_F(Audit, ApisRole_CanAddRowsAndAlterNone) {
  us_.house.on.run_script("SET ROLE dialer_api", std::chrono::seconds{5});
  for (const char* change :
       {"UPDATE audit_log SET actor = 'x' WHERE org_id IS NOT NULL", "DELETE FROM audit_log WHERE org_id IS NOT NULL",
        "DELETE FROM audit_head WHERE org_id IS NOT NULL"}) {
    EXPECT_THROW(us_.house.on.run(change), sql::sql_error) << change;
  }
  us_.house.on.run_script("RESET ROLE", std::chrono::seconds{5});
}

TEST_F(Audit, Log_IsReadNewestFirst) {
  ask("POST", campaign() + "/pause");
  const rest_reply log = ask("GET", "/v1/audit?limit=2");
  const auto& data = log.body.at("data").as_array();
  EXPECT_EQ(data.at(0).at("action").as_string(), "pauseCampaign");
  EXPECT_EQ(data.at(0).at("number").to_number<std::uint64_t>(), data.at(1).at("number").to_number<std::uint64_t>() + 1);
  EXPECT_EQ(data.at(0).at("hash").as_string().size(), 64U);
  EXPECT_TRUE(log.body.at("next_cursor").is_string());
}

}  // namespace
}  // namespace dialer::api
