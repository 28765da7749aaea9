#pragma once
// Two organisations whose numbers are called over the listener, and a Telnyx that is told what to do with its calls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/http_server.hpp"
#include "api/inbound_calls.hpp"
#include "carriers/form.hpp"
#include "tests/api/carrier_signatures.hpp"
#include "tests/api/loopback_client.hpp"
#include "tests/api/manual_clock.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::api {

using namespace std::chrono_literals;
using carriers::carrier_kind;
using carriers::command_answer;
using carriers::command_result;
using carriers::telnyx_command;

/// Commands as they come, and the answers that Telnyx has for them.
class telnyx_for_test {
 public:
  command_answer take(const telnyx_command& command) {
    const std::lock_guard lock{mutex_};
    commands_.push_back(command);
    came_.notify_all();
    const std::size_t n = commands_.size() - 1;
    return n < answers.size() ? answers[n] : command_answer{command_result::done, {}};
  }
  std::vector<telnyx_command> wait_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, patience, [&] { return commands_.size() >= count; });
    return commands_;
  }
  std::vector<command_answer> answers;  ///< before the first command

 private:
  static constexpr std::chrono::seconds patience{20};

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<telnyx_command> commands_;
};

class InboundCalls : public testing::Test {
 protected:
  static inline const std::string ours_sid = "AC" + std::string(32, 'b');
  static inline const std::string their_sid = "AC" + std::string(32, 'c');
  static constexpr auto connection_id = "1494404757140276705";
  static constexpr auto public_url = "https://dialer.example.com";
  static constexpr auto our_number = "+12125550199";  // of every small_organisation
  static constexpr auto unknown_number = "+12125550150";
  static constexpr auto caller = "+13105550142";

  // In Twilio's answers.
  static constexpr auto ann = R"(<Redirect method="POST">https://ann.example.com/</Redirect>)";
  static constexpr auto bob = R"(<Redirect method="POST">https://bob.example.com/</Redirect>)";
  static constexpr auto voicemail = "<Say>Ring &lt;back&gt;.</Say><Record ";
  static constexpr auto busy = R"(<Response><Reject reason="busy"/></Response>)";
  static constexpr auto not_in_service = "<Response><Reject/></Response>";

  InboundCalls() {
    house_.on.run("UPDATE agent SET answer_url = 'https://ann.example.com/' WHERE org_id = $1 AND id = $2",
                  sql::params{}.uuid(house_.id).uuid(house_.agent));
    other_workspace_ = workspace_id{sql::test::make_test_id()};
    house_.on.run("INSERT INTO workspace (org_id, id, name) VALUES ($1, $2, 'Other')",
                  sql::params{}.uuid(house_.id).uuid(other_workspace_));
    fallback_ = agent_id{sql::test::make_test_id()};
    house_.on.run(
        "INSERT INTO agent (org_id, id, workspace_id, name, published, answer_url, concurrent_calls_max) "
        "VALUES ($1, $2, $3, 'Bob', true, 'https://bob.example.com/', 0)",
        sql::params{}.uuid(house_.id).uuid(fallback_).uuid(other_workspace_));
    assign(house_, house_.agent);
    assign(theirs_, theirs_.agent);
    set_number("fallback_agent_id = (SELECT id FROM agent WHERE org_id = $1 AND name = 'Bob')");
    set_number("voicemail_message = 'Ring <back>.'");

    carriers::account twilio{.kind = carrier_kind::twilio, .account_sid = ours_sid, .secret = "ours"};
    carriers::account foreign{.kind = carrier_kind::twilio, .account_sid = their_sid, .secret = "theirs"};
    carriers::account telnyx{.kind = carrier_kind::telnyx, .connection_id = connection_id, .secret = "KEY"};
    telnyx.webhook_public_key = telnyx_key_.public_base64();
    accounts_ = std::make_shared<const std::vector<owned_account>>(
        std::vector<owned_account>{{house_.id, twilio}, {theirs_.id, foreign}, {house_.id, telnyx}});
  }

  static void assign(sql::test::small_organisation& house, agent_id agent) {
    house.on.run("INSERT INTO assignment (org_id, number_id, agent_id, profile) VALUES ($1, $2, $3, 2)",
                 sql::params{}.uuid(house.id).uuid(house.number).uuid(agent));
  }
  void set(const std::string& what) {
    house_.on.run("UPDATE " + what + " WHERE org_id = $1", sql::params{}.uuid(house_.id));
  }
  void set_number(const std::string& column) { set("phone_number SET " + column); }

  /// Listens; what is set before holds.
  void start() {
    inbound_settings settings{.public_url = public_url, .database = {}};
    settings.database.target = database_.value_or(house_.database);
    settings.command_pause = 0ms;
    inbound_ports ports;
    ports.accounts = [this] { return accounts_; };
    ports.views = [this] {
      ++looks_;
      if (while_looking_) while_looking_();
      return views_;
    };
    ports.command = [this](const carriers::account& over, const telnyx_command& command) {
      EXPECT_EQ(over.secret, "KEY");
      return telnyx_.take(command);
    };
    ports.tell = [this](std::string line) { keep(lines_, std::move(line)); };
    ports.warn = [this](std::string line) { keep(warnings_, std::move(line)); };
    calls_.emplace(std::move(settings), std::move(ports), clock_);
    server_.emplace(calls_->routes());
    port_ = server_->start("127.0.0.1:0");
  }
  void keep(std::vector<std::string>& where, std::string line) {
    const std::lock_guard lock{lines_mutex_};
    where.push_back(std::move(line));
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock{lines_mutex_};
    return lines_;
  }

  client_response post(const std::string& path, const std::string& headers, const std::string& body) {
    loopback_client client{port_};
    return client.exchange("POST " + path + " HTTP/1.1\r\nHost: attacker.example\r\n" + headers +
                           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  using fields = std::map<std::string, std::string>;
  static fields ringing(const std::string& to = our_number, int call = 1) {
    return {{"AccountSid", ours_sid},
            {"CallSid", "CA" + std::to_string(call).insert(0, 32 - std::to_string(call).size(), '0')},
            {"CallStatus", "ringing"},
            {"Direction", "inbound"},
            {"To", to},
            {"From", caller}};
  }
  client_response twilio(const fields& sent, const std::string& key = "ours", std::optional<fields> as_signed = {},
                         const std::string& query = "") {
    std::string body;
    for (const auto& [name, value] : sent) {
      body += (body.empty() ? "" : "&") + name + "=";
      carriers::append_percent_encoded(value, body);
    }
    const std::string path = "/callbacks/twilio/voice" + query;
    return post(path,
                "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: " +
                    test::twilio_signature(public_url + path, as_signed.value_or(sent), key) + "\r\n",
                body);
  }
  client_response telnyx(const std::string& event, const std::string& type, const std::string& payload) {
    const std::string body = R"({"data":{"record_type":"event","event_type":")" + type + R"(","id":")" + event +
                             R"(","payload":{"connection_id":")" + connection_id + R"(",)" + payload + "}}}";
    const std::string timestamp = std::to_string(clock_.now().utc.time_since_epoch() / 1s);
    return post("/callbacks/telnyx/voice",
                "Content-Type: application/json\r\ntelnyx-timestamp: " + timestamp +
                    "\r\ntelnyx-signature-ed25519: " + telnyx_key_.sign(timestamp, body) + "\r\n",
                body);
  }
  client_response telnyx_rings(const std::string& event = "e1", const std::string& to = our_number) {
    return telnyx(event, "call.initiated",
                  R"("call_control_id":"v3:leg","direction":"incoming","from":")" + std::string{caller} +
                      R"(","to":")" + to + "\"");
  }
  static std::string told(const telnyx_command& command, std::string_view field) {
    const auto body = boost::json::parse(command.body).as_object();
    const auto* value = body.if_contains({field.data(), field.size()});
    return value == nullptr ? "" : std::string(value->as_string());
  }
  std::uint64_t counted(callerid::inbound_outcome outcome, carrier_kind carrier = carrier_kind::twilio) const {
    return calls_->stats().calls[carrier == carrier_kind::twilio ? 0 : 1][static_cast<std::size_t>(outcome)];
  }

  sql::test::small_organisation house_{"Ours"};
  sql::test::small_organisation theirs_{house_.database, "Theirs"};
  workspace_id other_workspace_;
  agent_id fallback_;
  test::manual_clock clock_;
  test::telnyx_key telnyx_key_;
  account_snapshot accounts_;
  std::vector<engine::organisation_view> views_;
  std::atomic<int> looks_{0};
  std::function<void()> while_looking_;  ///< on a worker's thread, before a call is decided
  std::optional<std::string> database_;
  telnyx_for_test telnyx_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_, warnings_;
  std::optional<inbound_calls> calls_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace dialer::api
