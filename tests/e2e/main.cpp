// e2e_test [--gtest_filter=…] [--kills N] [--contacts N] [--races N] [--calls-per-second N]
// [--rest-kills N] [--purchase-kills N] [--event-clients N] [--event-deaf N] [--upload N] [--list N]
// [--pacing-seconds N] [--agents N] [--numbers N] [--seed N] [--exact] [--settle]

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "tests/e2e/scale.hpp"

namespace dialer::e2e {
scale wanted;
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  using dialer::e2e::wanted;
  CLI::App app{"Real processes, real PostgreSQL, real TLS"};
  app.add_option("--kills", wanted.kills);
  app.add_option("--contacts", wanted.contacts);
  app.add_option("--races", wanted.races);
  app.add_option("--calls-per-second", wanted.calls_per_second);
  app.add_option("--rest-kills", wanted.rest_kills);
  app.add_option("--purchase-kills", wanted.purchase_kills);
  app.add_option("--event-clients", wanted.event_clients);
  app.add_option("--event-deaf", wanted.event_deaf);
  app.add_option("--upload", wanted.upload);
  app.add_option("--list", wanted.list);
  app.add_option("--pacing-seconds", wanted.pacing_seconds);
  app.add_option("--agents", wanted.agents);
  app.add_option("--numbers", wanted.numbers)->check(CLI::Range(60, 700));
  app.add_option("--seed", wanted.seed);
  app.add_flag("--exact", wanted.exact);
  app.add_flag("--settle", wanted.settle);
  CLI11_PARSE(app, argc, argv);
  return RUN_ALL_TESTS();
}
