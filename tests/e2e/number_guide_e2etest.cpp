// The ways to a number as an API guide tells them: search and pick, have one assigned, bring one's own; then routing,
// another agent, a look, and giving it back. Each request is what a reader would send, to the real program, with
// simulated carriers behind it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <map>
#include <set>

#include "carriers/simulator/log_reader.hpp"
#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "sql/snapshot.hpp"
#include "sql/wallet.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
using carriers::simulator::log_event;
using testing::HasSubstr;

class NumberGuide : public testing::Test {
 protected:
  static rig_options options() {
    rig_options made = quick_rig(10);
    made.caller_ids = made.campaigns = 0;
    return made;
  }

  NumberGuide() : installation_{options()} {
    sql::session on = installation_.open();
    const organisation_id organisation = installation_.organisation();
    const workspace_id workspace = sql::read_workspaces(on, organisation).front().id;
    sql::transaction tx{on};
    sql::configuration to{tx, cli::new_id};
    for (const char* name : {"agent_id", "new_agent_id", "routing_agent_id", "fallback_agent_id"}) {
      ids_[name] =
          to.agent(organisation, {{}, workspace, name, true, std::string("https://agent.example.com/") + name, 0})
              .id.text();
    }
    tx.run("UPDATE integration SET platform = true WHERE org_id = $1 AND name = 'twilio'",
           sql::params{}.uuid(organisation));
    tx.run("INSERT INTO number_price VALUES ($1, 'US', 0, 115, 100, 'USD')", sql::params{}.uuid(organisation));
    sql::transfer paid;
    paid.id = wallet_transfer_id{cli::new_id()};
    paid.name = "top-up 1";
    paid.from = sql::wallet_account::paid_in;
    paid.to = sql::wallet_account::balance;
    paid.amount = {1000, "USD"};
    EXPECT_EQ(sql::move_money(tx, organisation, workspace, paid), sql::transfer_outcome::done);
    tx.commit();
    ids_["workspace_id"] = workspace.text();
    const auto secret_key = installation_.directory() / "secret.key";
    write_file(secret_key, std::string(32, 'k'));
    std::filesystem::permissions(secret_key, std::filesystem::perms::owner_read);
    const std::string key = installation_.make_key();
    installation_.start_engine({"--secret-key", secret_key.string()});
    client_.emplace(installation_.port(), key);
    EXPECT_TRUE(eventually(20s, [&] { return client_->ask("GET", "/v1/agents").status == 200; }))
        << installation_.engine_words();
  }

  /// `<name>` in the texts stands for an id.
  rest_answer ask(const std::string& method, std::string target, std::string body = "") {
    for (const auto& [name, id] : ids_) {
      for (std::string* text : {&target, &body}) {
        const std::string mark = "<" + name + ">";
        for (std::size_t at = text->find(mark); at != text->npos; at = text->find(mark)) {
          text->replace(at, mark.size(), id);
        }
      }
    }
    return served([&] { return client_->ask(method, target, body); });
  }
  static std::string text(const boost::json::object& of, const char* name) {
    const auto* value = of.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
  }
  /// The number is there as the request said: by its id.
  void expect_wired(const rest_answer& made) {
    ASSERT_EQ(made.status, 201) << made.text << installation_.engine_words();
    EXPECT_EQ(text(made.body, "status"), "active");
    EXPECT_EQ(text(made.body, "agent_id"), ids_["agent_id"]);
    EXPECT_EQ(text(made.body, "friendly_name"), "Sales Line");
    const auto& routing = made.body.at("inbound_routing").as_object();
    EXPECT_EQ(text(routing, "agent_id"), ids_["routing_agent_id"]);
    EXPECT_EQ(text(routing.at("fallback").as_object(), "agent_id"), ids_["fallback_agent_id"]);
    EXPECT_THAT(text(routing, "voicemail_message"), HasSubstr("leave a message."));
    const std::string again = ask("GET", "/v1/phone-numbers/" + text(made.body, "id")).text;
    EXPECT_THAT(again, HasSubstr(text(made.body, "phone_number")));
  }
  /// By the carrier's own log.
  std::set<std::string> logged(log_event event) {
    std::set<std::string> all;
    carriers::simulator::log_reader log{installation_.log().string()};
    for (carriers::simulator::log_entry one; log.next(one);) {
      if (one.event == event) all.insert(one.to);
    }
    return all;
  }

  rig installation_;
  std::map<std::string, std::string> ids_;
  std::optional<rest_client> client_;
};

TEST_F(NumberGuide, SearchAndPick_ThenHaveOneAssigned_ThenGiveBothBack) {
  const rest_answer found = ask("GET", "/v1/phone-numbers/search?country=US&area_code=415&limit=10");
  ASSERT_EQ(found.status, 200) << found.text;
  const auto& offers = found.body.at("data").as_array();
  ASSERT_FALSE(offers.empty());
  EXPECT_LE(offers.size(), 10U);
  for (const auto& offer : offers) EXPECT_THAT(text(offer.as_object(), "phone_number"), HasSubstr("+1415"));
  ids_["phone_number"] = text(offers.back().as_object(), "phone_number");
  const rest_answer picked = ask("POST", "/v1/phone-numbers/purchase", R"({
    "phone_number": "<phone_number>",
    "friendly_name": "Sales Line",
    "agent_id": "<agent_id>",
    "inbound_routing": {
      "agent_id": "<routing_agent_id>",
      "fallback": { "agent_id": "<fallback_agent_id>" },
      "voicemail_message": "Sorry we missed you, please leave a message."
    }
  })");
  ASSERT_NO_FATAL_FAILURE(expect_wired(picked));
  EXPECT_EQ(text(picked.body, "phone_number"), ids_["phone_number"]);

  const rest_answer assigned = ask("POST", "/v1/phone-numbers/purchase", R"({
    "country": "US",
    "area_code": "415",
    "friendly_name": "Sales Line",
    "agent_id": "<agent_id>",
    "inbound_routing": {
      "agent_id": "<routing_agent_id>",
      "fallback": { "agent_id": "<fallback_agent_id>" },
      "voicemail_message": "Sorry we missed you, please leave a message."
    }
  })");
  ASSERT_NO_FATAL_FAILURE(expect_wired(assigned));
  EXPECT_THAT(text(assigned.body, "phone_number"), HasSubstr("+1415"));
  EXPECT_NE(text(assigned.body, "phone_number"), ids_["phone_number"]);
  const std::set<std::string> both{text(picked.body, "phone_number"), text(assigned.body, "phone_number")};
  EXPECT_EQ(logged(log_event::number_bought), both);
  EXPECT_THAT(ask("GET", "/v1/wallet?workspace_id=<workspace_id>").text, HasSubstr(R"("balance":770)"));

  for (const rest_answer* one : {&picked, &assigned}) {
    const rest_answer gone = ask("DELETE", "/v1/phone-numbers/" + text(one->body, "id"));
    EXPECT_EQ(gone.status, 200) << gone.text;
    EXPECT_EQ(text(gone.body, "status"), "released");
  }
  EXPECT_TRUE(eventually(30s, [&] { return logged(log_event::number_released) == both; }))
      << "the carrier would go on charging" << installation_.engine_words();
}

TEST_F(NumberGuide, BringYourOwn_IsRegisteredRoutedMovedReadAndForgotten) {
  const rest_answer account = ask("POST", "/v1/integrations", R"({
    "name": "My Twilio Account",
    "provider": "twilio",
    "api_key": "0123456789abcdef0123456789abcdef",
    "metadata": {
      "account_sid": "AC00000000000000000000000000000008",
      "phone_number": "+12125550193",
      "sip_trunk": "yourtrunk.pstn.twilio.com"
    }
  })");
  ASSERT_EQ(account.status, 201) << account.text;
  EXPECT_EQ(text(account.body, "provider"), "twilio");
  EXPECT_THAT(text(account.body, "id"), testing::StartsWith("crd_"));
  EXPECT_THAT(account.text, testing::Not(HasSubstr("0123456789abcdef")));
  const rest_answer registered = ask("POST", "/v1/phone-numbers", R"({
    "phone_number": "+12125550193",
    "friendly_name": "Sales Line",
    "provider": "twilio",
    "agent_id": "<agent_id>",
    "provider_config": {
      "trunk_address": "yourtrunk.pstn.twilio.com",
      "auth_username": "dialer",
      "auth_password": "not-to-be-seen-again"
    },
    "inbound_routing": {
      "agent_id": "<routing_agent_id>",
      "fallback": { "agent_id": "<fallback_agent_id>" },
      "voicemail_message": "Sorry, we missed you. Please leave a message."
    }
  })");
  ASSERT_NO_FATAL_FAILURE(expect_wired(registered));
  EXPECT_THAT(registered.text, testing::Not(HasSubstr("not-to-be-seen")));
  EXPECT_EQ(text(registered.body, "integration_id"), text(account.body, "id")) << "and not the platform's own account";
  ids_["phone_id"] = text(registered.body, "id");

  const rest_answer moved = ask("PATCH", "/v1/phone-numbers/<phone_id>", R"({ "agent_id": "<new_agent_id>" })");
  EXPECT_EQ(moved.status, 200) << moved.text;
  EXPECT_EQ(text(moved.body, "agent_id"), ids_["new_agent_id"]);
  const rest_answer routed = ask("PATCH", "/v1/phone-numbers/<phone_id>", R"({
    "inbound_routing": {
      "agent_id": "<agent_id>",
      "voicemail_message": "Updated voicemail message."
    }
  })");
  EXPECT_EQ(routed.status, 200) << routed.text;
  const rest_answer read = ask("GET", "/v1/phone-numbers/<phone_id>");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(text(read.body, "agent_id"), ids_["new_agent_id"]) << "who calls from it is another matter";
  EXPECT_EQ(text(read.body.at("inbound_routing").as_object(), "agent_id"), ids_["agent_id"]);
  EXPECT_EQ(text(read.body.at("inbound_routing").as_object(), "voicemail_message"), "Updated voicemail message.");
  EXPECT_EQ(text(ask("DELETE", "/v1/phone-numbers/<phone_id>").body, "status"), "released");
  EXPECT_TRUE(logged(log_event::number_released).empty()) << "it is the owner's; the carrier was not asked";
}

}  // namespace
}  // namespace dialer::e2e
