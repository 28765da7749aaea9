// The audit log is tampered with in every way that a row can be, and each is found at its row.

#include "sql/audit_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

using testing::HasSubstr;

class AuditLog : public testing::Test {
 protected:
  void append(const std::string& action, const std::string& reason = "") {
    transaction tx{house_.on};
    append_audit(tx, house_.id, {"key_1", action, "cmp_1", reason, "req_1"});
    tx.commit();
  }
  void fill(int rows = 5) {
    for (int i = 1; i <= rows; ++i) append("action" + std::to_string(i));
  }
  void tamper(const std::string& statement) { house_.on.run_script(statement, std::chrono::seconds{10}); }
  audit_verdict verify() { return verify_audit(house_.on, house_.id); }
  std::string fault() { return verify().fault; }
  audit_record at(std::uint64_t number) { return read_audit(house_.on, house_.id, number + 1, 1).front(); }
  /// As somebody would who knows how the chain is made.
  void forge(audit_record one) {
    one.hash = audit_hash(house_.id, one);
    house_.on.run(
        "INSERT INTO audit_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (org_id, number) DO UPDATE "
        "SET at = excluded.at, actor = excluded.actor, hash = excluded.hash",
        params{}
            .uuid(house_.id)
            .int8(one.number)
            .time(one.at)
            .text(one.what.actor)
            .text(one.what.action)
            .text(one.what.resource)
            .text(one.what.reason)
            .text(one.what.request_id)
            .bytea(one.previous)
            .bytea(one.hash));
  }
  void make_room_at(int number) {
    tamper("UPDATE audit_log SET number = number + 1000 WHERE number >= " + std::to_string(number));
    tamper("UPDATE audit_log SET number = number - 999 WHERE number > 1000");
  }

  test::small_organisation house_;
};

TEST_F(AuditLog, UntouchedChain_IsFoundInOrder) {
  EXPECT_EQ(verify().rows, 0U);
  EXPECT_EQ(fault(), "");
  fill(2100);  // more than a page
  const audit_verdict found = verify();
  EXPECT_EQ(found.fault, "");
  EXPECT_EQ(found.rows, 2100U);
  EXPECT_EQ(found.head, at(2100).hash);
  EXPECT_EQ(audit_hash_at(house_.on, house_.id, 2100), found.head);
  EXPECT_EQ(audit_hash_at(house_.on, house_.id, 2101), std::nullopt);
}

TEST_F(AuditLog, Hash_IsTheOneThatTheHeaderDescribes) {
  audit_record one;
  one.number = 1;
  one.at = utc_time{std::chrono::microseconds{5}};
  one.what = {"a", "b", "c", "", "d"};
  one.previous = std::string(32, '\0');
  const std::string organisation = organisation_id{id128{1, 2}}.text();
  const std::string canonical =
      "14:dialer audit 1,30:" + organisation + ",1:1,32:" + one.previous + ",1:5,1:a,1:b,1:c,0:,1:d,";
  const result digest = house_.on.run("SELECT sha256($1)", params{}.bytea(canonical));
  EXPECT_EQ(audit_hash(organisation_id{id128{1, 2}}, one), digest.text(0, 0));
}

TEST_F(AuditLog, AnyFieldChanged_IsFoundAtItsRow) {
  for (const char* change :
       {"at = at + interval '1 microsecond'", "actor = 'key_2'", "action = 'x'", "resource = 'x'", "reason = 'x'",
        "request_id = ''", "hash = decode(repeat('ab', 32), 'hex')", "previous = decode(repeat('ab', 32), 'hex')"}) {
    tamper("DELETE FROM audit_log; DELETE FROM audit_head");
    fill();
    tamper("UPDATE audit_log SET " + std::string(change) + " WHERE number = 3");
    EXPECT_EQ(verify().number, 3U) << change << ": " << fault();
    EXPECT_THAT(fault(), HasSubstr("row 3 was changed")) << change;
  }
}

TEST_F(AuditLog, TextMovedBetweenFields_IsFound) {
  append("ab", "c");
  tamper("UPDATE audit_log SET action = 'a', reason = 'bc'");
  EXPECT_EQ(fault(), "row 1 was changed");
}

TEST_F(AuditLog, RowRemoved_IsFound) {
  fill();
  tamper("DELETE FROM audit_log WHERE number = 2");
  EXPECT_EQ(fault(), "row 2 was removed");
}

TEST_F(AuditLog, RowRemovedAndTheRestMovedUp_IsFound) {
  fill();
  tamper("DELETE FROM audit_log WHERE number = 2");
  tamper("UPDATE audit_log SET number = number - 1 WHERE number = 3");
  EXPECT_EQ(verify().number, 2U) << fault();
}

TEST_F(AuditLog, LastRowsRemoved_AreFoundByTheHead) {
  fill();
  tamper("DELETE FROM audit_log WHERE number > 3");
  EXPECT_EQ(fault(), "row 4 was removed, and all that followed up to 5");
  tamper("DELETE FROM audit_log");
  EXPECT_EQ(verify().number, 1U);
}

TEST_F(AuditLog, RowPutInBetween_IsFound) {
  fill();
  make_room_at(3);
  audit_record one = at(2);
  one.number = 3;
  one.previous = one.hash;
  one.what.action = "neverDone";
  forge(one);
  EXPECT_EQ(verify().number, 3U) << fault();
  EXPECT_EQ(fault(), "row 3 was put in between");
}

TEST_F(AuditLog, RowPutInWithoutAHash_IsFound) {
  fill();
  make_room_at(3);
  tamper(
      "INSERT INTO audit_log SELECT org_id, 3, at, actor, 'neverDone', resource, reason, request_id, previous, hash "
      "FROM audit_log WHERE number = 2");
  EXPECT_EQ(fault(), "row 3 was put in between");
}

TEST_F(AuditLog, RowPutInAtTheEnd_IsFoundByTheHead) {
  fill();
  audit_record one = at(5);
  one.number = 6;
  one.previous = one.hash;
  forge(one);
  EXPECT_EQ(fault(), "row 6 was put in after the last one");
}

TEST_F(AuditLog, LastRowForged_IsFoundByTheHead) {
  fill();
  audit_record one = at(5);
  one.what.actor = "key_2";
  forge(one);
  EXPECT_EQ(verify().number, 5U) << fault();
  EXPECT_THAT(fault(), HasSubstr("row 5 was changed"));
}

TEST_F(AuditLog, RowForgedInTheMiddle_IsFoundByTheOneThatFollows) {
  fill();
  audit_record one = at(3);
  one.what.actor = "key_2";
  forge(one);
  EXPECT_EQ(verify().number, 4U) << fault();
}

TEST_F(AuditLog, RolledBackChange_LeavesNoRow) {
  fill(1);
  {
    transaction tx{house_.on};
    append_audit(tx, house_.id, {"key_1", "x", "y"});
  }
  EXPECT_EQ(verify().rows, 1U);
  append("after");
  EXPECT_EQ(verify().rows, 2U);
  EXPECT_EQ(fault(), "");
}

TEST_F(AuditLog, AppendedByManyAtOnce_IsOneChain) {
  constexpr int each = 50;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      session on{house_.connection()};
      for (int i = 0; i < each; ++i) {
        transaction tx{on};
        append_audit(tx, house_.id, {"key_" + std::to_string(n), "x", "y"});
        tx.commit();
      }
    });
  }
  for (std::thread& one : threads) one.join();
  const audit_verdict found = verify();
  EXPECT_EQ(found.fault, "");
  EXPECT_EQ(found.rows, 4U * each);
}

TEST_F(AuditLog, ForeignText_IsStoredAndFoundAgain) {
  append("x", "caf\xC3\xA9 \xFF " + std::string(2000, 'x'));
  EXPECT_EQ(fault(), "");
  EXPECT_LE(at(1).what.reason.size(), audit_reason_max);
}

TEST_F(AuditLog, OfTwoOrganisations_EachHasItsChain) {
  test::small_organisation other{house_.database, "Other"};
  fill(2);
  transaction tx{other.on};
  append_audit(tx, other.id, {"key_9", "x", "y"});
  tx.commit();
  EXPECT_EQ(verify().rows, 2U);
  EXPECT_EQ(verify_audit(other.on, other.id).rows, 1U);
  EXPECT_EQ(verify_audit(other.on, other.id).fault, "");
}

}  // namespace
}  // namespace dialer::sql
