// Numbers bought from the simulated carriers: both dialects, their own log of what they sold, and answers that get
// lost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "carriers/simulator/simulated_carrier.hpp"
#include "sql/wallet.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {
namespace {

using test::mishap;
using test::rest_reply;

struct deaf_outputs final : carriers::simulator::outputs {
  void record(const carriers::simulator::log_entry&) override {}
  void post(carriers::simulator::callback_post) override {}
};

std::string header(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

/// By the carrier's name.
class SimulatedMarket : public test::rest_fixture, public testing::WithParamInterface<const char*> {
 protected:
  SimulatedMarket() {
    const bool twilio = std::string(GetParam()) == "twilio";
    us_.house.on.run(twilio ? "UPDATE integration SET account_sid = $2 WHERE org_id = $1"
                            : "UPDATE integration SET kind = 2, account_sid = '', connection_id = $2 WHERE org_id = $1",
                     sql::params{}.uuid(us_.house.id).text(account_));
    carriers::simulator::carrier_setup setup;
    setup.accounts = {{account_, "0123456789abcdef"}};
    carrier_ = twilio ? make_twilio(std::move(setup), outputs_) : make_telnyx(std::move(setup), {}, outputs_);
    house_.carrier.stand_in = [this](const std::string& request) { return answer(request); };
  }

  carriers::http::kept_answer answer(const std::string& request) {
    const auto space = request.find(' ');
    const std::string method = request.substr(0, space);
    const std::string target = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    const std::string authorization = header(request, "Authorization");
    const std::string body = request.substr(request.find("\r\n\r\n") + 4);
    const auto given = carrier_->handle({method, target, authorization, body}, house_.time.now().utc);
    carrier_->answer_finished(given.account);
    return test::fake_carrier::answer(given.status, given.body, given.content_type);
  }

  rest_reply buy(const std::string& more) {
    return ask("POST", "/v1/phone-numbers/purchase", R"({"agent_id":")" + id("agent_id") + '"' + more + "}");
  }
  rest_reply process(const std::string& number) { return ask("POST", "/v1/phone-numbers/" + number + "/process"); }
  /// Orders are settled in the time that a carrier takes for them.
  void time_passes(std::chrono::seconds by) {
    house_.time.advance(by);
    house_.keys.confirm(house_.time.now().steady);
    for (const auto& one : sql::read_due_orders(us_.house.on, us_.house.id, house_.time.now().utc, 100)) {
      house_.desk.settle(us_.house.on, one.organisation, one.number);
    }
  }
  /// What the account holds, by its own list.
  std::vector<std::string> held() {
    const rest_reply listed = ask("POST", "/v1/integrations/" + id("integration_id") + "/import", "{}");
    EXPECT_EQ(listed.status, 200) << listed.text;
    std::vector<std::string> numbers;
    for (const auto& one : listed.body.at("data").as_array()) {
      numbers.emplace_back(one.at("phone_number").as_string());
    }
    return numbers;
  }
  std::int64_t balance() {
    return sql::read_wallet(us_.house.on, us_.house.id, us_.house.workspace).value_or(money{}).minor;
  }
  static std::string text(const rest_reply& reply, const char* name) {
    const auto* value = reply.body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : reply.text;
  }

  const std::string account_ =
      std::string(GetParam()) == "twilio" ? "AC0123456789abcdef0123456789abcdef" : "7000000001";
  deaf_outputs outputs_;
  std::unique_ptr<carriers::simulator::simulated_carrier> carrier_;
};

INSTANTIATE_TEST_SUITE_P(Each, SimulatedMarket, testing::Values("twilio", "telnyx"),
                         [](const testing::TestParamInfo<const char*>& one) { return std::string(one.param); });

TEST_P(SimulatedMarket, Bought_IsHeldUntilItIsReleased) {
  const rest_reply found = ask("GET", "/v1/phone-numbers/search?country=US&limit=3");
  ASSERT_EQ(found.status, 200) << found.text;
  ASSERT_FALSE(found.body.at("data").as_array().empty()) << found.text;
  const std::string number{found.body.at("data").at(0).at("phone_number").as_string()};
  const rest_reply made = buy(R"(,"phone_number":")" + number + '"');
  ASSERT_LT(made.status, 300) << made.text;
  time_passes(std::chrono::seconds{60});  // Telnyx settles an order in its own time
  EXPECT_EQ(text(process(text(made, "id")), "status"), "active");
  EXPECT_THAT(held(), testing::ElementsAre(number));
  EXPECT_EQ(balance(), 1'700);
  EXPECT_EQ(ask("DELETE", "/v1/phone-numbers/" + text(made, "id")).status, 200);
  time_passes(std::chrono::seconds{60});
  EXPECT_THAT(held(), testing::IsEmpty());
}

TEST_P(SimulatedMarket, AnswerLost_IsBoughtOnceAndChargedOnce) {
  for (const mishap befalls : {mishap::answer_lost, mishap::request_lost}) {
    const std::int64_t before = balance();
    const std::size_t had = held().size();
    house_.carrier.next = {befalls};
    const rest_reply made = buy("");
    EXPECT_EQ(made.status, 202) << made.text;
    time_passes(number_desk::answered_within);
    time_passes(number_desk::known_within);
    const bool bought = befalls == mishap::answer_lost;
    EXPECT_EQ(text(ask("GET", "/v1/phone-numbers/" + text(made, "id")), "status"), bought ? "active" : "released");
    EXPECT_EQ(held().size(), had + (bought ? 1 : 0));
    EXPECT_EQ(balance(), before - (bought ? 300 : 0));
  }
}

}  // namespace
}  // namespace dialer::api
