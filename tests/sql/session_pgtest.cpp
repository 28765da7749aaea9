#include "sql/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#include "sql/copy_writer.hpp"
#include "tests/sql/database.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;

class Session : public testing::Test {
 protected:
  static std::string& database() {
    static std::string made = test::empty_database();
    return made;
  }
  session on_ = test::connect(database());
};

TEST_F(Session, CopyOfEveryType_ComesBackUnchangedAtTheExtremes) {
  on_.run_script(
      "DROP TABLE IF EXISTS t; CREATE TABLE t (a smallint, b int, c bigint, d text, e uuid, f timestamptz, "
      "g jsonb, h boolean, n int)",
      5s);
  struct row_values {
    std::int16_t a;
    std::int32_t b;
    std::int64_t c;
    std::string d;
    id128 e;
    utc_time f;
    std::string g;
    bool h;
  };
  const std::array rows{row_values{std::numeric_limits<std::int16_t>::min(),
                                   std::numeric_limits<std::int32_t>::min(),
                                   std::numeric_limits<std::int64_t>::min(),
                                   "",
                                   {},
                                   utc_time{},
                                   "{}",
                                   false},
                        row_values{std::numeric_limits<std::int16_t>::max(),
                                   std::numeric_limits<std::int32_t>::max(),
                                   std::numeric_limits<std::int64_t>::max(),
                                   std::string(100'000, 'x') + "\\N\t\n\xC3\xA9\xF0\x9F\x93\x9E",
                                   {~0ULL, ~0ULL},
                                   utc_time{std::chrono::microseconds{4'102'444'799'999'999}},
                                   R"({"a": ["\t\"x\""]})",
                                   true},
                        row_values{-1,
                                   0,
                                   1,
                                   "\xE2\x80\x8B",
                                   {0x0123456789abcdefULL, 0xfedcba9876543210ULL},
                                   utc_time{std::chrono::microseconds{-1}},
                                   "null",
                                   true}};
  copy_writer copy;
  for (const auto& row : rows) {
    copy.row(9);
    copy.int2(row.a);
    copy.int4(row.b);
    copy.int8(row.c);
    copy.text(row.d);
    copy.uuid(row.e);
    copy.timestamptz(row.f);
    copy.jsonb(row.g);
    copy.boolean(row.h);
    copy.null();
  }
  EXPECT_EQ(on_.copy_in("COPY t FROM STDIN (FORMAT binary)", copy.bytes()), 3);
  const result back = on_.run("SELECT a, b, c, d, e, f, g::text, h, n FROM t");
  ASSERT_EQ(back.rows(), 3);
  for (int i = 0; i < 3; ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    EXPECT_EQ(back.integer(i, 0), row.a);
    EXPECT_EQ(back.integer(i, 1), row.b);
    EXPECT_EQ(back.integer(i, 2), row.c);
    EXPECT_EQ(back.text(i, 3), row.d);
    EXPECT_EQ(back.wide<campaign_id>(i, 4), campaign_id{row.e});
    EXPECT_EQ(back.time(i, 5), row.f);
    EXPECT_EQ(back.text(i, 6), row.g);
    EXPECT_EQ(back.boolean(i, 7), row.h);
    EXPECT_TRUE(back.null(i, 8));
  }
}

TEST_F(Session, EveryParameterType_ComesBackUnchanged) {
  const id128 id{1, 2};
  const utc_time now{std::chrono::microseconds{1'790'000'000'123'456}};
  const result back = on_.run(
      "SELECT $1, $2, $3, $4, $5, $6, $7, $8, (SELECT sum(x)::bigint FROM unnest($9) x), cardinality($10), "
      "array_to_string($11, '|')",
      params{}
          .boolean(true)
          .int2(-3)
          .int4(-4)
          .int8(std::int64_t{-5})
          .float8(0.1)
          .text("{}")
          .time(now)
          .uuid(id)
          .int8_array({1, 2, 39})
          .uuid_array({})
          .text_array({"a", "", "b'c"}));
  EXPECT_TRUE(back.boolean(0, 0));
  EXPECT_EQ(back.integer(0, 1), -3);
  EXPECT_EQ(back.integer(0, 2), -4);
  EXPECT_EQ(back.integer(0, 3), -5);
  EXPECT_DOUBLE_EQ(back.float8(0, 4), 0.1);
  EXPECT_EQ(back.text(0, 5), "{}");
  EXPECT_EQ(back.time(0, 6), now);
  EXPECT_EQ(back.wide<agent_id>(0, 7), agent_id{id});
  EXPECT_EQ(back.integer(0, 8), 42);
  EXPECT_EQ(back.integer(0, 9), 0);
  EXPECT_EQ(back.text(0, 10), "a||b'c");
}

TEST_F(Session, RefusedStatement_NamesSqlstateAndLeavesTheSessionUsable) {
  try {
    on_.run("SELECT 1/0");
    FAIL() << "a division by zero was accepted";
  } catch (const sql_error& error) {
    EXPECT_EQ(error.kind(), error_class::refused);
    EXPECT_EQ(error.sqlstate(), "22012");
  }
  EXPECT_EQ(on_.run("SELECT 7::bigint").integer(0, 0), 7);
}

TEST_F(Session, NoServer_IsNotSent) {
  session nowhere = test::connect("host=/nonexistent dbname=x");
  try {
    nowhere.run("SELECT 1");
    FAIL() << "connected to nothing";
  } catch (const sql_error& error) {
    EXPECT_EQ(error.kind(), error_class::not_sent);
  }
}

TEST_F(Session, ConnectionLostInATransaction_IsNeverReplacedSilently) {
  on_.run_script("DROP TABLE IF EXISTS lost; CREATE TABLE lost (n int)", 5s);
  session killer = test::connect(database());
  {
    transaction tx{on_};
    tx.run("INSERT INTO lost VALUES (1)");
    const auto pid = tx.run("SELECT pg_backend_pid()").integer(0, 0);
    killer.run("SELECT pg_terminate_backend($1)", params{}.int4(pid));
    EXPECT_THROW(tx.run("INSERT INTO lost VALUES (2)"), sql_error);
    EXPECT_THROW(tx.run("INSERT INTO lost VALUES (3)"), sql_error);
    EXPECT_THROW(tx.commit(), sql_error);
  }
  EXPECT_EQ(on_.run("SELECT count(*) FROM lost").integer(0, 0), 0);
}

TEST_F(Session, StatementSlowerThanTheDeadline_EndsAndReconnects) {
  connect_options options;
  options.target = database();
  options.call_timeout = 1s;
  session hasty{options};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(hasty.run("SELECT pg_sleep(30)"), sql_error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(hasty.run("SELECT 1").integer(0, 0), 1);
}

TEST_F(Session, RowsOneByOne_ComeInOrderAndWhole) {
  std::int64_t expected = 0;
  on_.for_each_row("SELECT generate_series(1, $1)", params{}.int8(std::int64_t{5000}),
                   [&](const result& row) { EXPECT_EQ(row.integer(0, 0), ++expected); });
  EXPECT_EQ(expected, 5000);
}

// Rows wide enough that the server sends each as it comes.
constexpr const char* slow_rows =
    "SELECT n, repeat('x', 20000) FROM generate_series(1, 12) n, LATERAL (SELECT pg_sleep($1 + n - n)) slow";

TEST_F(Session, RowsThatKeepComing_MayTakeLongerInAllThanTheDeadlineOfACall) {
  connect_options options;
  options.target = database();
  options.call_timeout = 1s;
  session on{options};
  for (const bool in_transaction : {false, true}) {
    std::optional<transaction> tx;
    if (in_transaction) tx.emplace(on, transaction::mode::snapshot);
    int rows = 0;
    on.for_each_row(slow_rows, params{}.float8(0.1), [&](const result&) { ++rows; });
    EXPECT_EQ(rows, 12);
    EXPECT_EQ(on.run("SHOW statement_timeout").text(0, 0), "900ms") << "other statements keep their deadline";
  }
}

TEST_F(Session, SilenceBetweenRows_IsBoundedAndTheFirstRowMayTakeLonger) {
  connect_options options;
  options.target = database();
  options.call_timeout = 1s;
  session on{options};
  int rows = 0;
  on.for_each_row("SELECT pg_sleep(1.5)", {}, [&](const result&) { ++rows; });
  EXPECT_EQ(rows, 1);
  constexpr const char* stuck =
      "SELECT n, repeat('x', 20000), CASE WHEN n = 3 THEN pg_sleep(5) END FROM generate_series(1, 3) n";
  rows = 0;
  EXPECT_THROW(on.for_each_row(stuck, {}, [&](const result&) { ++rows; }), sql_error);
  EXPECT_GE(rows, 1);
  options.first_row_timeout = 300ms;
  session hasty{options};
  EXPECT_THROW(hasty.for_each_row("SELECT pg_sleep(5)", {}, [](const result&) {}), sql_error);
  EXPECT_EQ(hasty.run("SELECT 1").integer(0, 0), 1);
}

TEST_F(Session, RowsWithinALimit_AreStoppedByTheServerThoughTheyKeepComing) {
  session on = test::connect(database());
  const std::string usual{on.run("SHOW statement_timeout").text(0, 0)};
  std::uint64_t rows = 0;
  std::string state;
  try {
    on.for_each_row(
        "SELECT generate_series(1, 1000000000)", {}, [&](const result&) { ++rows; }, 300ms);
  } catch (const sql_error& error) {
    state = error.sqlstate();
  }
  EXPECT_EQ(state, "57014");
  EXPECT_GT(rows, 0U);
  EXPECT_EQ(on.run("SHOW statement_timeout").text(0, 0), usual);
}

// A synchronous standby that does not exist holds every COMMIT until somebody cancels the wait; the server then says
// COMMIT, with a warning that it promises nothing.
TEST_F(Session, CancelledWaitForAStandby_IsNotACommit) {
  session admin = test::connect(database());
  admin.run_script("CREATE TABLE IF NOT EXISTS waited (n int)", 5s);
  const auto pid = on_.run("SELECT pg_backend_pid()").integer(0, 0);
  admin.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  admin.run("SELECT pg_reload_conf()");
  std::thread canceller{[&] {
    session other = test::connect(database());
    while (
        other.run("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'", params{}.int4(pid))
            .integer(0, 0) == 0) {
      std::this_thread::yield();
    }
    other.run("SELECT pg_cancel_backend($1)", params{}.int4(pid));
  }};
  // The server begins to wait when its checkpointer has read the setting: commits before that are not held.
  std::optional<error_class> seen;
  while (!seen) {
    try {
      transaction tx{on_};
      tx.run("INSERT INTO waited VALUES (1)");
      tx.commit();
    } catch (const sql_error& error) {
      seen = error.kind();
    }
  }
  canceller.join();
  EXPECT_EQ(seen, error_class::unknown);
  admin.run("ALTER SYSTEM RESET synchronous_standby_names");
  admin.run("SELECT pg_reload_conf()");
}

}  // namespace
}  // namespace dialer::sql
