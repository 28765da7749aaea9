// Numbers are bought from carriers that act without telling, by an engine that is killed meanwhile. By the carriers'
// own log and the wallet's entries: each is bought once and charged once, or not bought and paid back.

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "carriers/simulator/log_reader.hpp"
#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "sql/snapshot.hpp"
#include "sql/wallet.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::log_event;

constexpr std::int64_t price = 300;
constexpr std::int64_t paid_in = 1'000'000;

std::string fault(const std::string& kind, const std::string& on, const std::string& more) {
  return "[[fault]]\nkind = \"" + kind + "\"\non = \"" + on + "\"\n" + more + "\n";
}

/// By the carrier's name.
class NumberPurchase : public testing::TestWithParam<const char*> {
 protected:
  void install(const std::string& faults) {
    rig_options options = quick_rig(wanted.calls_per_second);
    options.caller_ids = options.campaigns = 0;
    options.scenario += faults;
    installation_.emplace(options);
    on_.emplace(installation_->open());
    organisation_ = installation_->organisation();
    workspace_ = sql::read_workspaces(*on_, organisation_).front().id;
    const auto ours = sql::params{}.uuid(organisation_);
    on_->run("UPDATE integration SET platform = true WHERE org_id = $1 AND name = $2",
             sql::params{ours}.text(GetParam()));
    on_->run("INSERT INTO number_price VALUES ($1, 'US', 0, 300, 115, 'USD')", ours);
    pay_in("first", paid_in);
    key_ = installation_->make_key();
    start();
  }
  void pay_in(const std::string& reference, std::int64_t cents) {
    sql::transfer one;
    one.id = wallet_transfer_id{cli::new_id()};
    one.name = "top-up " + reference;
    one.from = sql::wallet_account::paid_in;
    one.to = sql::wallet_account::balance;
    one.amount = {cents, "USD"};
    sql::transaction tx{*on_};
    ASSERT_EQ(sql::move_money(tx, organisation_, workspace_, one), sql::transfer_outcome::done);
    tx.commit();
  }
  void start() {
    installation_->start_engine();
    ASSERT_TRUE(eventually(20s, [&] { return client().ask("GET", "/v1/keys").status == 200; }))
        << installation_->engine_words();
  }
  rest_client client() const { return {installation_->port(), key_}; }
  static rest_answer buy(rest_client& over, const std::string& idempotency_key) {
    return over.ask("POST", "/v1/phone-numbers/purchase", R"({"country":"US"})",
                    "Idempotency-Key: " + idempotency_key + "\r\n");
  }
  static std::string text(const rest_answer& of, const char* name) {
    const auto* value = of.body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : of.text;
  }
  std::int64_t number(const std::string& statement) {
    return on_->run(statement, sql::params{}.uuid(organisation_)).integer(0, 0);
  }
  std::int64_t balance() { return sql::read_wallet(*on_, organisation_, workspace_).value_or(money{}).minor; }
  std::int64_t entries(const std::string& name) {
    return number("SELECT count(*) FROM wallet_entry WHERE org_id = $1 AND account = 1 AND name LIKE '" + name + " %'");
  }
  /// Every order, one that was asked for only here included: what was on its way to the carrier arrived long ago.
  void settle_all() {
    const auto ours = sql::params{}.uuid(organisation_);
    rest_client over = client();
    EXPECT_TRUE(eventually(60s, [&] {
      on_->run("UPDATE number_order SET asked_at = asked_at - interval '6 minutes' WHERE org_id = $1", ours);
      const sql::result waiting = on_->run("SELECT number_id FROM number_order WHERE org_id = $1", ours);
      for (int i = 0; i < waiting.rows(); ++i) {
        over.ask("POST", "/v1/phone-numbers/" + waiting.wide<phone_number_id>(i, 0).text() + "/process");
      }
      return waiting.rows() == 0;
    })) << installation_->engine_words();
  }
  /// What the carrier sold us and we did not give back, by its own log; how often it sold at all.
  std::multiset<std::string> held(std::size_t& sold) {
    std::multiset<std::string> all;
    carriers::simulator::log_reader log{installation_->log().string()};
    for (carriers::simulator::log_entry one; log.next(one);) {
      if (one.event == log_event::number_bought) all.insert(one.to), ++sold;
      if (one.event == log_event::number_released) all.erase(all.find(one.to));
    }
    return all;
  }
  /// Money and numbers add up, here and at the carrier.
  void expect_books_in_order() {
    std::size_t sold = 0;
    const auto at_carrier = held(sold);
    std::multiset<std::string> here;
    const sql::result rows =
        on_->run("SELECT number FROM phone_number WHERE org_id = $1 AND status <> 3 AND provider = 1",
                 sql::params{}.uuid(organisation_));
    for (int i = 0; i < rows.rows(); ++i) here.insert(rows.phone(i, 0).text());
    EXPECT_EQ(here, at_carrier) << "what is held here is what the carrier sold and got not back";
    EXPECT_EQ(entries("purchase") - entries("refund"), static_cast<std::int64_t>(sold)) << "charged for what was sold";
    EXPECT_EQ(number("SELECT count(*) FROM (SELECT FROM wallet_entry WHERE org_id = $1 GROUP BY position "
                     "HAVING sum(amount) <> 0 OR count(*) <> 2) t"),
              0)
        << "the entries of a transfer sum to zero";
    const auto account = [&](int which) {
      return number("SELECT coalesce(sum(amount), 0)::bigint FROM wallet_entry WHERE org_id = $1 AND account = " +
                    std::to_string(which));
    };
    EXPECT_EQ(account(1), balance());
    EXPECT_EQ(-account(2), account(3) + account(4) + balance()) << "money in is money out and balance";
    EXPECT_EQ(account(3), price * static_cast<std::int64_t>(sold));
  }

  std::optional<rig> installation_;
  std::optional<sql::session> on_;
  organisation_id organisation_;
  workspace_id workspace_;
  std::string key_;
};

INSTANTIATE_TEST_SUITE_P(Each, NumberPurchase, testing::Values("twilio", "telnyx"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(NumberPurchase, AnswerLostAndEngineKilled_IsBoughtOnceAndChargedOnce) {
  install(fault("drop_after", "number_buy", "limit = 1"));
  rest_client before = client();
  const rest_answer made = buy(before, "one");
  ASSERT_EQ(made.status, 202) << made.text;
  EXPECT_EQ(text(made, "status"), "pending");
  EXPECT_EQ(balance(), paid_in - price);
  installation_->engine().kill();
  ASSERT_NO_FATAL_FAILURE(start());
  rest_client after = client();
  const rest_answer again = buy(after, "one");
  EXPECT_EQ(again.status, 202) << again.text;
  EXPECT_EQ(text(again, "id"), text(made, "id")) << "a repeat buys nothing";
  rest_answer settled;
  EXPECT_TRUE(eventually(20s, [&] {
    settled = after.ask("POST", "/v1/phone-numbers/" + text(made, "id") + "/process");
    return text(settled, "status") == "active";
  })) << settled.text;
  EXPECT_EQ(balance(), paid_in - price);
  EXPECT_EQ(number("SELECT count(*) FROM number_order WHERE org_id = $1"), 0);
  installation_->engine().signal(SIGTERM);
  EXPECT_EQ(installation_->engine().wait(15s), 0) << installation_->engine_words();
  installation_->stop_carriers();
  std::size_t sold = 0;
  const auto at_carrier = held(sold);
  EXPECT_EQ(sold, 1U);
  EXPECT_EQ(at_carrier.count(text(made, "phone_number")), 1U);
  expect_books_in_order();
  std::cout << GetParam() << ": sold " << sold << ", charged " << entries("purchase") << ", refunded "
            << entries("refund") << '\n';
}

TEST_P(NumberPurchase, EngineKilledWhileItBuys_LosesNeitherMoneyNorNumbers) {
  install(fault("drop_after", "number_buy", "probability = 0.15") +
          fault("drop_before", "number_buy", "probability = 0.1") +
          fault("error_500_after", "number_buy", "probability = 0.05") +
          fault("throttled_429", "number_buy", "probability = 0.05") +
          fault("drop_after", "number_release", "probability = 0.2"));
  std::mt19937_64 random{wanted.seed};
  std::map<std::string, std::string> acknowledged;  // ids by Idempotency-Key
  std::size_t cut_off = 0;
  std::size_t tops = 0;
  for (unsigned kill = 0; kill < wanted.purchase_kills; ++kill) {
    std::map<std::string, std::string> made[2];
    std::size_t unheard[2] = {0, 0};
    std::vector<std::string> held_before;
    for (const auto& [key, id] : acknowledged) held_before.push_back(id);
    {
      std::vector<std::jthread> buyers;
      for (std::size_t buyer = 0; buyer < 2; ++buyer) {
        buyers.emplace_back([&, buyer, seed = random()] {
          std::mt19937_64 own{seed};
          rest_client over = client();
          for (std::size_t n = 0;; ++n) {
            const std::string key = std::to_string(kill) + "." + std::to_string(buyer) + "." + std::to_string(n);
            const rest_answer bought = buy(over, key);
            if (bought.status == 0) ++unheard[buyer];
            if (bought.status == 0) return;
            if (bought.status < 300) made[buyer][key] = text(bought, "id");
            if (own() % 3 != 0 || held_before.empty()) continue;
            const std::string& given_up = held_before[own() % held_before.size()];
            if (over.ask("DELETE", "/v1/phone-numbers/" + given_up).status == 0) return;
          }
        });
      }
      pay_in(std::to_string(++tops), 500);
      installation_->engine().wait(std::chrono::milliseconds{100 + random() % 900});
      installation_->engine().kill();
    }
    // A month goes by for what was bought so far: the next engine charges it.
    on_->run(
        "UPDATE number_rent SET since = since - interval '31 days', due_at = due_at - interval '31 days' "
        "WHERE org_id = $1",
        sql::params{}.uuid(organisation_));
    ASSERT_NO_FATAL_FAILURE(start());
    rest_client over = client();
    for (std::size_t buyer = 0; buyer < 2; ++buyer) {
      cut_off += unheard[buyer];
      for (const auto& [key, id] : made[buyer]) {
        rest_answer again;
        ASSERT_TRUE(eventually(10s, [&] { return text(again = buy(over, key), "code") != "request_in_progress"; }));
        if (again.status < 300) {
          EXPECT_EQ(text(again, "id"), id) << "a repeat buys nothing";
        }
        acknowledged[key] = id;
      }
    }
  }
  ASSERT_NO_FATAL_FAILURE(settle_all());
  for (const auto& [key, id] : acknowledged) {
    EXPECT_EQ(client().ask("GET", "/v1/phone-numbers/" + id).status, 200) << key;
  }
  installation_->engine().signal(SIGTERM);
  EXPECT_EQ(installation_->engine().wait(15s), 0) << installation_->engine_words();
  installation_->stop_carriers();
  expect_books_in_order();
  std::size_t sold = 0;
  const auto at_carrier = held(sold);
  std::cout << GetParam() << ": " << wanted.purchase_kills << " kills, " << acknowledged.size() << " acknowledged, "
            << cut_off << " cut off; sold " << sold << ", held " << at_carrier.size() << ", charged "
            << entries("purchase") << ", refunded " << entries("refund") << ", months of rent " << entries("rent")
            << "; in " << paid_in + 500 * static_cast<std::int64_t>(tops) << ", balance " << balance() << '\n';
  EXPECT_GT(sold, 0U);
  EXPECT_GT(cut_off, 0U) << "no purchase was under way";
}

}  // namespace
}  // namespace dialer::e2e
