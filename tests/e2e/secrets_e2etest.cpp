// What must stay secret is looked for wherever others can look: a dump of the database, logs, metrics, refusals.

#include <gtest/gtest.h>

#include <cctype>
#include <iostream>
#include <random>
#include <set>

#include "carriers/base64.hpp"
#include "model/hex.hpp"
#include "sql/server_binaries.hpp"
#include "sql/snapshot.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

/// What is looked for, by what it is.
using canaries = std::map<std::string, std::string>;

std::string lower(std::string text) {
  for (char& each : text) each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
  return text;
}

// As it is, and as bytes are written in text.
void expect_none(const std::string& place, const std::string& text, const canaries& secrets) {
  const std::string small = lower(text);
  for (const auto& [what, secret] : secrets) {
    EXPECT_EQ(text.find(secret), std::string::npos) << place << " holds the " << what;
    EXPECT_EQ(small.find(to_hex(secret)), std::string::npos) << place << " holds the " << what << " in hexadecimal";
    std::string base64;
    carriers::append_base64(secret, carriers::base64_kind::standard, base64);
    while (base64.ends_with('=')) base64.pop_back();
    EXPECT_EQ(text.find(base64), std::string::npos) << place << " holds the " << what << " in base64";
  }
}

// Runs of ten digits or more: whether one of them ends like a number that was called.
void expect_no_number(const std::string& place, const std::string& text, const std::set<std::string>& national) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end - at >= 10) {
      EXPECT_FALSE(national.contains(text.substr(end - 10, 10)))
          << place << ": ..." << text.substr(at - std::min<std::size_t>(at, 80), 160);
    }
    at = std::max(end, at + 1);
  }
}

std::string random_text(std::size_t letters) {
  std::random_device source;
  std::string text;
  while (text.size() < letters) text += "0123456789abcdef"[source() % 16];
  return text;
}

TEST(Secrets, AfterARunWithRefusals_AreInNoDumpLogMetricNorAnswer) {
  rig_options options = quick_rig({60, 30});
  options.scenario += acting_faults();
  rig installation{options};
  const std::vector<fictitious> list = [&] {
    auto all = open_numbers(installation.time().now().utc);
    std::erase_if(all, [](const fictitious& one) { return !one.number.text().starts_with("+1"); });
    all.resize(600);
    return all;
  }();
  std::set<std::string> called;  // ten digits of each
  for (const fictitious& each : list) called.insert(each.number.text().substr(2));
  installation.import(installation.campaigns().front(), list);
  installation.start_campaign(installation.campaigns().front());
  const auto sealing = installation.directory() / "sealing.key";
  const std::string sealing_key = random_text(32);
  write_file(sealing, sealing_key);
  std::filesystem::permissions(sealing, std::filesystem::perms::owner_read);
  process& engine = installation.start_engine({"--secret-key", sealing.string()});

  canaries secrets = installation.carrier_secrets();
  const std::string key = installation.make_key();
  secrets["API key"] = key;
  secrets["API key's secret part"] = key.substr(31, 52);
  secrets["sealing key"] = sealing_key;
  rest_client client{installation.port(), key};
  ASSERT_TRUE(eventually(15s, [&] { return client.ask("GET", "/v1/keys").status == 200; }))
      << installation.engine_words();

  const auto ask = [&](const std::string& method, const std::string& target, const std::string& body = "",
                       const std::string& headers = "") {
    return served([&] { return client.ask(method, target, body, headers); });
  };
  // Secrets over REST: the account goes on under the one it has, now sealed in the database.
  sql::session on = installation.open();
  for (const auto& each : sql::read_integrations(on, installation.organisation())) {
    const std::string path = "/v1/integrations/" + each.account.id.text();
    const auto changed = ask("PATCH", path, R"({"api_key":")" + secrets.at(each.account.name) + "\"}");
    ASSERT_LT(changed.status, 300) << changed.text;
    expect_none("the answer to a change", changed.head + changed.text, secrets);
    const auto shown = ask("GET", path);
    EXPECT_EQ(shown.body.at("api_key_kept").as_string(), "encrypted");
    expect_none("an integration", shown.text, secrets);
  }
  const auto webhook = ask("POST", "/v1/webhooks", R"({"url":"https://crm.example/x","kinds":["campaign.state"]})");
  ASSERT_EQ(webhook.status, 201) << webhook.text;
  secrets["webhook's secret"] = std::string{webhook.body.at("secret").as_string()};
  log_tail carriers{installation.log()};
  std::size_t dialed = 0;
  ASSERT_TRUE(eventually(20s, [&] { return (dialed += carriers.more().size()) >= 200; }))
      << installation.engine_words();

  // Refusals of whatever holds one of them.
  const std::string number = list.front().number.text();
  const std::string national = number.substr(2);
  const std::string campaign = "/v1/campaigns/" + installation.campaigns().front().text();
  const std::string token = secrets.at("twilio");
  std::vector<rest_answer> refusals;
  const auto refuse = [&](const std::string& method, const std::string& target, const std::string& body = "",
                          const std::string& headers = "") {
    refusals.push_back(ask(method, target, body, headers));
    EXPECT_GE(refusals.back().status, 400) << method << ' ' << target << ' ' << refusals.back().text;
  };
  refuse("POST", "/v1/opt-outs", R"({"numbers":[")" + number + "0000000\"]}");
  refuse("POST", "/v1/opt-outs", R"({"numbers":[1)" + national + "]}");
  refuse("POST", "/v1/opt-outs", R"({"numbers":")" + number + "\"}");
  refuse("POST", "/v1/opt-outs", R"({"numbers":[")" + number);
  refuse("POST", "/v1/opt-outs", R"({"numbers":[")" + number + R"("],"country":")" + national + "\"}");
  refuse("GET", "/v1/opt-outs/" + number);
  refuse("GET", "/v1/opt-outs?limit=" + national);
  refuse("GET", campaign + "/contacts?number=" + national);
  refuse("GET", campaign + "/contacts/" + number);
  refuse("GET", "/v1/" + number);
  refuse("POST", campaign + "/contacts?country=" + national, number + "\n");
  refuse("POST", campaign + "/contacts?phone_column=telephone", number + "\n" + number + "\n");
  refuse("POST", campaign + "/contacts", number + "," + token + "\n");
  refuse("POST", "/v1/integrations",
         R"({"name":"twilio","provider":"twilio","metadata":{"account_sid":"x"},"api_key":")" + token + "\"}");
  refuse("POST", "/v1/integrations",
         R"({"name":"n","provider":"twilio","metadata":{},"api_key":"short","api_key2":")" + token + "\"}");
  refuse("POST", "/v1/integrations",
         R"({"name":"n","metadata":{},"provider":")" + token + R"(","api_key":")" + token + "\"}");
  refuse("POST", "/v1/campaigns", R"({"workspace_id":")" + token + R"(","agent_id":"","name":")" + number + "\"}");
  refuse("POST", "/v1/webhooks", R"({"url":"http://)" + token + R"(@crm.example/","kinds":["campaign.state"]})");
  refuse("POST", "/callbacks/twilio/" + token, "To=%2B1" + national);
  refuse("POST", "/v1/opt-outs", "{}", "Idempotency-Key: " + key + " " + token + "\r\n");
  rest_client{installation.port(), key + "x"}.ask("GET", "/v1/keys");
  for (const std::string& wrong : {key + "x", token, number}) {
    refusals.push_back(served([&] { return rest_client{installation.port(), wrong}.ask("GET", "/v1/keys"); }));
    EXPECT_EQ(refusals.back().status, 401);
  }
  for (const rest_answer& each : refusals) {
    expect_none("a refusal", each.head + each.text, secrets);
    expect_no_number("a refusal", each.head + each.text, called);
  }

  const rest_answer metrics = ask("GET", "/metrics");
  ASSERT_EQ(metrics.status, 200);
  expect_none("/metrics", metrics.text, secrets);
  expect_no_number("/metrics", metrics.text, called);
  // A lost database is spoken of, too.
  installation.kill_database();
  ASSERT_TRUE(eventually(10s, [&] { return client.ask("GET", "/v1/campaigns").status == 503; }));
  installation.restart_database();
  ASSERT_TRUE(eventually(20s, [&] { return client.ask("GET", "/v1/campaigns").status == 200; }))
      << installation.engine_words();
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();

  const std::string words = installation.engine_words();
  ASSERT_NE(words.find("listening on"), std::string::npos);
  expect_none("the engine's log", words, secrets);
  expect_no_number("the engine's log", words, called);
  const std::string server_words = read_file(installation.directory() / "postgresql" / "database.log");
  EXPECT_FALSE(server_words.empty());
  expect_none("the database's log", server_words, secrets);
  expect_no_number("the database's log", server_words, called);

  const finished dump =
      run({(sql::find_server_binaries({}) / "pg_dump").string(), installation.database()}, installation.directory());
  ASSERT_EQ(dump.code, 0) << dump.errors;
  EXPECT_NE(dump.output.find(national), std::string::npos) << "contacts are data, and must be in the dump";
  expect_none("the dump", dump.output, secrets);
  std::cout << refusals.size() << " refusals, " << words.size() + server_words.size() << " bytes of logs, "
            << metrics.text.size() << " of metrics and " << dump.output.size() << " of a dump hold none of "
            << secrets.size() << " secrets\n";
}

}  // namespace
}  // namespace dialer::e2e
