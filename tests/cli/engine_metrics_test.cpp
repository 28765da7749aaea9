// All that /metrics can hold, by the rules of its format.

#include "cli/engine_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/rest_service.hpp"
#include "api/webhook_deliverer.hpp"
#include "tests/api/metrics_lint.hpp"

namespace dialer::cli {
namespace {

using api::test::lint_metrics;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Of an organisation for which everything has been counted, and everything stands in the way.
engine::organisation_view full_view(std::uint64_t n) {
  engine::organisation_view view;
  view.id = organisation_id{id128{1, n}};
  view.counters.dispositions.fill(1);
  view.counters.ended_undialed.fill(1);
  view.counters.put_off.fill(1);
  view.numbers_by_health.fill(1);
  for (const reason_text& why : all_reasons()) {
    engine::campaign_view campaign;
    campaign.blocked = why.value;
    view.campaigns.push_back(campaign);
  }
  for (std::uint64_t i = 0; i < 2; ++i) {
    engine::account_view account;
    account.id = integration_id{id128{n, i}};
    account.name = "+12125550123";
    view.accounts.push_back(account);
  }
  return view;
}

TEST(metrics, page_keeps_the_rules_of_its_format_whatever_is_counted) {
  api::metric_writer out;
  write_metrics({full_view(1), full_view(2)}, out);
  api::write_metrics(api::http_stats{}, out);
  api::write_metrics(api::callback_stats{}, out);
  api::write_metrics(api::rest_stats{{{"GET", "/v1/campaigns/{campaign_id}", "2xx", 1},
                                      {"GET", "/v1/campaigns/{campaign_id}", "4xx", 1},
                                      {"POST", "/v1/campaigns", "2xx", 1}}},
                     out);
  api::write_metrics(api::webhook_stats{}, out);
  const std::string page = out.text();
  EXPECT_THAT(lint_metrics(page), IsEmpty()) << page;
  EXPECT_THAT(page, HasSubstr("dialer_account_calls_live{integration=\"crd_"));
  EXPECT_THAT(page, HasSubstr("dialer_caller_ids{health=\"resting\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("account=\"+*********23\"} 0\n"));
  EXPECT_THAT(page, Not(HasSubstr("2125550"))) << "a canary";
}

TEST(metrics, lint_finds_what_is_planted) {
  const std::string good = "# HELP dialer_x_total Xs.\n# TYPE dialer_x_total counter\ndialer_x_total{why=\"a\"} 1\n";
  EXPECT_THAT(lint_metrics(good), IsEmpty());
  const auto with = [&](const std::string& old, const std::string& planted) {
    std::string page = good;
    for (auto found = page.find(old); found != std::string::npos; found = page.find(old, found + planted.size())) {
      page.replace(found, old.size(), planted);
    }
    return lint_metrics(page);
  };
  for (const auto& [old, planted] :
       {std::pair{"Xs.", ""},
        {"Xs.", "Xs"},
        {"counter", "gauge"},
        {"counter", "histogram"},
        {"dialer_x_total", "dialer_x"},
        {"dialer_x_total", "x_total"},
        {"dialer_x_total", "dialer_X_total"},
        {"dialer_x_total", "dialer_x_ms_total"},
        {"dialer_x_total", "dialer_x_gauge_total"},
        {"dialer_x_total counter\n", "dialer_x_total counter\ndialer_x_total{why=\"a\"} 2\n"},
        {"# TYPE dialer_x_total counter\n", ""},
        {"# HELP dialer_x_total Xs.\n", ""},
        {"dialer_x_total{", "dialer_y_total{"},
        {"why=\"a\"", "why=\"a\"b\""},
        {"why=", "Why="},
        {" 1\n", " one\n"},
        {" 1\n", " 1\n# HELP dialer_x_total Xs.\n"},
        {" 1\n", " 1"}}) {
    EXPECT_THAT(with(old, planted), Not(IsEmpty())) << old << " -> " << planted;
  }
}

}  // namespace
}  // namespace dialer::cli
