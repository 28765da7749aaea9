// Numbers that are bought: one purchase, one charge, whatever becomes of the answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <thread>

#include "api/instants.hpp"
#include "model/random.hpp"
#include "sql/number_rents.hpp"
#include "sql/wallet.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using test::mishap;
using test::rest_reply;
using testing::HasSubstr;

constexpr std::int64_t balance_at_first = 2'000;  // of the house
constexpr std::int64_t price = 300;

class NumberMarket : public test::rest_fixture {
 protected:
  std::string agent() const { return id("agent_id"); }
  std::string named(const std::string& number = "+14155550141") const {
    return R"({"phone_number":")" + number + R"(","agent_id":")" + agent() + "\"}";
  }
  rest_reply buy(const std::string& body, const std::string& headers = "") {
    return ask("POST", "/v1/phone-numbers/purchase", body, headers);
  }
  static std::string text(const rest_reply& reply, const char* name) {
    const json::value* value = reply.body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : json::serialize(reply.body);
  }
  std::int64_t balance() {
    return sql::read_wallet(us_.house.on, us_.house.id, us_.house.workspace).value_or(money{}).minor;
  }
  /// Every order is settled again, by another engine, whose clock is late enough.
  void time_passes(std::chrono::seconds by = std::chrono::minutes{6}) {
    house_.time.advance(by);
    house_.keys.confirm(house_.time.now().steady);
    for (const auto& one : sql::read_due_orders(us_.house.on, us_.house.id, house_.time.now().utc, 100)) {
      try {
        house_.desk.settle(us_.house.on, one.organisation, one.number);
      } catch (const test::engine_died&) {
        us_.house.on.disconnect();  // its claims go with it
      }
    }
  }
  std::size_t orders() { return sql::read_orders(us_.house.on, us_.house.id).size(); }
  std::string status_of(const std::string& number) {
    const auto found = sql::find_number_record(us_.house.on, us_.house.id, *e164::parse(number));
    if (!found) return "none";
    constexpr std::array names{"pending", "active", "inactive", "released"};
    return names.at(static_cast<std::size_t>(found->status));
  }
  int bought() { return carrier().count("POST"); }
  test::fake_carrier& carrier() { return house_.carrier; }
};

// ---- what users of the API are shown as commands

TEST_F(NumberMarket, SearchedAndPicked_IsBoughtAndWired) {
  const rest_reply found = ask("GET", "/v1/phone-numbers/search?country=US&area_code=415&limit=10");
  ASSERT_EQ(found.status, 200) << found.text;
  const json::object first = found.body.at("data").at(0).as_object();
  const std::string number{first.at("phone_number").as_string()};
  EXPECT_EQ(first.at("purchase_price").at("amount").as_int64(), price);
  const rest_reply made = buy(R"({
        "phone_number": ")" + number +
                              R"(",
        "friendly_name": "Sales Line",
        "agent_id": ")" + agent() +
                              R"(",
        "inbound_routing": {
          "agent_id": ")" + agent() +
                              R"(",
          "fallback": { "agent_id": ")" +
                              agent() + R"(" },
          "voicemail_message": "Sorry we missed you, please leave a message."
        }
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), number);
  EXPECT_EQ(text(made, "agent_id"), agent());
  EXPECT_EQ(text(made, "status"), "active");
  EXPECT_EQ(text(made, "provider"), "platform");
  EXPECT_EQ(made.body.at("inbound_routing").at("agent_id").as_string(), agent());
  EXPECT_TRUE(made.body.at("at_carrier").is_null());
  EXPECT_EQ(balance(), balance_at_first - price);
  ASSERT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(carrier().holds.begin()->second.number, number);
  EXPECT_THAT(carrier().holds.begin()->second.voice_url, HasSubstr("https://dialer.example.com"));
}

TEST_F(NumberMarket, WithoutANumber_OneIsChosen) {
  const rest_reply made = buy(R"({
        "country": "US",
        "area_code": "415",
        "friendly_name": "Sales Line",
        "agent_id": ")" + agent() +
                              R"("
      })");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), "+14155550140");
  EXPECT_EQ(text(made, "status"), "active");
}

// ---- one purchase, one charge

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

TEST_F(NumberMarket, SoldMeanwhile_IsGoneOrTheNextOneIsTaken) {
  carrier().refusal = 21422;
  const rest_reply gone = buy(named());
  EXPECT_EQ(gone.code(), "number_gone") << gone.text;
  EXPECT_THAT(gone.text, HasSubstr("/v1/phone-numbers/search"));
  EXPECT_EQ(buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 1 + 3) << "each that was offered";
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(buy(named("+14155550199")).code(), "number_gone") << "not offered";
}

TEST_F(NumberMarket, NotCovered_AsksTheCarrierForNothing) {
  us_.house.on.run("UPDATE number_price SET purchase = 2001 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  const rest_reply refused = buy(named());
  EXPECT_EQ(refused.status, 402) << refused.text;
  EXPECT_EQ(refused.code(), "rule");
  EXPECT_EQ(text(refused, "rule"), "S7");
  EXPECT_THAT(carrier().asked, testing::IsEmpty());
  us_.house.on.run("DELETE FROM number_price WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(text(buy(named()), "rule"), "S7") << "no price";
  EXPECT_THAT(carrier().asked, testing::IsEmpty());
  const std::string may_not = us_.add_key(house_.keys, 7);
  const rest_reply forbidden = house_.ask("POST", "/v1/phone-numbers/purchase", may_not, named());
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(text(forbidden, "rule"), "S7");
  EXPECT_EQ(balance(), balance_at_first);
}

TEST_F(NumberMarket, LastOfTheWallet_IsSpentOnce) {
  us_.house.on.run("UPDATE number_price SET purchase = 1500 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  std::vector<int> statuses(3);
  {
    std::vector<std::jthread> buyers;
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      buyers.emplace_back([&, i] { statuses[i] = buy(named("+1415555014" + std::to_string(i))).status; });
    }
  }
  EXPECT_EQ(std::ranges::count(statuses, 201), 1);
  EXPECT_EQ(std::ranges::count(statuses, 402), 2);
  EXPECT_EQ(balance(), balance_at_first - 1500);
  EXPECT_EQ(carrier().holds.size(), 1U);
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

TEST_F(NumberMarket, NeverSentAndAccountGone_IsPaidBackInTheEnd) {
  carrier().next = {mishap::not_sent};
  EXPECT_EQ(buy(named()).status, 202);
  us_.house.on.run("UPDATE integration SET revoked_at = now() WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  for (int i = 0; i < 20 && orders() > 0; ++i) time_passes(std::chrono::hours{1});
  EXPECT_EQ(status_of("+14155550141"), "released");
  EXPECT_EQ(balance(), balance_at_first);
  EXPECT_EQ(bought(), 0);
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
    for (int looks = 0; looks < 2'000 && status_of("+14155550141") != "active"; ++looks) std::this_thread::yield();
  }
  EXPECT_EQ(status_of("+14155550141"), "active");
  EXPECT_EQ(orders(), 1U);
}

TEST_F(NumberMarket, OneOfOurOwn_IsNotTakenFromTheOffersAgain) {
  us_.house.on.run("UPDATE phone_number SET number = 14155550140 WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(text(made, "phone_number"), "+14155550141");
}

TEST_F(NumberMarket, OffersThatWereNotAskedFor_AreNotBought) {
  carrier().offers = {"+12125550140", "+18005550141", "+14155550142"};
  const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(text(made, "phone_number"), "+14155550142") << made.text;
  carrier().offers = {"+14155550143"};
  EXPECT_EQ(buy(R"({"area_code":"415","capabilities":["fax"],"agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 1);
}

TEST_F(NumberMarket, MoreOffersThanWereAskedFor_AreNotAllTried) {
  carrier().offers.clear();
  for (int i = 100; i < 140; ++i) carrier().offers.push_back("+14155550" + std::to_string(i));
  carrier().refusal = 21422;
  EXPECT_EQ(buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}").code(), "number_gone");
  EXPECT_EQ(bought(), 5);
}

TEST_F(NumberMarket, QuestionThatTheCarrierRefuses_IsNotToldAsAnOutage) {
  const auto said = [&](int status, const std::string& body) {
    carrier().stand_in = [=](const std::string&) {
      carriers::http::http_answer given;
      given.how = carriers::http::delivery::answered;
      given.status = status;
      given.body = body;
      given.content_type = "application/json";
      return carriers::http::kept_answer{given};
    };
    return ask("GET", "/v1/phone-numbers/search?country=US");
  };
  const rest_reply refused = said(404, R"({"code":20404,"message":"not found","status":404})");
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_EQ(refused.code(), "carrier_refused");
  EXPECT_THAT(refused.text, HasSubstr("20404"));
  for (const int status : {429, 500, 503}) {
    const rest_reply busy = said(status, R"({"code":20429,"message":"slower","status":429})");
    EXPECT_EQ(busy.status, 503) << busy.text;
    EXPECT_EQ(busy.code(), "carrier_unavailable");
    EXPECT_EQ(busy.header("Retry-After"), "1");
  }
}

TEST_F(NumberMarket, ListWithoutEnd_IsGivenUp) {
  int pages = 0;
  carrier().stand_in = [&](const std::string& request) {
    ++pages;
    const std::string path = request.substr(4, request.find('?') - 4);
    const std::string body =
        R"({"incoming_phone_numbers":[],"next_page_uri":")" + path + "?Page=" + std::to_string(pages) + "\"}";
    carriers::http::http_answer given;
    given.how = carriers::http::delivery::answered;
    given.status = 200;
    given.body = body;
    given.content_type = "application/json";
    if (pages > 1'000) given.status = 500;  // ends the test, too
    return carriers::http::kept_answer{given};
  };
  const rest_reply listed = ask("POST", "/v1/integrations/" + id("integration_id") + "/import", "{}");
  EXPECT_EQ(listed.code(), "carrier_unavailable") << listed.text;
  EXPECT_LE(pages, 300);
  EXPECT_GT(pages, 100);
}

// What can happen to money and numbers, in any order: whatever befalls requests and engines, in the end each number
// that the carrier sold is held and was paid for, and no other.
TEST_F(NumberMarket, RandomOperations_LoseNeitherMoneyNorNumbers) {
  carrier().offers.clear();
  for (int i = 100; i < 200; ++i) carrier().offers.push_back("+14155550" + std::to_string(i));
  random_source random{1};
  std::int64_t in = balance_at_first;
  std::vector<std::string> ours;
  int refused = 0;
  for (int n = 0; n < 600; ++n) {
    constexpr std::array befalls{mishap::none,     mishap::none,        mishap::answer_lost, mishap::request_lost,
                                 mishap::not_sent, mishap::died_before, mishap::died_after};
    carrier().next = {befalls.at(random.below(befalls.size()))};
    switch (random.below(5)) {
      case 0:
      case 1: {
        const rest_reply made = buy(R"({"area_code":"415","agent_id":")" + agent() + "\"}");
        if (made.status < 300) ours.push_back(text(made, "id"));
        refused += made.status == 402 ? 1 : 0;
        break;
      }
      case 2: {
        if (ours.empty()) break;
        const std::string gone = ours[random.below(ours.size())];
        if (ask("DELETE", "/v1/phone-numbers/" + gone).status < 300) std::erase(ours, gone);
        break;
      }
      case 3: {
        sql::transfer paid;
        paid.id = wallet_transfer_id{sql::test::make_test_id()};
        paid.name = "top-up random " + std::to_string(n);
        paid.from = sql::wallet_account::paid_in;
        paid.to = sql::wallet_account::balance;
        paid.amount = {static_cast<std::int64_t>(random.below(400)) + 1, "USD"};
        sql::transaction tx{us_.house.on};
        ASSERT_EQ(sql::move_money(tx, us_.house.id, us_.house.workspace, paid), sql::transfer_outcome::done);
        tx.commit();
        in += paid.amount.minor;
        break;
      }
      default: {
        time_passes(std::chrono::hours{random.below(240)});
        for (const phone_number_id due :
             sql::read_due_rents(us_.house.on, us_.house.id, house_.time.now().utc, 1'000)) {
          sql::transaction tx{us_.house.on};
          sql::charge_rent(tx, us_.house.id, due, house_.time.now().utc, wallet_transfer_id{sql::test::make_test_id()});
          tx.commit();
        }
      }
    }
    // What was sold back is for sale again.
    for (int i = 100; i < 200; ++i) {
      const std::string number = "+14155550" + std::to_string(i);
      const bool held =
          std::ranges::any_of(carrier().holds, [&](const auto& one) { return one.second.number == number; });
      if (!held && std::ranges::find(carrier().offers, number) == carrier().offers.end()) {
        carrier().offers.push_back(number);
      }
    }
  }
  carrier().next.clear();
  for (int i = 0; i < 20 && orders() > 0; ++i) time_passes(std::chrono::hours{1});
  ASSERT_EQ(orders(), 0U);
  const auto sum = [&](const char* of) {
    return us_.house.on
        .run("SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry WHERE org_id = $1 AND account = " +
                 std::string(of),
             sql::params{}.uuid(us_.house.id))
        .integer(0, 0);
  };
  EXPECT_EQ(-sum("2"), in);
  EXPECT_EQ(in, sum("3") + sum("4") + balance()) << "money in is money out and balance";
  EXPECT_GT(sum("4"), 0) << "no rent was due";
  EXPECT_GT(refused, 0) << "the wallet was never empty";
  EXPECT_EQ(sum("3"), price * carrier().sold) << "charged for what was sold";
  std::multiset<std::string> here;
  for (const auto& one : sql::read_number_records(us_.house.on, us_.house.id)) {
    if (one.platform && one.status == callerid::number_status::active) here.insert(one.number.text());
  }
  std::multiset<std::string> there;
  for (const auto& [sid, one] : carrier().holds) there.insert(one.number);
  EXPECT_EQ(here, there);
  EXPECT_GT(carrier().sold, 50);
  house_.warnings.clear();
}

// ---- given up

TEST_F(NumberMarket, Released_IsNotTheOneThatWasBoughtAnewMeanwhile) {
  const rest_reply first = buy(named());
  us_.house.on.run("UPDATE phone_number SET carrier_ref = '' WHERE org_id = $1", sql::params{}.uuid(us_.house.id));
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(first, "id")).status, 200);
  carrier().next = {mishap::answer_lost};
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 0U);
  carrier().offers.push_back("+14155550141");
  const rest_reply second = buy(named());
  ASSERT_EQ(second.status, 201) << second.text;
  time_passes();
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(carrier().holds.size(), 1U) << "it is paid for";
}

TEST_F(NumberMarket, PlatformsAccount_HasNoNumbersOfOnesOwn) {
  carrier().hold("+14155550150");
  const rest_reply imported =
      ask("POST", "/v1/integrations/" + id("integration_id") + "/import", R"({"phone_numbers":["+14155550150"]})");
  EXPECT_EQ(imported.status, 409) << imported.text;
  EXPECT_EQ(text(imported, "rule"), "S7");
  const rest_reply registered = ask("POST", "/v1/phone-numbers",
                                    R"({"phone_number":"+14155550150","integration_id":")" + id("integration_id") +
                                        R"(","agent_id":")" + agent() + "\"}");
  EXPECT_EQ(text(registered, "rule"), "S7") << registered.text;
  EXPECT_EQ(status_of("+14155550150"), "none");
}

TEST_F(NumberMarket, PlatformsAccount_IsTheOperatorsToChange) {
  const std::string account = "/v1/integrations/" + id("integration_id");
  const rest_reply revoked = ask("DELETE", account);
  EXPECT_EQ(revoked.status, 409) << revoked.text;
  EXPECT_EQ(text(revoked, "rule"), "S7");
  EXPECT_EQ(text(ask("PATCH", account, R"({"api_key":"0123456789abcdef"})"), "rule"), "S7");
  EXPECT_EQ(buy(named()).status, 201);
}

TEST_F(NumberMarket, Released_IsGivenUpAtTheCarrierHoweverLong) {
  const rest_reply made = buy(named());
  const std::string path = "/v1/phone-numbers/" + text(made, "id");
  carrier().away = true;
  const rest_reply released = ask("DELETE", path);
  EXPECT_EQ(text(released, "status"), "released") << "shown no more, whoever answers";
  EXPECT_EQ(text(released, "at_carrier"), "release");
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(orders(), 1U);
  carrier().away = false;
  carrier().next = {mishap::answer_lost};
  time_passes();
  EXPECT_EQ(carrier().holds.size(), 0U);
  EXPECT_EQ(orders(), 1U) << "nobody has said so yet";
  time_passes();
  EXPECT_EQ(orders(), 0U);
  EXPECT_TRUE(ask("GET", path).body.at("at_carrier").is_null());
}

TEST_F(NumberMarket, Released_IsNotAnotherNumberThatTheCarrierListsToo) {
  const std::string other = carrier().hold("+14155550150");
  const rest_reply made = buy(named());
  us_.house.on.run("UPDATE phone_number SET carrier_ref = '' WHERE org_id = $1 AND id = $2",
                   sql::params{}.uuid(us_.house.id).uuid(*phone_number_id::parse(text(made, "id"))));
  carrier().lists_others = true;
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(made, "id")).status, 200);
  time_passes();
  EXPECT_EQ(orders(), 0U);
  ASSERT_EQ(carrier().holds.size(), 1U);
  EXPECT_EQ(carrier().holds.begin()->first, other);
}

TEST_F(NumberMarket, Pending_IsNotReleased) {
  carrier().next = {mishap::answer_lost};
  const rest_reply made = buy(named());
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(made, "id")).status, 409);
  EXPECT_EQ(ask("PATCH", "/v1/phone-numbers/" + text(made, "id"), R"({"status":"active"})").status, 409);
}

// ---- imported

TEST_F(NumberMarket, Import_ListsWhatTheAccountHoldsAndTakesWhatIsChosen) {
  us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL");
  const std::string import = "/v1/integrations/" + id("integration_id") + "/import";
  const auto chosen = [&](const std::string& number) {
    return R"({"phone_numbers":[")" + number + R"("],"agent_id":")" + agent() + '"';
  };
  carrier().hold("+14155550150", "https://old.example.com/voice");
  carrier().hold("+14155550151");
  const rest_reply listed = ask("POST", import, "{}");
  ASSERT_EQ(listed.status, 200) << listed.text;
  ASSERT_EQ(listed.body.at("data").as_array().size(), 2U);
  EXPECT_EQ(listed.body.at("data").at(0).at("voice_webhook").as_string(), "https://old.example.com/voice");
  EXPECT_TRUE(listed.body.at("data").at(0).at("number_id").is_null());

  const rest_reply taken = ask("POST", import, chosen("+14155550150") + "}");
  EXPECT_EQ(taken.body.at("data").at(0).at("webhook").as_string(), "kept") << taken.text;
  EXPECT_EQ(status_of("+14155550150"), "active");
  EXPECT_EQ(status_of("+14155550151"), "none");
  EXPECT_EQ(carrier().holds.begin()->second.voice_url, "https://old.example.com/voice");

  const std::string replace = chosen("+14155550150") + R"(,"replace_webhook":true)";
  const rest_reply refused = ask("POST", import, replace + "}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "webhook_in_use");
  EXPECT_THAT(refused.text, HasSubstr("https://old.example.com/voice"));
  EXPECT_EQ(carrier().holds.begin()->second.voice_url, "https://old.example.com/voice");
  const rest_reply replaced = ask("POST", import, replace + R"(,"current_webhook":"https://old.example.com/voice"})");
  EXPECT_EQ(replaced.body.at("data").at(0).at("webhook").as_string(), "replaced") << replaced.text;
  EXPECT_THAT(carrier().holds.begin()->second.voice_url, HasSubstr("https://dialer.example.com"));

  EXPECT_EQ(text(ask("POST", import, chosen("+14155550152") + "}"), "param"), "phone_numbers");
  carrier().away = true;
  EXPECT_EQ(ask("POST", import, "{}").code(), "carrier_unavailable");
}

TEST_F(NumberMarket, Import_WarmsUpWhatNobodyUsedSoFar) {
  us_.house.on.run("UPDATE integration SET platform = false WHERE org_id IS NOT NULL");
  const std::string import = "/v1/integrations/" + id("integration_id") + "/import";
  struct held {
    const char* number;
    const char* voice_url;
    const char* more;
    const char* state;
  };
  for (const held& one :
       {held{"+14155550150", "https://old.example.com/voice", "", "healthy"}, held{"+14155550151", "", "", "fresh"},
        held{"+14155550152", "https://demo.twilio.com/welcome/voice/", "", "fresh"},
        held{"+14155550153", "https://old.example.com/voice", R"(,"in_use":false)", "fresh"},
        held{"+14155550154", "", R"(,"in_use":true)", "healthy"}}) {
    carrier().hold(one.number, one.voice_url);
    const std::string chosen =
        R"({"phone_numbers":[")" + std::string(one.number) + R"("],"agent_id":")" + agent() + '"' + one.more + "}";
    const rest_reply taken = ask("POST", import, chosen);
    ASSERT_EQ(taken.status, 200) << taken.text;
    const auto query = "/v1/phone-numbers?phone_number=" + std::string(one.number);
    const rest_reply found = ask("GET", query);
    EXPECT_EQ(found.body.at("data").at(0).at("health").at("state").as_string(), one.state) << one.number;
    EXPECT_EQ(ask("POST", import, chosen).status, 200);
    EXPECT_EQ(ask("GET", query).text, found.text) << "a second time it is known";
  }
}

}  // namespace
}  // namespace dialer::api
