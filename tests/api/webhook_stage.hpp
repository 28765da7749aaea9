#pragma once
// A webhook of the house, and an endpoint that is no network: it keeps what it is told, and answers as a test says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "api/webhook_deliverer.hpp"
#include "tests/api/rest_house.hpp"

namespace dialer::api {

using namespace std::chrono_literals;

class Webhooks : public testing::Test {
 protected:
  Webhooks() {
    // Not the one that is there, nor what happened before.
    for (test::tenant* each : {&house_.first, &house_.second}) {
      for (const char* table : {"webhook", "outcome", "intent"}) {
        each->house.on.run("DELETE FROM " + std::string(table) + " WHERE org_id = $1",
                           sql::params{}.uuid(each->house.id));
      }
    }
  }
  void make(const std::string& kinds = R"(["attempt.ended"])") {
    const test::rest_reply made = ask("POST", "", R"({"url":"https://crm.example/hook","kinds":)" + kinds + "}");
    ASSERT_EQ(made.status, 201) << made.text;
    secret_ = made.body.at("secret").as_string().c_str();
    path_ = "/" + std::string(made.body.at("id").as_string());
    hook_ = {us_.house.id, webhook_id::parse(made.body.at("id").as_string()).value()};
  }
  test::rest_reply ask(const std::string& method, const std::string& below, const std::string& body = "") {
    house_.keys.confirm(house_.time.now().steady);
    return house_.ask(method, "/v1/webhooks" + below, us_.key, body);
  }
  /// An attempt of one of the house's contacts that ended now.
  void end_attempt(std::uint64_t n, test::tenant& of) {
    const engine::intent call = sql::test::intent_for(of.house, n, of.contact.value);
    of.house.on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, $6, 12125550199, $7, 0, 1, 5)",
                    sql::params{}
                        .uuid(of.house.id)
                        .uuid(of.house.campaign)
                        .uuid(of.house.integration)
                        .int8(call.attempt.value)
                        .int8(of.contact.value)
                        .int8(call.to.digits())
                        .time(house_.time.now().utc));
    of.house.on.run("INSERT INTO outcome VALUES ($1, $2, $3, 17, 13, 3, 0, false, true, 'CA9', '', '')",
                    sql::params{}.uuid(of.house.id).int8(call.attempt.value).time(house_.time.now().utc));
  }
  void end_attempt(std::uint64_t n) { end_attempt(n, us_); }
  /// A webhook, and the end of attempt 500, which it has to tell by now.
  void make_with_outcome() {
    make();
    later(1s);
    end_attempt(500);
    later(3s);
  }
  std::chrono::milliseconds turn() { return deliverer_.turn(on_, hook_, endpoint_); }
  /// Turns until nothing is left to do at this moment.
  void turns() {
    while (turn() == 0ms) {
    }
  }
  void later(std::chrono::microseconds by) { house_.time.advance(by); }
  std::int64_t waiting() {
    return on_.run("SELECT count(*) FROM webhook_delivery WHERE org_id = $1", sql::params{}.uuid(us_.house.id))
        .integer(0, 0);
  }
  std::vector<webhook_answer> receive(const webhook_target& to, const std::vector<webhook_message>& messages) {
    EXPECT_EQ(to.host, "crm.example");
    std::vector<webhook_answer> answers;
    bool failed = false;
    for (const webhook_message& one : messages) {
      if (failed) {
        answers.push_back({0, "", false});
        continue;
      }
      received_.push_back(one);
      answers.push_back({status_, "", true});
      failed = status_ >= 300;
    }
    return answers;
  }

  test::rest_house house_;
  test::tenant& us_ = house_.first;
  sql::session on_{us_.house.connection()};
  std::string secret_, path_;
  sql::enabled_webhook hook_;
  std::vector<webhook_message> received_;
  std::vector<std::string> warnings_;
  int status_ = 204;
  webhook_deliverer::endpoint endpoint_;
  webhook_deliverer deliverer_{house_.time, house_.secrets,
                               [this](const webhook_target& to, const std::vector<webhook_message>& all,
                                      const std::stop_token&) { return receive(to, all); },
                               1, [this](const std::string& line) { warnings_.push_back(line); }};
};

}  // namespace dialer::api
