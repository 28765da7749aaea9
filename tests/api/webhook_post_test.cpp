// How a webhook is signed, where it may go, and what comes of sending it.
#include "api/webhook_post.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <stop_token>

#include "api/webhook_signature.hpp"
#include "tests/carriers_http/tls_test_server.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using dialer::test::server_connection;
using dialer::test::tls_test_server;
using testing::HasSubstr;

// Computed apart from this code, from the three parts that Standard Webhooks 1.0 has signed.
TEST(WebhookSignature, IsTheOneOfTheStandard) {
  EXPECT_EQ(sign_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330,
                         R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, SecretsAreNewAndLongEnough) {
  const std::string one = make_webhook_secret();
  EXPECT_THAT(one, testing::StartsWith("whsec_"));
  EXPECT_EQ(one.size(), 6U + 44) << "32 bytes";
  EXPECT_NE(one, make_webhook_secret());
  EXPECT_NO_THROW((void)sign_webhook(one, "m", 1, ""));
  for (const char* bad : {"", "whsec_", "whsec_?", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    EXPECT_THROW((void)sign_webhook(bad, "m", 1, ""), std::invalid_argument) << bad;
  }
}

TEST(PublicAddress, BothSidesOfEveryBoundary) {
  for (const char* address :
       {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255", "100.128.0.0",   "126.255.255.255",
        "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255", "172.32.0.0",    "192.0.1.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",     "203.0.112.255", "203.0.114.0",
        "223.255.255.255", "2606:4700::1111", "2001:200::",     "2a00::1",        "2001:db7::1"}) {
    EXPECT_TRUE(is_public_address(address)) << address;
  }
  for (const char* address : {"0.0.0.0",
                              "0.255.255.255",
                              "10.0.0.0",
                              "10.255.255.255",
                              "100.64.0.0",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.0.0",
                              "169.254.169.254",
                              "169.254.255.255",
                              "172.16.0.0",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.0.0",
                              "192.168.255.255",
                              "198.18.0.0",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::ffff:8.8.8.8",
                              "::8.8.8.8",
                              "64:ff9b::7f00:1",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "2001::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2002:7f00:1::",
                              "3fff::1",
                              "fe80::1%lo",
                              "",
                              "example",
                              "0x7f000001",
                              "127.1",
                              "2130706433"}) {
    EXPECT_FALSE(is_public_address(address)) << address;
  }
}

TEST(WebhookUrl, IsTakenApart) {
  const webhook_target plain = parse_webhook_url("https://crm.example");
  EXPECT_EQ(plain.host, "crm.example");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.path, "/");
  const webhook_target full = parse_webhook_url("https://crm.example:8443/a/b?c=d&e=%20");
  EXPECT_EQ(full.port, 8443);
  EXPECT_EQ(full.path, "/a/b?c=d&e=%20");
  EXPECT_EQ(parse_webhook_url("https://crm.example?x=1").path, "/?x=1");
  EXPECT_EQ(parse_webhook_url("https://[2606:4700::1111]/x").host, "2606:4700::1111");
}

TEST(WebhookUrl, WhatMayNotBe_IsRefusedWithARemedy) {
  for (const std::string& url :
       {std::string("http://crm.example/"), std::string("crm.example"), std::string("https://"), std::string(""),
        std::string("https://user:secret@crm.example/"), std::string("https://crm.example/#a"),
        std::string("https://crm.example:0/"), std::string("https://crm.example:70000/"),
        std::string("https://crm.example:port/"), std::string("https://8.8.8.8.crm.example/"),
        std::string("https://127.0.0.1/"), std::string("https://[::1]/"), std::string("https://10.1.2.3:8443/x"),
        std::string("https://crm.example/a b"), std::string("https://crm.example/\r\nX: y"),
        std::string("https://crm%0d%0aX:%20y/"), "https://crm.example/" + std::string(2'000, 'x')}) {
    try {
      (void)parse_webhook_url(url);
      ADD_FAILURE() << url;
    } catch (const std::invalid_argument& refused) {
      EXPECT_THAT(refused.what(), HasSubstr("write it as https://host/path")) << url;
    }
  }
}

class PostWebhooks : public testing::Test {
 protected:
  /// Every request is kept, and answered with `answer`.
  void serve(const std::string& answer) {
    server_.emplace([this, answer](server_connection& peer) {
      for (;;) {
        const std::string request = peer.read_request();
        if (request.empty()) return;
        {
          const std::lock_guard lock{mutex_};
          requests_.push_back(request);
        }
        if (answer.empty()) return peer.wait_for_peer();
        if (!peer.write(answer)) return;
      }
    });
    trust_server();
  }
  void trust_server() {
    options_.ca_file = server_->ca_file();
    options_.allow_loopback = true;
    options_.resolve = [](const std::string&) { return std::vector<std::string>{"127.0.0.1"}; };
    to_ = {tls_test_server::host(), server_->port(), "/hook?x=1"};
  }
  std::vector<webhook_answer> post(std::size_t count = 1) {
    std::vector<webhook_message> messages;
    for (std::size_t i = 0; i < count; ++i) messages.push_back({"msg_" + std::to_string(i), "17", "v1,abc", "{}"});
    return post_webhooks(options_, to_, messages, stop_.get_token());
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock{mutex_};
    return requests_;
  }

  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::optional<tls_test_server> server_;
  webhook_post_options options_;
  webhook_target to_;
  std::stop_source stop_;
};

constexpr const char* taken = "HTTP/1.1 204 No Content\r\n\r\n";

TEST_F(PostWebhooks, Message_ArrivesAsTheStandardHasIt) {
  serve(taken);
  const auto answers = post();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].status, 204) << answers[0].error;
  ASSERT_EQ(requests().size(), 1U);
  const std::string request = requests()[0];
  EXPECT_THAT(request, testing::StartsWith("POST /hook?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: carrier.test:" + std::to_string(server_->port()) + "\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nwebhook-id: msg_0\r\nwebhook-timestamp: 17\r\nwebhook-signature: v1,abc\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(request, testing::EndsWith("\r\n\r\n{}"));
}

TEST_F(PostWebhooks, Many_AreAnsweredEach) {
  serve(taken);
  const auto answers = post(50);
  ASSERT_EQ(answers.size(), 50U);
  for (const webhook_answer& one : answers) EXPECT_EQ(one.status, 204);
  EXPECT_EQ(requests().size(), 50U);
}

TEST_F(PostWebhooks, Redirect_IsNotFollowed) {
  serve("HTTP/1.1 302 Found\r\nLocation: https://carrier.test/other\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(post()[0].status, 302);
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(PostWebhooks, AfterAFailure_NothingMoreIsBegun) {
  serve("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  options_.connections = 1;
  const auto answers = post(3);
  EXPECT_EQ(answers[0].status, 500);
  EXPECT_TRUE(answers[0].tried);
  EXPECT_FALSE(answers[1].tried);
  EXPECT_FALSE(answers[2].tried);
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(PostWebhooks, NameThatLeadsInside_IsRefusedBeforeAnyConnection) {
  serve(taken);
  const auto refused = [&] {
    try {
      (void)post();
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  using addresses = std::vector<std::string>;
  for (const addresses& found : {addresses{"10.0.0.1"}, addresses{"169.254.169.254"}, addresses{"::ffff:127.0.0.1"},
                                 addresses{"127.0.0.1", "192.168.0.1"}, addresses{"93.184.216.34", "10.0.0.1"}}) {
    options_.resolve = [found](const std::string&) { return found; };
    EXPECT_THAT(refused(), HasSubstr("carrier.test leads to an address that is not public"));
  }
  options_.resolve = [](const std::string&) { return addresses{}; };
  EXPECT_THAT(refused(), HasSubstr("has no address"));
  options_.resolve = [](const std::string&) { return addresses{"127.0.0.1"}; };
  options_.allow_loopback = false;
  EXPECT_THAT(refused(), HasSubstr("not public"));
  to_.host = "localhost";
  options_.resolve = nullptr;
  EXPECT_THAT(refused(), HasSubstr("localhost leads to an address that is not public")) << "by the system's resolver";
  EXPECT_TRUE(requests().empty());
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(PostWebhooks, CertificateOfAnother_IsNoEndpoint) {
  serve(taken);
  to_.host = "other.test";
  const auto answers = post();
  EXPECT_EQ(answers[0].status, 0);
  EXPECT_NE(answers[0].error, "");
  EXPECT_TRUE(requests().empty());
}

TEST_F(PostWebhooks, NoAnswerInTime_IsNone) {
  serve("");
  options_.answer_within = 200ms;
  const auto answers = post();
  EXPECT_EQ(answers[0].status, 0);
  EXPECT_TRUE(answers[0].tried);
  const auto end = std::chrono::steady_clock::now() + 10s;  // it left; its reader may be slower than we are patient
  while (requests().empty() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(PostWebhooks, MoreThanTheTimeIsFor_IsLeftForLater) {
  serve(taken);
  options_.connections = 1;
  options_.answer_within = 1s;
  const auto answers = post(300'000);
  EXPECT_EQ(answers.front().status, 204);
  EXPECT_FALSE(answers.back().tried);
  for (const webhook_answer& one : answers) {
    EXPECT_EQ(one.status, one.tried ? 204 : 0) << "what was begun is waited for: " << one.error;
  }
}

TEST_F(PostWebhooks, AskedToStop_WaitsForNoAnswer) {
  std::promise<void> asked;
  server_.emplace([&](server_connection& peer) {
    if (!peer.read_request().empty()) asked.set_value();
    peer.wait_for_peer();
  });
  trust_server();
  options_.connections = 1;
  auto answers = std::async(std::launch::async, [this] { return post(); });
  asked.get_future().wait();
  stop_.request_stop();
  EXPECT_FALSE(answers.get()[0].tried) << "nobody knows what became of it: it is posted again";
  EXPECT_FALSE(post()[0].tried) << "nor does it begin";
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(PostWebhooks, NameThatIsNotResolved_HoldsNobodyUp) {
  serve(taken);
  std::promise<void> resolver, asked;
  options_.resolve = [&asked, answer = resolver.get_future().share()](const std::string&) {
    asked.set_value();
    answer.wait();
    return std::vector<std::string>{"127.0.0.1"};
  };
  auto answers = std::async(std::launch::async, [this] { return post(); });
  asked.get_future().wait();
  stop_.request_stop();
  EXPECT_THROW((void)answers.get(), std::runtime_error);
  resolver.set_value();
  EXPECT_EQ(server_->connections(), 0U);

  stop_ = {};
  options_.connect_within = 1ms;
  std::promise<void> never;
  options_.resolve = [answer = never.get_future().share()](const std::string&) {
    answer.wait();
    return std::vector<std::string>{};
  };
  try {
    (void)post();
    ADD_FAILURE() << "it waits no longer than connect_within";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "carrier.test: its name was not resolved in time");
  }
  never.set_value();
}

TEST_F(PostWebhooks, NamesThatAreNotResolved_KeepNoMoreThanSomeThreads) {
  serve(taken);
  std::promise<void> resolver;
  std::atomic<int> asked{0};
  options_.connect_within = 1ms;
  options_.resolve = [&asked, answer = resolver.get_future().share()](const std::string&) {
    ++asked;
    answer.wait();
    return std::vector<std::string>{"127.0.0.1"};
  };
  const auto failure = [this]() -> std::string {
    try {
      (void)post();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  };
  // Those that other tests left behind are on their way out.
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (asked < 32 && std::chrono::steady_clock::now() < end)
    EXPECT_THAT(failure(), HasSubstr("not resolved in time"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(failure(), "carrier.test: its name was not resolved in time; too many names are being looked up");
  }
  EXPECT_EQ(asked, 32);
  resolver.set_value();
  options_.connect_within = 5s;
  std::string last = "none";
  while (!last.empty() && std::chrono::steady_clock::now() < end) last = failure();
  EXPECT_EQ(last, "") << "they gave their places back";
}

TEST_F(PostWebhooks, NobodyThere_IsToldInWords) {
  serve(taken);
  to_.port = 1;
  const auto answers = post(2);
  EXPECT_EQ(answers[0].status, 0);
  EXPECT_NE(answers[0].error, "");
  EXPECT_FALSE(answers[1].tried);
}

}  // namespace
}  // namespace dialer::api
