// The order of the checks and what each failure costs the sender, with signatures made here and not by the code under
// test.
#include "api/carrier_callbacks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>

#include "tests/api/carrier_signatures.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using test::base64;
using test::telnyx_key;
using test::twilio_signature;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const organisation_id ours{{1, 1}};
const organisation_id theirs{{2, 2}};
constexpr attempt_id attempt{4711};
const std::string call_sid = "CA" + std::string(32, 'a');
const std::string account_sid = "AC" + std::string(32, 'b');
const std::string their_sid = "AC" + std::string(32, 'c');
constexpr auto public_url = "https://dialer.example.com";

struct fixed_clock : clock {
  instant value{steady_time{1h}, utc_time{std::chrono::seconds{1'790'000'000}}};
  instant now() const override { return value; }
};

struct recording_inbox : callback_inbox {
  struct entry {
    organisation_id organisation;
    attempt_id attempt;
    carriers::callback event;
    std::function<void(bool)> done;
  };
  std::vector<entry> entries;
  void store(organisation_id organisation, attempt_id of, carriers::callback event,
             std::function<void(bool)> done) override {
    entries.push_back({organisation, of, std::move(event), std::move(done)});
  }
};

class CarrierCallbacks : public testing::Test {
 protected:
  CarrierCallbacks() {
    carriers::account twilio{.kind = carriers::carrier_kind::twilio, .account_sid = account_sid, .secret = "primary"};
    carriers::account foreign = twilio;
    foreign.account_sid = their_sid;
    foreign.secret = "theirs";
    carriers::account telnyx{.kind = carriers::carrier_kind::telnyx, .connection_id = "1494404757140276705"};
    telnyx.webhook_public_key = telnyx_key_.public_base64();
    accounts_ = std::make_shared<const std::vector<owned_account>>(
        std::vector<owned_account>{{ours, twilio}, {theirs, foreign}, {ours, telnyx}});
  }

  std::string token(organisation_id organisation, std::chrono::seconds age = 60s) const {
    std::string text;
    carriers::token_signer{settings_.token_key}.sign(
        {.organisation = organisation, .attempt = attempt, .issued_at = clock_.value.utc - age}, text);
    return text;
  }

  /// A genuine status callback; tests spoil one thing of it.
  http_request twilio(const std::string& with_token, const std::string& sid = account_sid,
                      const std::string& key = "primary", const std::string& path = "/callbacks/twilio") const {
    const std::map<std::string, std::string> fields{
        {"AccountSid", sid}, {"CallSid", call_sid}, {"CallStatus", "ringing"}, {"SequenceNumber", "1"}};
    http_request request;
    request.method = "POST";
    request.path = path;
    request.query = "t=" + with_token;
    request.target = path + "?" + request.query;
    request.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
    for (const auto& [name, value] : fields) request.body += (request.body.empty() ? "" : "&") + name + "=" + value;
    request.headers = {{"Host", "attacker.example"},
                       {"x-twilio-signature", twilio_signature(public_url + request.target, fields, key)}};
    return request;
  }

  http_request telnyx(const std::string& with_token) const {
    http_request request;
    request.method = "POST";
    request.path = request.target = "/callbacks/telnyx";
    request.content_type = "application/json";
    request.body =
        R"({"data":{"record_type":"event","event_type":"call.answered","id":"0ccc7b54-4df3-4bca","occurred_at":)"
        R"("2026-09-21T13:33:00.000000Z","payload":{"call_control_id":"v3:abc","connection_id":)"
        R"("1494404757140276705","client_state":")" +
        base64(reinterpret_cast<const unsigned char*>(with_token.data()), with_token.size()) + R"("}}})";
    const std::string timestamp = std::to_string(clock_.value.utc.time_since_epoch() / 1s);
    request.headers = {{"telnyx-timestamp", timestamp},
                       {"Telnyx-Signature-Ed25519", telnyx_key_.sign(timestamp, request.body)}};
    return request;
  }

  /// The status answered at once; 0 when the answer waits for the inbox.
  int send(http_request request) {
    for (const route& each : callbacks_.routes()) {
      if (each.path != request.path) continue;
      status_ = 0;
      each.handle(std::move(request), [this](http_response response) {
        EXPECT_THAT(response.body, IsEmpty());
        status_ = response.status;
      });
      return status_;
    }
    return 404;
  }
  std::uint64_t refused(callback_refusal why) const {
    return callbacks_.stats().refused[static_cast<std::size_t>(why)];
  }

  telnyx_key telnyx_key_;
  fixed_clock clock_;
  recording_inbox inbox_;
  account_snapshot accounts_;
  std::vector<std::string> warnings_;
  callback_settings settings_{.public_url = std::string{public_url} + "/", .token_key = {42}};
  carrier_callbacks callbacks_{settings_, [this] { return accounts_; }, inbox_, clock_,
                               [this](std::string line) { warnings_.push_back(std::move(line)); }};
  int status_ = 0;
};

// Anybody may send one; to unpack it costs more than to look at its signature.
TEST_F(CarrierCallbacks, PackedOnes_AreNotTaken) {
  for (const route& each : callbacks_.routes()) EXPECT_FALSE(each.takes_gzip) << each.path;
}

TEST_F(CarrierCallbacks, GenuineTwilio_IsAcknowledgedOnlyAfterItsCommit) {
  EXPECT_EQ(send(twilio(token(ours))), 0) << "answered before the inbox had it";
  ASSERT_EQ(inbox_.entries.size(), 1U);
  EXPECT_EQ(inbox_.entries[0].organisation, ours);
  EXPECT_EQ(inbox_.entries[0].attempt, attempt);
  EXPECT_EQ(inbox_.entries[0].event.report.call_ref, call_sid);
  EXPECT_EQ(inbox_.entries[0].event.report.phase, carriers::call_phase::ringing);
  inbox_.entries[0].done(true);
  EXPECT_EQ(status_, 204);
  EXPECT_EQ(callbacks_.stats().stored, 1U);
}

TEST_F(CarrierCallbacks, GenuineTelnyx_IsStored) {
  send(telnyx(token(ours)));
  ASSERT_EQ(inbox_.entries.size(), 1U);
  EXPECT_EQ(inbox_.entries[0].event.event_key, "0ccc7b54-4df3-4bca");
  EXPECT_EQ(inbox_.entries[0].event.report.phase, carriers::call_phase::answered);
}

TEST_F(CarrierCallbacks, InboxThatFails_Answers503) {
  send(twilio(token(ours)));
  ASSERT_EQ(inbox_.entries.size(), 1U);
  inbox_.entries[0].done(false);
  EXPECT_EQ(status_, 503);
  EXPECT_EQ(refused(callback_refusal::not_stored), 1U);
  EXPECT_EQ(callbacks_.stats().stored, 0U);
}

TEST_F(CarrierCallbacks, EitherTokenOfARotation_IsGood) {
  auto rotating = *accounts_;
  rotating[0].account.secondary_secret = "secondary";
  accounts_ = std::make_shared<const std::vector<owned_account>>(rotating);
  send(twilio(token(ours), account_sid, "primary"));
  send(twilio(token(ours), account_sid, "secondary"));
  EXPECT_EQ(inbox_.entries.size(), 2U);
  EXPECT_EQ(send(twilio(token(ours), account_sid, "tertiary")), 403);
}

TEST_F(CarrierCallbacks, EmptySecret_VerifiesNothing) {
  auto bare = *accounts_;
  bare[0].account.secret.clear();
  accounts_ = std::make_shared<const std::vector<owned_account>>(bare);
  EXPECT_EQ(send(twilio(token(ours), account_sid, "")), 403);
}

TEST_F(CarrierCallbacks, AlteredBody_IsRefused) {
  http_request request = twilio(token(ours));
  request.body.replace(request.body.find("ringing"), 7, "no-answer");
  EXPECT_EQ(send(request), 403);
  EXPECT_EQ(refused(callback_refusal::bad_signature), 1U);
  request = telnyx(token(ours));
  request.body.replace(request.body.find("call.answered"), 13, "call.hangup");
  EXPECT_EQ(send(request), 403);
  EXPECT_THAT(inbox_.entries, IsEmpty());
}

TEST_F(CarrierCallbacks, SignedForAnotherPath_IsRefused) {
  http_request request = twilio(token(ours));
  request.path = "/callbacks/twilio/amd";
  request.target = request.path + "?" + request.query;
  EXPECT_EQ(send(request), 403);
}

TEST_F(CarrierCallbacks, SignedForTheHostHeader_IsRefused) {
  http_request request = twilio(token(ours));
  const std::map<std::string, std::string> fields{
      {"AccountSid", account_sid}, {"CallSid", call_sid}, {"CallStatus", "ringing"}, {"SequenceNumber", "1"}};
  request.headers[1].second = twilio_signature("https://attacker.example" + request.target, fields, "primary");
  EXPECT_EQ(send(request), 403);
}

TEST_F(CarrierCallbacks, UnsignedOrOldTelnyx_IsRefused) {
  http_request request = telnyx(token(ours));
  request.headers.pop_back();
  EXPECT_EQ(send(request), 403);
  request = telnyx(token(ours));
  clock_.value.utc += 300s;
  send(request);
  EXPECT_EQ(inbox_.entries.size(), 1U) << "300 s are still in time";
  clock_.value.utc += 1s;
  EXPECT_EQ(send(request), 403);
}

TEST_F(CarrierCallbacks, NoOrUnknownAccount_IsRefused) {
  http_request request;
  request.path = request.target = "/callbacks/twilio";
  request.body = "CallSid=" + call_sid;
  EXPECT_EQ(send(request), 400);
  EXPECT_EQ(send(twilio(token(ours), "AC" + std::string(32, 'd'))), 403);
  EXPECT_EQ(refused(callback_refusal::no_account), 1U);
  EXPECT_EQ(refused(callback_refusal::unknown_account), 1U);
  request.path = request.target = "/callbacks/telnyx";
  request.body = "{";
  EXPECT_EQ(send(request), 400);
}

TEST_F(CarrierCallbacks, TokenNotOurs_IsRefused) {
  std::string altered = token(ours);
  altered[10] = altered[10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(send(twilio(altered)), 403);
  std::string other_key;
  carriers::token_signer{{43}}.sign({.organisation = ours, .attempt = attempt, .issued_at = clock_.value.utc},
                                    other_key);
  EXPECT_EQ(send(twilio(other_key)), 403);
  EXPECT_EQ(refused(callback_refusal::bad_token), 2U);
}

TEST_F(CarrierCallbacks, Token_IsTooOldOneSecondAfterItsAge) {
  send(twilio(token(ours, settings_.token_age_max)));
  EXPECT_EQ(inbox_.entries.size(), 1U);
  EXPECT_EQ(send(twilio(token(ours, settings_.token_age_max + 1s))), 403);
}

TEST_F(CarrierCallbacks, GenuineTokenThroughAnotherOrganisationsAccount_IsRefused) {
  EXPECT_EQ(send(twilio(token(ours), their_sid, "theirs")), 403);
  EXPECT_EQ(refused(callback_refusal::foreign_account), 1U);
  EXPECT_THAT(inbox_.entries, IsEmpty());
}

TEST_F(CarrierCallbacks, GenuineWithoutToken_IsAcknowledgedAndForgotten) {
  EXPECT_EQ(send(twilio("")), 204);
  EXPECT_EQ(callbacks_.stats().ignored, 1U);
  EXPECT_THAT(inbox_.entries, IsEmpty());
}

TEST_F(CarrierCallbacks, Body_IsRefusedOneByteOverItsLimit) {
  http_request request = twilio(token(ours));
  request.body.resize(settings_.body_bytes_max, ' ');
  EXPECT_EQ(send(request), 403);
  request.body += ' ';
  EXPECT_EQ(send(request), 413);
}

TEST_F(CarrierCallbacks, Warnings_ComeOnceAMinutePerReasonAndHideWhatWasSent) {
  http_request forged = twilio(token(ours));
  forged.body += "&To=%2B12125550123";
  for (int i = 0; i < 3; ++i) send(forged);
  EXPECT_THAT(warnings_, ElementsAre("callback refused: carrier=twilio reason=bad_signature refused_so_far=1"));
  clock_.value.steady += 59s;
  send(forged);
  EXPECT_EQ(warnings_.size(), 1U);
  clock_.value.steady += 1s;
  send(forged);
  EXPECT_THAT(warnings_.back(), HasSubstr("refused_so_far=5"));
  send(twilio("nonsense"));
  EXPECT_EQ(warnings_.size(), 3U) << "another reason has its own minute";
  for (const auto& line : warnings_) EXPECT_THAT(line, Not(HasSubstr("5550123")));
}

}  // namespace
}  // namespace dialer::api
