// The same commands through a service as on its database.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/private_file.hpp"
#include "tests/cli/over_rest_fixture.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class over_rest_command : public test::over_rest_fixture {
 protected:
  campaign_options spring(output_format output = output_format::table) {
    campaign_options which;
    which.which.campaign = "Spring";
    which.output = output;
    return which;
  }
  campaign_import_options list(const std::string& text) {
    campaign_import_options import;
    import.which.campaign = "Spring";
    import.file = dir_.file("list.csv", text);
    return import;
  }
};

TEST_F(over_rest_command, prints_what_it_prints_on_the_database) {
  EXPECT_EQ(run(run_campaign_import, list("phone_number\n+12125550161\n+13105550161\n12\n")),
            "rows       3\naccepted   2\nduplicate  0\nrejected   1\n");
  EXPECT_EQ(newest().what.action, "uploadContacts");
  for (const output_format output : {output_format::table, output_format::json}) {
    organisation_options all;
    all.output = output;
    const std::string listed = run(run_campaign_list, all);
    EXPECT_THAT(listed, HasSubstr("Spring"));
    EXPECT_EQ(listed, on_database(run_campaign_list, all));
    const std::string status = run(run_campaign_status, spring(output));
    EXPECT_THAT(status, HasSubstr(house_.campaign.campaign.text()));
    EXPECT_EQ(status, on_database(run_campaign_status, spring(output)));
  }
}

TEST_F(over_rest_command, changes_are_made_and_the_reason_is_kept) {
  campaign_options which = spring();
  which.reason = "the list is checked";
  EXPECT_EQ(run(run_campaign_action, which, sql::campaign_action::start), "Campaign Spring is running.\n");
  EXPECT_EQ(newest().what.action, "startCampaign");
  EXPECT_EQ(newest().what.reason, "the list is checked");
  EXPECT_EQ(run(run_campaign_action, which, sql::campaign_action::pause), "Campaign Spring is paused.\n");
  EXPECT_EQ(run(run_campaign_action, spring(output_format::json), sql::campaign_action::stop),
            "{\"campaign\":\"" + house_.campaign.campaign.text() + "\",\"state\":\"stopped\"}\n");
}

TEST_F(over_rest_command, opt_outs_and_freezes_wait_for_the_engine) {
  opt_out_options numbers;
  numbers.numbers = {"+12125550111", "(212) 555-0112"};
  EXPECT_EQ(run(run_opt_out, numbers),
            "2 numbers opted out: acknowledged by the engine, no call to them can start any more.\n");
  EXPECT_EQ(house_.on.run("SELECT count(*) FROM opt_out WHERE NOT revoked").integer(0, 0), 2);
  numbers.withdraw = true;
  EXPECT_EQ(run(run_opt_out, numbers), "2 opt-outs withdrawn: acknowledged by the engine.\n");
  EXPECT_EQ(house_.on.run("SELECT count(*) FROM opt_out WHERE NOT revoked").integer(0, 0), 0);

  freeze_options what;
  EXPECT_EQ(run(run_freeze, what, true),
            "the organisation is frozen: acknowledged by the engine, no call through it starts any more.\n");
  EXPECT_EQ(run(run_freeze, what, false), "the organisation may call again: acknowledged by the engine.\n");
  struct thing {
    std::string freeze_options::*option;
    const char* name;
    const char* said;
  };
  for (const thing& one : {thing{&freeze_options::workspace, "Sales", "workspace Sales"},
                           thing{&freeze_options::agent, "Ann", "agent Ann"},
                           thing{&freeze_options::campaign, "Spring", "campaign Spring"},
                           thing{&freeze_options::integration, "twilio", "integration twilio"},
                           thing{&freeze_options::number, "+12125550199", "number +12125550199"}}) {
    freeze_options chosen;
    chosen.*one.option = one.name;
    EXPECT_THAT(run(run_freeze, chosen, true), StartsWith(std::string(one.said) + " is frozen: acknowledged"));
    EXPECT_THAT(run(run_freeze, chosen, false), StartsWith(std::string(one.said) + " may call again"));
  }
}

TEST_F(over_rest_command, refusals_have_field_remedy_and_the_usual_codes) {
  campaign_options nobody = spring();
  nobody.which.campaign = "Autumn";
  failure got = fails(run_campaign_status, nobody);
  EXPECT_EQ(got.code, exit_usage);
  EXPECT_EQ(got.message, "there is no campaign \"Autumn\"; there are: \"Spring\"");

  got = fails(run_campaign_action, spring(), sql::campaign_action::resume);
  EXPECT_EQ(got.code, exit_failed);
  EXPECT_THAT(got.message, HasSubstr("possible: start, stop"));

  campaign_import_options import = list("phone_number\n+12125550161\n");
  import.country = "XX";
  got = fails(run_campaign_import, import);
  EXPECT_EQ(got.code, exit_usage);
  EXPECT_THAT(got.message, HasSubstr("country is none that we know; write two capital letters, such as US (request "));

  campaign_options elsewhere = spring();
  elsewhere.which.organisation = "Example";
  EXPECT_EQ(fails(run_campaign_status, elsewhere).code, exit_usage);

  add_context("reader", {"read"});
  context_ = "reader";
  // A new key is in force once the engine has seen it.
  EXPECT_TRUE(e2e::eventually(5s, [&] {
    got = fails(run_campaign_action, spring(), sql::campaign_action::start);
    return got.message.find("operate") != std::string::npos;
  })) << got.message;
  EXPECT_EQ(got.code, exit_configuration);

  const std::string revoked = "dlr_" + std::string(26, '0');
  write_private_file(dir_.path() / "dialer" / "reader.key", revoked + "\n");
  EXPECT_EQ(fails(run_campaign_status, spring()).code, exit_configuration);

  engine_->stop();
  engine_.reset();
  context_ = "main";
  got = fails(run_campaign_status, spring());
  EXPECT_EQ(got.code, exit_unreachable);
  EXPECT_THAT(got.message, HasSubstr("does not answer"));
}

TEST_F(over_rest_command, stats_and_the_live_view_show_the_campaigns) {
  run(run_campaign_import, list("phone_number\n+12125550161\n+13105550161\n"));
  command_options options;
  options.context = "main";
  EXPECT_THAT(captured([&] { return run_stats(options); }), HasSubstr("Spring    draft         2      2"));
  options.output = output_format::json;
  EXPECT_THAT(captured([&] { return run_stats(options); }), HasSubstr("\"contacts\":2"));
  top_options top;
  top.context = "main";
  top.pictures = 1;
  EXPECT_THAT(captured([&] { return run_top(top); }), HasSubstr("calls/s  live 0  attempts 0"));
  top.context.clear();
  EXPECT_THROW(run_top(top), usage_error);
}

TEST_F(over_rest_command, live_view_goes_on_without_the_counts_that_it_is_refused) {
  start_engine({.per_second = 0.001, .burst = 1});
  command_options stats;
  stats.context = "main";
  captured([&] { return run_stats(stats); });  // that was the one
  EXPECT_THROW(run_stats(stats), service_refusal);
  top_options top;
  top.context = "main";
  top.pictures = 1;
  EXPECT_THAT(captured([&] { return run_top(top); }), HasSubstr("calls/s  live 0  attempts 0"));
}

TEST_F(over_rest_command, events_are_followed_until_told_otherwise_or_refused) {
  std::size_t events = 0;
  rest_client service{read_contexts(contexts_file()).find("main")};
  const bool ended = service.follow(
      "/v1/events",
      [&](std::string_view name, const boost::json::object& data) {
        ++events;
        EXPECT_THAT(std::string(name), testing::AnyOf("campaign", "attempts", "import"));
        EXPECT_FALSE(data.empty());
      },
      [&] { return events == 0; });
  EXPECT_FALSE(ended) << "it was we who ended it";
  EXPECT_THROW(service.follow(
                   "/v1/events", [](auto, auto) { throw usage_error("no"); }, [] { return true; }),
               usage_error);
  try {
    service.follow(
        "/v1/nothing", [](auto, auto) {}, [] { return true; });
    FAIL();
  } catch (const service_refusal& refused) {
    EXPECT_EQ(refused.status(), 404);
  }
}

TEST_F(over_rest_command, certificates_are_verified) {
  const demo_carriers some_server{test::carriers_in(dir_.path())};
  add_context("secure", {"read"}, some_server.reached().twilio_url);
  context_ = "secure";
  failure got = fails(run_campaign_status, spring());
  EXPECT_EQ(got.code, exit_unreachable);
  EXPECT_THAT(got.message, HasSubstr("certificate"));

  service_contexts contexts = read_contexts(contexts_file());
  contexts.all.back().ca_file = some_server.reached().ca_file;
  write_contexts(contexts_file(), contexts);
  got = fails(run_campaign_status, spring());  // it is let in now, and finds no dialer
  EXPECT_THAT(got.message, HasSubstr("the answer is no dialer's"));
}

TEST_F(over_rest_command, contexts_are_listed_used_and_removed_without_a_key_to_be_seen) {
  context_options options;
  const std::string listed = captured([&] { return run_context_list(options); });
  EXPECT_THAT(listed, HasSubstr("main  http://127.0.0.1:"));
  EXPECT_THAT(listed, testing::Not(HasSubstr("dlr_")));
  unsetenv("DIALER_CONTEXT");
  unsetenv("DIALER_DATABASE");
  EXPECT_EQ(choose_context("", false), "");
  options.name = "main";
  captured([&] { return run_context_use(options); });
  EXPECT_EQ(choose_context("", false), "main");
  EXPECT_EQ(choose_context("", true), "") << "a database was named";
  setenv("DIALER_CONTEXT", "other", 1);
  EXPECT_EQ(choose_context("", false), "other");
  EXPECT_EQ(choose_context("named", false), "named");
  unsetenv("DIALER_CONTEXT");
  setenv("DIALER_DATABASE", "postgresql://", 1);
  EXPECT_EQ(choose_context("", false), "");
  unsetenv("DIALER_DATABASE");
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "dialer" / "main.key"));
  captured([&] { return run_context_remove(options); });
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "dialer" / "main.key"));
  EXPECT_EQ(choose_context("", false), "");
  EXPECT_THROW(run_context_use(options), usage_error);
}

}  // namespace
}  // namespace dialer::cli
