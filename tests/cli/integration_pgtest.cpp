// A carrier account made over REST is one that the engine dials over.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/key_file.hpp"
#include "cli/system_clock.hpp"
#include "sql/contact_store.hpp"
#include "sql/opt_outs.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;
using e2e::eventually;
using test::noon;

constexpr const char* sid = "AC00000000000000000000000000000bac";
constexpr const char* token = "canary0123456789canary0123456789";

class integration_over_rest : public testing::Test {
 protected:
  integration_over_rest() {
    demo_carriers_options carriers = test::carriers_in(dir_.path());
    carriers.twilio_sid = sid;
    carriers.twilio_token = token;
    carriers_.emplace(carriers);
    key_create_options key;
    key.database = {house_.target, (dir_.path() / "state").string()};
    key.output = output_format::json;
    key.name = "Test";
    key.scopes = {"admin", "read"};
    testing::internal::CaptureStdout();
    (void)run_key_create(key);
    key_ = boost::json::parse(testing::internal::GetCapturedStdout()).at("key").as_string();
  }

  runtime_options options(std::vector<api::secret_key> keys) const {
    runtime_options made;
    made.database = house_.target;
    made.listen = "127.0.0.1:" + std::to_string(port_);
    made.resolve_secret = [](const std::string&) { return std::string(32, '0'); };
    made.secret_keys = api::secret_keys{std::move(keys)};
    made.key_pepper = load_key_pepper({}, dir_.path() / "state");
    made.uploads = dir_.path() / "uploads";
    made.shards = 1;
    made.drain = 1s;
    return made;
  }

  api::client_response post(const std::string& path, const std::string& body) const {
    return api::loopback_client{port_}.exchange(
        "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key_ +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  void create() {
    const std::string body = std::string(R"({"name":"Backup","provider":"twilio","metadata":{"account_sid":")") + sid +
                             R"("},"api_key":")" + token + "\"}";
    const api::client_response made = post("/v1/integrations", body);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_NE(made.body.find("\"acknowledged\""), std::string::npos) << made.body;
  }

  // What only who runs the engine may: the account is a simulated one, and the caller ID is its.
  std::uint64_t bring_home() {
    sql::transaction tx{house_.on};
    tx.run("UPDATE integration SET base_url = $1, ca_file = $2 WHERE name = 'Backup'",
           sql::params{}.text(carriers_->reached().twilio_url).text(carriers_->reached().ca_file));
    tx.run("UPDATE phone_number SET integration_id = (SELECT id FROM integration WHERE name = 'Backup')");
    return change(tx);
  }
  std::uint64_t change(sql::transaction& tx) const {
    const std::uint64_t generation =
        tx.run("UPDATE org_owner SET generation = generation + 1 RETURNING generation").number(0, 0);
    tx.commit();
    return generation;
  }
  bool applied(std::uint64_t generation) {
    return sql::wait_applied(house_.on, house_.campaign.organisation, generation, 20s);
  }

  static reason blocked(const engine_runtime& engine, const std::string& name) {
    for (const engine::organisation_view& view : engine.views()) {
      for (const engine::account_view& account : view.accounts) {
        if (account.name == name) return account.blocked;
      }
    }
    return reason::no_account;
  }

  void dial_somebody() {
    sql::connect_options connection;
    connection.target = house_.target;
    sql::contact_store store{connection, house_.campaign.organisation, house_.campaign.campaign, "a list"};
    campaigns::imported_contact one;
    one.id = contact_id{1};
    one.number = e164::from_digits(12125550101);
    one.place = "US US-NY America/New_York number";
    one.row = 1;
    one.variables = "{}";
    store.commit({one}, {10, 1, 1, 0, 0, 0, true});
    sql::change_campaign_state(house_.on, house_.campaign.organisation, house_.campaign.campaign,
                               sql::campaign_action::start);
  }

  scratch dir_;
  test::small_house house_;
  std::optional<demo_carriers> carriers_;
  std::string key_;
  const std::uint16_t port_ = e2e::free_port();
  const system_clock clock_ = system_clock::starting_at(noon);
};

TEST_F(integration_over_rest, is_dialed_over_by_the_engine_that_runs_and_the_next_one) {
  const auto accepted = [&] { return house_.on.run("SELECT count(*) FROM outcome WHERE kind = 1").integer(0, 0); };
  {
    engine_runtime engine{options({api::secret_key{42}}), clock_};
    engine.start();
    create();
    ASSERT_TRUE(applied(bring_home()));
    dial_somebody();
    // The carrier takes calls from who has the account's token, and from nobody else.
    EXPECT_TRUE(eventually(20s, [&] { return accepted() == 1; }));
    engine.stop();
  }
  engine_runtime next{options({api::secret_key{43}, api::secret_key{42}}), clock_};
  next.start();
  EXPECT_TRUE(eventually(20s, [&] { return blocked(next, "Backup") == reason::none; }));
}

TEST_F(integration_over_rest, whose_row_was_altered_is_unusable_and_the_others_go_on) {
  engine_runtime engine{options({api::secret_key{42}}), clock_};
  engine.start();
  create();
  ASSERT_TRUE(applied(bring_home()));
  ASSERT_TRUE(eventually(20s, [&] { return blocked(engine, "Backup") == reason::none; }));
  sql::transaction tx{house_.on};
  tx.run("UPDATE integration SET secret_ref = overlay(secret_ref placing 'AAAA' from 100) WHERE name = 'Backup'");
  ASSERT_TRUE(applied(change(tx)));
  EXPECT_TRUE(eventually(20s, [&] { return blocked(engine, "Backup") == reason::account_unusable; }));
  EXPECT_NE(blocked(engine, "twilio"), reason::account_unusable);
}

TEST_F(integration_over_rest, under_a_key_that_is_not_here_is_unusable_and_the_others_go_on) {
  {
    engine_runtime engine{options({api::secret_key{42}}), clock_};
    engine.start();
    create();
    engine.stop();
  }
  engine_runtime other{options({api::secret_key{43}}), clock_};
  other.start();
  EXPECT_TRUE(eventually(20s, [&] { return blocked(other, "Backup") == reason::account_unusable; }));
  EXPECT_NE(blocked(other, "twilio"), reason::account_unusable);
}

TEST_F(integration_over_rest, shares_its_key_with_the_secrets_of_webhooks) {
  engine_runtime engine{options({api::secret_key{42}}), clock_};
  engine.start();
  const api::client_response made =
      post("/v1/webhooks", R"({"url":"https://crm.example/hook","kinds":["attempt.ended"]})");
  ASSERT_EQ(made.status, 201) << made.body;
  const sql::result row = house_.on.run("SELECT id, secret FROM webhook");
  const std::string secret = api::secret_keys{{api::secret_key{42}}}.open(
      row.text(0, 1), {house_.campaign.organisation, row.wide<webhook_id>(0, 0)});
  EXPECT_EQ(boost::json::parse(made.body).at("secret").as_string(), secret);
}

}  // namespace
}  // namespace dialer::cli
