// What commands leave in the audit log, and the command that checks it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "sql/audit_log.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class audit_log : public testing::Test {
 protected:
  template <class Options, class... More>
  int run(int (*command)(const Options&, More...), Options options, More... more) {
    options.database = {house_.target, (dir_.path() / "state").string()};
    options.output = output_;
    testing::internal::CaptureStdout();
    int code = 0;
    std::exception_ptr refused;
    try {
      code = command(options, more...);
    } catch (...) {
      refused = std::current_exception();
    }
    said_ = testing::internal::GetCapturedStdout();
    if (refused) std::rethrow_exception(refused);
    return code;
  }
  json::object said() const { return json::parse(said_).as_object(); }
  std::vector<std::string> actions() {
    std::vector<std::string> all;
    for (const auto& row : sql::read_audit(house_.on, house_.campaign.organisation, 0, 100)) {
      all.insert(all.begin(), row.what.action);
    }
    return all;
  }
  sql::audit_record newest() { return sql::read_audit(house_.on, house_.campaign.organisation, 0, 1).at(0); }
  void pause() {
    campaign_options which;
    which.which.campaign = "Spring";
    which.reason = "carrier is down";
    run(run_campaign_action, which, sql::campaign_action::start);
    run(run_campaign_action, which, sql::campaign_action::pause);
  }

  scratch dir_;
  test::small_house house_;
  output_format output_ = output_format::json;
  std::string said_;
};

TEST_F(audit_log, each_command_that_changes_something_leaves_a_row) {
  pause();
  EXPECT_EQ(newest().what.action, "pauseCampaign");
  EXPECT_EQ(newest().what.resource, house_.campaign.campaign.text());
  EXPECT_EQ(newest().what.reason, "carrier is down");
  EXPECT_THAT(newest().what.actor, StartsWith("cli:"));
  opt_out_options opt_out;
  opt_out.numbers = {"+12125550111"};
  run(run_opt_out, opt_out);
  opt_out.withdraw = true;
  run(run_opt_out, opt_out);
  EXPECT_EQ(newest().what.resource, "+12125550111");
  key_create_options create;
  create.name = "Test";
  create.scopes = {"read"};
  run(run_key_create, create);
  key_options revoke;
  revoke.key = said().at("id").as_string();
  run(run_key_revoke, revoke);
  campaign_create_options campaign;
  campaign.name = "Autumn";
  campaign.workspace = "Sales";
  campaign.agent = "Ann";
  run(run_campaign_create, campaign);
  run(run_campaign_create, campaign);  // nothing new
  campaign_import_options import;
  import.which.campaign = "Spring";
  import.file = dir_.file("list.csv", "phone_number\n+12125550161\n");
  run(run_campaign_import, import);
  EXPECT_THAT(actions(), ElementsAre("applySettings", "startCampaign", "pauseCampaign", "addOptOuts", "withdrawOptOut",
                                     "createKey", "revokeKey", "createCampaign", "uploadContacts"));
  EXPECT_EQ(sql::verify_audit(house_.on, house_.campaign.organisation).fault, "");
}

TEST_F(audit_log, the_kill_switch_finds_each_thing_by_its_name) {
  house_.on.run("UPDATE org_owner SET applied_generation = 9000000000000000000");  // an engine follows everything
  struct named {
    std::string freeze_options::*option;
    const char* name;
    const char* table;
    const char* action;
  };
  for (const named& one : {named{&freeze_options::organisation, "Example", "org_owner", "freezeOrganisation"},
                           named{&freeze_options::workspace, "Sales", "workspace", "freezeWorkspace"},
                           named{&freeze_options::agent, "Ann", "agent", "freezeAgent"},
                           named{&freeze_options::campaign, "Spring", "campaign", "freezeCampaign"},
                           named{&freeze_options::integration, "twilio", "integration", "freezeIntegration"},
                           named{&freeze_options::number, "+12125550199", "phone_number", "freezeNumber"}}) {
    const auto frozen = [&] {
      return house_.on.run("SELECT bool_and(frozen) FROM " + std::string(one.table)).boolean(0, 0);
    };
    freeze_options options;
    options.*one.option = one.name;
    options.reason = "billing runs wild";
    run(run_freeze, options, true);
    EXPECT_EQ(said().at("engine").as_string(), "acknowledged");
    EXPECT_TRUE(frozen()) << one.action;
    EXPECT_EQ(newest().what.action, one.action);
    EXPECT_EQ(newest().what.resource, said().at("id").as_string());
    EXPECT_EQ(newest().what.reason, "billing runs wild");
    run(run_freeze, options, false);
    EXPECT_FALSE(frozen()) << one.action;
    EXPECT_EQ(newest().what.action, "un" + std::string(one.action));
  }
}

TEST_F(audit_log, the_kill_switch_says_what_there_is_and_whether_the_engine_obeys) {
  output_ = output_format::table;
  freeze_options options;
  options.agent = "Nobody";
  try {
    run(run_freeze, options, true);
    FAIL() << "there is no such agent";
  } catch (const usage_error& wrong) {
    EXPECT_STREQ(wrong.what(), "there is no agent \"Nobody\"; there are: \"Ann\"");
  }
  options.agent = "Ann";
  run(run_freeze, options, true);
  EXPECT_EQ(said_,
            "agent Ann is frozen: stored, pending at the engine; no new decision goes against it, and an engine that "
            "starts later obeys it.\n");
  house_.on.run("UPDATE org_owner SET applied_generation = 9000000000000000000");
  run(run_freeze, options, true);
  EXPECT_EQ(said_, "agent Ann is frozen: acknowledged by the engine, no call through it starts any more.\n");
  run(run_freeze, options, false);
  EXPECT_EQ(said_, "agent Ann may call again: acknowledged by the engine.\n");
}

TEST_F(audit_log, a_name_of_several_is_answered_with_their_ids) {
  const std::string copy_of = "(jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), ";
  house_.on.run("INSERT INTO workspace SELECT " + copy_of + "'name', 'Support'))).* FROM workspace t");
  house_.on.run("INSERT INTO agent SELECT " + copy_of +
                "'workspace_id', (SELECT id FROM workspace WHERE name = 'Support')))).* FROM agent t");
  freeze_options options;
  options.agent = "Ann";
  try {
    run(run_freeze, options, true);
    FAIL() << "two are called Ann";
  } catch (const usage_error& wrong) {
    EXPECT_THAT(wrong.what(), StartsWith("several have the name of agent \"Ann\"; give the id: agt_"));
  }
}

TEST_F(audit_log, what_changes_nothing_leaves_none) {
  apply_options again;
  again.file = dir_.file("small.toml", test::small_file);
  run(run_apply, again);
  std::string changed = test::small_file;
  changed += "weight = 7\n";
  again.file = dir_.file("changed.toml", changed);
  again.dry_run = true;
  run(run_apply, again);
  EXPECT_THAT(actions(), ElementsAre("applySettings"));
  again.dry_run = false;
  again.reason = "more of it";
  run(run_apply, again);
  EXPECT_EQ(newest().what.reason, "more of it");
}

TEST_F(audit_log, verify_says_which_row_and_fails) {
  pause();
  audit_verify_options options;
  EXPECT_EQ(run(run_audit_verify, options), exit_ok);
  EXPECT_EQ(said().at("rows").to_number<int>(), 3);
  const std::string head{said().at("head").as_string()};
  EXPECT_THAT(head, StartsWith("3:"));
  options.head = head;
  EXPECT_EQ(run(run_audit_verify, options), exit_ok);
  house_.on.run("UPDATE audit_log SET reason = 'it was not me' WHERE number = 2");
  EXPECT_EQ(run(run_audit_verify, options), exit_failed);
  EXPECT_EQ(said().at("row").to_number<int>(), 2);
  EXPECT_EQ(said().at("fault").as_string(), "row 2 was changed");
}

TEST_F(audit_log, a_chain_written_anew_is_found_by_the_head_that_was_kept) {
  pause();
  audit_verify_options options;
  run(run_audit_verify, options);
  options.head = said().at("head").as_string();
  house_.on.run("DELETE FROM audit_log");
  house_.on.run("DELETE FROM audit_head");
  campaign_options which;
  which.which.campaign = "Spring";
  run(run_campaign_action, which, sql::campaign_action::resume);
  run(run_campaign_action, which, sql::campaign_action::pause);
  EXPECT_EQ(run(run_audit_verify, audit_verify_options{}), exit_ok);
  EXPECT_EQ(run(run_audit_verify, options), exit_failed);
  EXPECT_THAT(said_, HasSubstr("row 3 was removed"));
  options.head = "2:" + std::string(64, 'a');
  EXPECT_EQ(run(run_audit_verify, options), exit_failed);
  EXPECT_THAT(said_, HasSubstr("row 2 has another hash"));
  output_ = output_format::table;
  EXPECT_EQ(run(run_audit_verify, options), exit_failed);
  EXPECT_THAT(said_, StartsWith("The audit log was written anew since the head was kept: row 2 has another hash"));
  EXPECT_THAT(said_, Not(HasSubstr("from the first on are in order")));
  options.head = "2";
  EXPECT_THROW(run(run_audit_verify, options), usage_error);
}

TEST_F(audit_log, the_head_of_an_empty_log_is_no_alarm_later) {
  house_.on.run("DELETE FROM audit_log");
  house_.on.run("DELETE FROM audit_head");
  audit_verify_options options;
  EXPECT_EQ(run(run_audit_verify, options), exit_ok);
  options.head = said().at("head").as_string();
  EXPECT_THAT(options.head, StartsWith("0:"));
  pause();
  EXPECT_EQ(run(run_audit_verify, options), exit_ok) << said_;
}

}  // namespace
}  // namespace dialer::cli
