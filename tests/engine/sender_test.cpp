// One sender over real connections, on the test's thread.

#include "engine/sender.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>

#include "carriers/base64.hpp"
#include "carriers/codec.hpp"
#include "tests/engine/loopback.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;
using test::server_connection;
using test::tls_test_server;

class Sender : public testing::Test, public event_sink {
 protected:
  void post(const organisation_id&, event&& what) override { told_.push_back(std::move(what)); }
  void answer(const ownership&, event&&) override { FAIL() << "a sender is no ledger"; }

  void start(const tls_test_server& server, const sender_options& options = {}) {
    queue_ = std::make_shared<send_queue>(account_at(server));
    sender_ = std::make_unique<sender>(io_, queue_, options, clock_, *this);
  }
  void TearDown() override {
    if (!sender_) return;
    bool stopped = false;
    sender_->stop([&] { stopped = true; });
    run_until([&] { return stopped; });
    sender_.reset();
  }
  void send(std::uint64_t attempt, std::chrono::microseconds send_within) {
    send_call call = call_for(*queue_->account(), attempt_id{attempt}, clock_.now(), send_within);
    const carriers::attempt_token token{organisation_id{id128{1, 1}}, call.campaign, call.attempt, call.contact, 1, {}};
    queue_->calls.enqueue(std::make_shared<send_ticket>(std::move(call), token));
    queue_->wake_all();
  }
  /// Attempts 1 to `calls`: all wait before the first one leaves.
  void send_together(std::size_t calls) {
    queue_->budget.hold(clock_.now().steady + 20ms);
    for (std::uint64_t call = 1; call <= calls; ++call) send(call, 10s);
  }
  void run_until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (!done()) ASSERT_NE(io_.run_one_until(limit), 0U) << "what the test waits for does not happen";
  }
  const create_answered* answer_to(std::uint64_t attempt) const {
    for (const event& each : told_) {
      const auto* answered = std::get_if<create_answered>(&each);
      if (answered != nullptr && answered->attempt.value == attempt) return answered;
    }
    return nullptr;
  }
  std::size_t given_back() const {
    std::size_t count = 0;
    for (const event& each : told_) {
      if (const auto* taken = std::get_if<sends_taken>(&each)) count += taken->count;
    }
    return count;
  }

  machine_clock clock_;
  boost::asio::io_context io_;
  std::vector<event> told_;
  std::shared_ptr<send_queue> queue_;
  std::unique_ptr<sender> sender_;
};

/// Takes every call.
class taking_carrier {
 public:
  std::atomic<int> requests = 0;
  tls_test_server server{[this](server_connection& c) {
    while (!c.read_request().empty()) c.write(created(++requests));
  }};
};

TEST_F(Sender, PauseLongerThanThePermit_TellsTheOwnerWhenThePermitRunsOut) {
  taking_carrier carrier;
  start(carrier.server);
  queue_->budget.hold(clock_.now().steady + 1h);
  send(1, 100ms);
  run_until([&] { return answer_to(1) != nullptr; });
  ASSERT_NE(answer_to(1), nullptr);
  EXPECT_EQ(answer_to(1)->vetoed, reason::permit_expired);
  EXPECT_EQ(answer_to(1)->answer.what, carriers::answer_class::not_sent);
  EXPECT_EQ(given_back(), 1U);
  EXPECT_EQ(carrier.requests, 0);
}

TEST_F(Sender, CallsThatWait_AreReportedTakenSomeAtATimeAndAllInTheEnd) {
  constexpr std::size_t calls = 100;
  taking_carrier carrier;
  start(carrier.server);
  send_together(calls);
  run_until([&] { return answer_to(calls) != nullptr; });
  EXPECT_EQ(given_back(), calls);
  const auto reports =
      std::ranges::count_if(told_, [](const event& each) { return std::holds_alternative<sends_taken>(each); });
  EXPECT_LT(reports, 50);
}

TEST_F(Sender, AccountMovedElsewhere_IsWrittenNothingOverTheOldConnections) {
  taking_carrier before, after;
  start(before.server);
  send(1, 10s);
  run_until([&] { return answer_to(1) != nullptr; });
  ASSERT_NE(answer_to(1), nullptr);
  EXPECT_EQ(answer_to(1)->answer.what, carriers::answer_class::accepted);
  queue_->set_account(account_at(after.server));
  send(2, 100ms);
  run_until([&] { return answer_to(2) != nullptr; });
  ASSERT_NE(answer_to(2), nullptr);
  EXPECT_EQ(answer_to(2)->vetoed, reason::permit_expired);
  EXPECT_EQ(before.requests, 1);
  EXPECT_EQ(after.requests, 0);
}

TEST_F(Sender, NewCredentials_TakeEffectOverTheSameConnection) {
  seen_things<std::string> requests;
  tls_test_server server{[&](server_connection& c) {
    for (int number = 1;; ++number) {
      std::string request = c.read_request();
      if (request.empty()) return;
      requests.add(std::move(request));
      c.write(created(number));
    }
  }};
  sender_options options;
  options.connections_max = 1;
  start(server, options);
  send(1, 10s);
  run_until([&] { return answer_to(1) != nullptr; });
  carriers::account changed = *queue_->account();
  changed.secret = "fedcba9876543210fedcba9876543210";
  queue_->set_account(changed);
  send(2, 10s);
  run_until([&] { return answer_to(2) != nullptr; });
  EXPECT_EQ(server.connections(), 1U);
  const auto credentials = [](const std::string& request) {
    const auto at = request.find("Basic ");
    return request.substr(at, request.find('\r', at) - at);
  };
  const auto all = requests.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(credentials(all[0]), credentials(all[1]));
}

// --- whose the calls are that a look-up finds ---

class LookUp : public Sender {
 protected:
  /// What the owner of `asking` is told when Telnyx lists one call of its numbers with this client_state.
  std::vector<carriers::listed_call> told_of_call_with(const std::string& client_state) {
    const std::string body = R"({"data":[{"name":"call.initiated","event_timestamp":"2026-08-18T17:14:30Z",)"
                             R"("call_control_id":"v3:a","to":"+12125550123","from":"+12125550199",)"
                             R"("client_state":")" +
                             client_state + R"("}],"meta":{"page_number":1,"total_pages":1}})";
    tls_test_server server{[&](server_connection& c) {
      while (!c.read_request().empty()) {
        c.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
      }
    }};
    carriers::account account = account_at(server);
    account.kind = carriers::carrier_kind::telnyx;
    account.connection_id = "1234567890";
    queue_ = std::make_shared<send_queue>(account);
    sender_options options;
    options.token_key = our_key;
    sender_ = std::make_unique<sender>(io_, queue_, options, clock_, *this);
    queue_->questions.enqueue({ours, look_up{account.id, asking, {}, {}, {}, {}}});
    queue_->wake_all();
    run_until([&] { return !told_.empty(); });
    TearDown();
    const auto* answer = told_.empty() ? nullptr : std::get_if<looked_up>(&told_.front());
    if (answer == nullptr) {
      ADD_FAILURE() << "not answered";
      return {};
    }
    EXPECT_TRUE(answer->page.ok);
    EXPECT_EQ(answer->attempt, asking);
    return answer->page.calls;
  }

  static std::string signed_state(const carriers::token_key& key, organisation_id organisation, attempt_id attempt) {
    std::string token, coded;
    carriers::token_signer{key}.sign({.organisation = organisation, .attempt = attempt}, token);
    carriers::append_base64(token, carriers::base64_kind::standard, coded);
    return coded;
  }

  static constexpr attempt_id asking{7};
  static constexpr organisation_id ours{id128{1, 1}};
  static constexpr carriers::token_key our_key{42};
};

TEST_F(LookUp, TokenOfThisAttempt_IsHandedOn) {
  const auto calls = told_of_call_with(signed_state(our_key, ours, asking));
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_NE(calls[0].token, "");
}

TEST_F(LookUp, TokenOfAnotherAttempt_TakesTheCallOut) {
  EXPECT_TRUE(told_of_call_with(signed_state(our_key, ours, attempt_id{8})).empty());
}

// Attempts of two organisations may have the same number.
TEST_F(LookUp, TokenOfAnotherOrganisation_TakesTheCallOut) {
  EXPECT_TRUE(told_of_call_with(signed_state(our_key, organisation_id{id128{1, 2}}, asking)).empty());
}

// The engine that signed it had another key file: the call may be this attempt's, and must not be denied.
TEST_F(LookUp, TokenOfAnotherKey_IsTakenOffAndLeavesTheCallToItsNumbers) {
  for (const attempt_id signed_for : {asking, attempt_id{8}}) {
    told_.clear();
    const auto calls = told_of_call_with(signed_state(carriers::token_key{43}, ours, signed_for));
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].token, "") << "adopted whatever its numbers";
    const e164 to = *e164::parse("+12125550123");
    const e164 from = *e164::parse("+12125550199");
    EXPECT_TRUE(carriers::can_be({to, from, calls[0].created_at, {}}, calls[0]));
  }
}

TEST_F(Sender, Stopped_LeavesWhatItHeldToOtherSenders) {
  taking_carrier carrier;
  start(carrier.server);
  queue_->budget.hold(clock_.now().steady + 1h);
  send(1, 1h);
  run_until([&] { return queue_->calls.size_approx() == 0; });
  bool stopped = false;
  sender_->stop([&] { stopped = true; });
  run_until([&] { return stopped; });
  sender_.reset();
  EXPECT_EQ(queue_->calls.size_approx(), 1U);
  EXPECT_EQ(answer_to(1), nullptr);
}

TEST_F(Sender, Stopped_ReportsAllItTook) {
  constexpr std::size_t calls = 100;
  taking_carrier carrier;
  start(carrier.server);
  send_together(calls);
  run_until([&] { return answer_to(1) != nullptr; });
  bool stopped = false;
  sender_->stop([&] { stopped = true; });
  run_until([&] { return stopped; });
  sender_.reset();
  EXPECT_EQ(given_back() + queue_->calls.size_approx(), calls);
  EXPECT_NE(queue_->calls.size_approx(), 0U);
}

TEST_F(Sender, UnreadableAuthority_IsRefusedAtOnceNamingTheFile) {
  taking_carrier carrier;
  carriers::account account = account_at(carrier.server);
  account.ca_file = "/nowhere/ca.pem";
  const auto queue = std::make_shared<send_queue>(account);
  try {
    sender refused{io_, queue, {}, clock_, *this};
    FAIL() << "accepted";
  } catch (const std::runtime_error& wrong) {
    EXPECT_NE(std::string{wrong.what()}.find("/nowhere/ca.pem"), std::string::npos) << wrong.what();
  }
}

}  // namespace
}  // namespace dialer::engine
