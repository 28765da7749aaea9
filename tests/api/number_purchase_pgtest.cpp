// One purchase, one charge, whatever becomes of requests, answers and engines.
#include <algorithm>
#include <thread>

#include "api/instants.hpp"
#include "tests/api/number_market_stage.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;

TEST_F(NumberMarket, AnswerLost_IsBoughtOnceAndChargedOnce) {
  carrier().next = {mishap::answer_lost};
  const rest_reply made = buy(named(), "Idempotency-Key: one\r\n");
  EXPECT_EQ(made.status, 202) << made.text;
  EXPECT_EQ(text(made, "status"), "pending");
  EXPECT_EQ(text(made, "at_carrier"), "purchase");
  EXPECT_EQ(buy(named(), "Idempotency-Key: one\r\n").status, 202) << "a repeat buys nothing";
  EXPECT_EQ(ask("POST", "/v1/phone-numbers/" + text(made, "id") + "/process").body.at("status").as_string(), "active");
  time_passes();
  EXPECT_EQ(bought(), 1);
  EXPECT_EQ(balance(), balance_at_first - price);
  EXPECT_EQ(orders(), 0U);
}

TEST_F(NumberMarket, PendingFirst_WarmsUpFromItsActivationOn) {
  const auto health = [](const rest_reply& of) { return of.body.at("health").as_object(); };
  const rest_reply at_once = buy(named("+14155550140"));
  EXPECT_EQ(health(at_once).at("state").as_string(), "fresh") << at_once.text;
  carrier().next = {mishap::answer_lost};
  const rest_reply made = buy(named());
  EXPECT_EQ(text(made, "status"), "pending");
  EXPECT_EQ(health(made).at("state").as_string(), "healthy") << "nothing begins with the order";
  time_passes(std::chrono::hours{24 * 8});
  const rest_reply active = ask("GET", "/v1/phone-numbers/" + text(made, "id"));
  EXPECT_EQ(text(active, "status"), "active");
  EXPECT_EQ(health(active).at("state").as_string(), "fresh");
  EXPECT_EQ(health(active).at("since").as_string(), to_text(house_.time.now().utc));
}

TEST_F(NumberMarket, RequestLost_IsBelievedOnlyWhenTheCarrierMustKnow) {
  carrier().next = {mishap::request_lost};
  const rest_reply made = buy(named());
  EXPECT_EQ(made.status, 202) << made.text;
  time_passes(number_desk::answered_within);
  EXPECT_EQ(status_of("+14155550141"), "pending") << "it may still be on its way";
  time_passes(number_desk::known_within - number_desk::answered_within);
  EXPECT_EQ(status_of("+14155550141"), "released");
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(bought(), 1);
  EXPECT_EQ(orders(), 0U);
}

TEST_F(NumberMarket, NotSent_IsTriedAgain) {
  carrier().next = {mishap::not_sent};
  EXPECT_EQ(buy(named()).status, 202);
  time_passes();
  EXPECT_EQ(status_of("+14155550141"), "active");
  EXPECT_EQ(bought(), 1);
  EXPECT_EQ(balance(), balance_at_first - price);
}

TEST_F(NumberMarket, NeverSent_IsPaidBackInTheEnd) {
  carrier().next.assign(100, mishap::not_sent);
  EXPECT_EQ(buy(named()).status, 202);
  for (int i = 0; i < 20 && orders() > 0; ++i) time_passes(std::chrono::hours{1});
  EXPECT_EQ(status_of("+14155550141"), "released");
  EXPECT_EQ(balance(), balance_at_first);
}

TEST_F(NumberMarket, NeverSentAndAccountGone_IsPaidBackInTheEnd) {
  carrier().next = {mishap::not_sent};
  EXPECT_EQ(buy(named()).status, 202);
  us_.house.on.run("UPDATE integration SET revoked_at = now() WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  for (int i = 0; i < 20 && orders() > 0; ++i) time_passes(std::chrono::hours{1});
  EXPECT_EQ(status_of("+14155550141"), "released");
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(bought(), 0);
}

TEST_F(NumberMarket, Refused_IsPaidBackAtOnce) {
  carrier().refusal = 21631;
  const rest_reply refused = buy(named(), "Idempotency-Key: one\r\n");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "carrier_refused");
  EXPECT_THAT(refused.text, HasSubstr("21631"));
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(status_of("+14155550141"), "released");
  carrier().refusal = 0;
  const rest_reply repeated = buy(named(), "Idempotency-Key: one\r\n");
  EXPECT_EQ(repeated.code(), "carrier_refused") << "the first one's answer";
  EXPECT_EQ(repeated.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(buy(named()).status, 201) << "another purchase of it is another charge";
  EXPECT_EQ(balance(), balance_at_first - price);
}

TEST_F(NumberMarket, Refund_GoesToWhoPaid) {
  carrier().next = {mishap::request_lost};
  const rest_reply made = buy(named());
  EXPECT_EQ(balance(), balance_at_first - price);
  us_.house.on.run(
      "UPDATE phone_number SET workspace_id = $3 WHERE org_id = $1 AND id = $2",
      sql::params{}.uuid(us_.house.id).uuid(*phone_number_id::parse(text(made, "id"))).uuid(us_.other_workspace));
  time_passes();
  EXPECT_EQ(status_of("+14155550141"), "released");
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_FALSE(sql::read_wallet(us_.house.on, us_.house.id, us_.other_workspace));
}

// Whichever step the engine dies at, another one ends it: the number is held and paid, or neither.
TEST_F(NumberMarket, EngineThatDies_LeavesAPurchaseThatIsSettledOnce) {
  for (const mishap death : {mishap::died_before, mishap::died_after}) {
    const std::string number = death == mishap::died_before ? "+14155550140" : "+14155550141";
    const std::int64_t before = balance();
    carrier().next = {death};
    const rest_reply cut_off = buy(named(number));
    EXPECT_EQ(cut_off.code(), "outcome_unknown") << "it is paid, so nobody may say that nothing was changed";
    EXPECT_THAT(cut_off.text, testing::Not(HasSubstr("nothing was changed")));
    EXPECT_EQ(status_of(number), "pending");
    EXPECT_EQ(balance(), before - price) << "paid before it is asked for";
    time_passes();
    const bool held =
        std::ranges::any_of(carrier().holds, [&](const auto& one) { return one.second.number == number; });
    EXPECT_EQ(held, death == mishap::died_after);
    EXPECT_EQ(status_of(number), held ? "active" : "released");
    EXPECT_EQ(balance(), held ? before - price : before);
    EXPECT_EQ(orders(), 0U);
  }
  house_.warnings.clear();
}

TEST_F(NumberMarket, OrderThatCannotBeSettled_HoldsUpNoOther) {
  carrier().next = {mishap::answer_lost, mishap::answer_lost};
  ASSERT_EQ(buy(named("+14155550140")).status, 202);
  ASSERT_EQ(buy(named("+14155550141")).status, 202);
  // The first can't become active: the organisation has its number from elsewhere by now.
  const auto of = sql::params{}.uuid(us_.house.id).int8(14155550140);
  us_.house.on.run("UPDATE phone_number SET status = 3 WHERE org_id = $1 AND number = $2", of);
  sql::number_record other = *sql::find_number_record(us_.house.on, us_.house.id, *e164::parse("+14155550140"));
  other.id = phone_number_id{sql::test::make_test_id()};
  other.status = callerid::number_status::active;
  {
    sql::transaction tx{us_.house.on};
    sql::insert_number(tx, us_.house.id, other);
    tx.commit();
  }
  house_.time.advance(std::chrono::minutes{6});
  sql::connect_options connection;
  connection.target = house_.database;
  {
    const number_workers workers{connection, 1, house_.desk, house_.time};
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (status_of("+14155550141") != "active" && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  }
  EXPECT_EQ(status_of("+14155550141"), "active");
  EXPECT_EQ(orders(), 1U);
}

TEST_F(NumberMarket, Pending_IsNotReleased) {
  carrier().next = {mishap::answer_lost};
  const rest_reply made = buy(named());
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(made, "id")).status, 409);
  EXPECT_EQ(ask("PATCH", "/v1/phone-numbers/" + text(made, "id"), R"({"status":"active"})").status, 409);
}

}  // namespace
}  // namespace dialer::api
