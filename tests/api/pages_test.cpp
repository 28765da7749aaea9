// Health and metrics, asked of the routes themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "api/health.hpp"
#include "api/metrics.hpp"

namespace dialer::api {
namespace {

using testing::HasSubstr;
using testing::Not;

http_response ask(const route& page, std::string query = {}) {
  http_request request;
  request.query = std::move(query);
  http_response answer{.status = 0};
  page.handle(request, [&answer](http_response response) { answer = std::move(response); });
  return answer;
}

class Health : public testing::Test {
 protected:
  std::vector<readiness_check> checks_{{"ledger", true, ""}, {"rules", true, "2 days old"}};
  int asked_ = 0;
  std::vector<route> routes_ = health_routes([this] {
    ++asked_;
    return checks_;
  });
};

TEST_F(Health, Healthz_IsOkWithoutAskingAnybody) {
  checks_[0].ok = false;
  EXPECT_EQ(ask(routes_[0]).status, 200);
  EXPECT_EQ(asked_, 0);
}

TEST_F(Health, Readyz_HoldsOnlyIfEveryCheckDoes) {
  EXPECT_EQ(ask(routes_[1]).status, 200);
  checks_[1].ok = false;
  EXPECT_EQ(ask(routes_[1]).status, 503);
  EXPECT_EQ(ask(routes_[1]).body, "not ready\n");
}

TEST_F(Health, ReadyzVerbose_ListsEachCheck) {
  checks_[0] = {"ledger", false, "no connection"};
  EXPECT_EQ(ask(routes_[1], "verbose").body, "[-] ledger: no connection\n[+] rules: 2 days old\nnot ready\n");
}

TEST(Metrics, Page_HasFamiliesWithHelpTypeAndLabels) {
  const route page = metrics_route({[](metric_writer& out) {
    out.counter("dialer_attempts_total", "Attempts.", 3, {{"disposition", "busy"}});
    out.gauge("dialer_queue_seconds", "Age.", 1.5);
    out.counter("dialer_attempts_total", "Attempts.", 4, {{"disposition", "voicemail"}});
  }});
  const http_response answer = ask(page);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body,
            "# HELP dialer_attempts_total Attempts.\n"
            "# TYPE dialer_attempts_total counter\n"
            "dialer_attempts_total{disposition=\"busy\"} 3\n"
            "dialer_attempts_total{disposition=\"voicemail\"} 4\n"
            "# HELP dialer_queue_seconds Age.\n"
            "# TYPE dialer_queue_seconds gauge\n"
            "dialer_queue_seconds 1.5\n");
}

TEST(Metrics, LabelValue_CannotBreakOutOfItsQuotes) {
  metric_writer out;
  out.gauge("dialer_up", "Up.", 1, {{"name", "a\"} 1\nevil 2"}});
  EXPECT_THAT(out.text(), HasSubstr(R"(dialer_up{name="a\"} 1\nevil 2"} 1)"));
  EXPECT_THAT(out.text(), Not(HasSubstr("\nevil")));
}

TEST(Metrics, MisnamedOrContradictory_Throws) {
  metric_writer out;
  EXPECT_THROW(out.counter("dialer_calls", "", 1), std::invalid_argument);
  EXPECT_THROW(out.gauge("dialer_calls_total", "", 1), std::invalid_argument);
  EXPECT_THROW(out.gauge("calls", "", 1), std::invalid_argument);
  EXPECT_THROW(out.gauge("dialer_Calls", "", 1), std::invalid_argument);
  out.gauge("dialer_calls", "", 1);
}

TEST(Metrics, StatsOfTheListener_AreWritten) {
  metric_writer out;
  write_metrics(http_stats{.connections = 2, .requests = 7, .requests_refused = 1}, out);
  write_metrics(callback_stats{.stored = 5, .refused = {0, 0, 0, 9}}, out);
  EXPECT_THAT(out.text(), HasSubstr("dialer_http_connections 2\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_http_requests_total 7\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_callbacks_stored_total 5\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_callbacks_refused_total{reason=\"bad_signature\"} 9\n"));
}

TEST(Metrics, InboundCalls_AreWrittenByCarrierAndOutcome) {
  metric_writer out;
  inbound_stats stats{.commands_failed = 3, .refused = {0, 0, 0, 9}};
  stats.calls[1][static_cast<std::size_t>(callerid::inbound_outcome::voicemail)] = 4;
  write_metrics(stats, out);
  EXPECT_THAT(out.text(), HasSubstr("dialer_inbound_calls_total{carrier=\"telnyx\",outcome=\"voicemail\"} 4\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_inbound_calls_total{carrier=\"twilio\",outcome=\"voicemail\"} 0\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_inbound_commands_failed_total 3\n"));
  EXPECT_THAT(out.text(), HasSubstr("dialer_inbound_callbacks_refused_total{reason=\"bad_signature\"} 9\n"));
}

}  // namespace
}  // namespace dialer::api
