// The manager's day against a real database.

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

constexpr const char* list =
    "phone,name,state\n"
    "212-555-0101,One,\n"
    "212-555-0102,=Two,\n"
    "212-555-0101,Again,\n"
    "12,Short,\n"
    "415-555-0103,Three,CA\n";

/// Runs a command and keeps what it said.
template <class Options>
std::string output_of(int (*run)(const Options&), const Options& options, int wanted = exit_ok) {
  testing::internal::CaptureStdout();
  int code = -1;
  std::string thrown;
  try {
    code = run(options);
  } catch (const std::exception& wrong) {
    thrown = wrong.what();
  }
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_EQ(code, wanted) << thrown << out;
  return out;
}

class campaign_command : public testing::Test {
 protected:
  campaign_import_options import(const std::string& file) {
    campaign_import_options options;
    options.database = house_.database();
    options.output = output_format::json;
    options.which.campaign = "Spring";
    options.file = file;
    return options;
  }
  campaign_options choice(output_format output = output_format::json) {
    campaign_options options;
    options.database = house_.database();
    options.output = output;
    options.which.campaign = "Spring";
    return options;
  }
  std::string act(sql::campaign_action action) {
    testing::internal::CaptureStdout();
    try {
      (void)run_campaign_action(choice(), action);
    } catch (const std::exception& refused) {
      return testing::internal::GetCapturedStdout() + refused.what();
    }
    return testing::internal::GetCapturedStdout();
  }

  test::small_house house_;
  scratch dir_;
};

TEST_F(campaign_command, import_counts_every_row_once) {
  const std::string file = dir_.file("list.csv", list);
  const std::string out = output_of(run_campaign_import, import(file));
  EXPECT_NE(out.find(R"("rows":5,"accepted":3,"duplicate":1,"rejected":1,"finished":true)"), std::string::npos) << out;
  const std::string verdicts = dir_.text_of("list.csv.verdicts.csv");
  EXPECT_EQ(std::ranges::count(verdicts, '\n'), 6) << verdicts;

  EXPECT_EQ(output_of(run_campaign_import, import(file)), out) << "the same list again: nothing to do, the same answer";
  EXPECT_EQ(dir_.text_of("list.csv.verdicts.csv"), verdicts);
}

TEST_F(campaign_command, import_of_a_longer_list_knows_the_old_numbers) {
  (void)output_of(run_campaign_import, import(dir_.file("list.csv", list)));
  const std::string out =
      output_of(run_campaign_import, import(dir_.file("more.csv", std::string(list) + "212-555-0104,Four,\n")));
  EXPECT_NE(out.find(R"("rows":6,"accepted":1,"duplicate":4,"rejected":1)"), std::string::npos) << out;
}

TEST_F(campaign_command, import_goes_on_after_a_crash) {
  // What a crash leaves behind: progress of the first commit, contacts and verdicts of it. A list longer than one
  // batch.
  std::string text = "phone\n";
  for (int i = 0; i < 25'000; ++i) {
    text += "+1" + std::to_string(200 + i / 100 % 700 == 911 ? 912 : 201 + i % 7) + "555" +
            std::to_string(1000 + i % 9000) + "\n";
  }
  const std::string file = dir_.file("long.csv", text);
  const std::string whole = output_of(run_campaign_import, import(file));
  const std::string verdicts = dir_.text_of("long.csv.verdicts.csv");

  house_.on.run("DELETE FROM contact WHERE source_row > 10000");
  // 10,000 rows of known length: offset and counts follow from the list itself.
  std::uint64_t offset = 0, verdict_bytes = 0;
  for (int line = 0; line <= 10'000; ++line) {
    offset = text.find('\n', offset) + 1;
    verdict_bytes = verdicts.find('\n', verdict_bytes) + 1;
  }
  house_.on.run(
      "UPDATE campaign_import SET byte_offset = $1, rows = 10000, verdict_bytes = $2, finished = false, "
      "accepted = (SELECT count(*) FROM contact), duplicate = 10000 - (SELECT count(*) FROM contact), rejected = 0",
      sql::params{}.int8(offset).int8(verdict_bytes));

  EXPECT_EQ(output_of(run_campaign_import, import(file)), whole);
  EXPECT_EQ(dir_.text_of("long.csv.verdicts.csv"), verdicts);
}

TEST_F(campaign_command, a_file_that_is_no_list_is_refused) {
  EXPECT_THROW((void)run_campaign_import(import(dir_.file("x.csv", "colour,size\nred,1\n"))), settings_error);
  campaign_import_options unknown = import(dir_.file("list.csv", list));
  unknown.which.campaign = "Autumn";
  try {
    (void)run_campaign_import(unknown);
    FAIL();
  } catch (const usage_error& wrong) {
    EXPECT_NE(std::string(wrong.what()).find("there are: \"Spring\""), std::string::npos) << wrong.what();
  }
}

TEST_F(campaign_command, states_follow_the_actions) {
  EXPECT_NE(act(sql::campaign_action::resume).find("possible: start, stop"), std::string::npos);
  EXPECT_NE(act(sql::campaign_action::start).find("running"), std::string::npos);
  EXPECT_NE(act(sql::campaign_action::pause).find("paused"), std::string::npos);
  EXPECT_NE(act(sql::campaign_action::resume).find("running"), std::string::npos);
  EXPECT_NE(act(sql::campaign_action::stop).find("stopped"), std::string::npos);
  EXPECT_NE(act(sql::campaign_action::start).find("is stopped, so it cannot start"), std::string::npos);
}

TEST_F(campaign_command, status_and_export_tell_every_contact) {
  (void)output_of(run_campaign_import, import(dir_.file("list.csv", list)));
  const std::string status = output_of(run_campaign_status, choice());
  EXPECT_NE(status.find(R"("state":"draft","contacts":3,"stages":{"fresh":3,"open":0,"waiting":0,"done":0})"),
            std::string::npos)
      << status;
  const std::string csv = output_of(run_campaign_export, choice(output_format::table));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 4) << csv;
  EXPECT_NE(csv.find(",'+12125550102,'=Two,"), std::string::npos)
      << "no spreadsheet takes a name for a formula: " << csv;
  EXPECT_NE(csv.find(",fresh,0,,,\r\n"), std::string::npos) << csv;
  const std::string json = output_of(run_campaign_export, choice());
  EXPECT_EQ(std::ranges::count(json, '\n'), 3) << json;
  EXPECT_NE(json.find(R"("number":"+14155550103","name":"Three")"), std::string::npos) << json;
}

TEST_F(campaign_command, create_from_flags_is_idempotent) {
  campaign_create_options options;
  options.database = house_.database();
  options.name = "Autumn";
  options.workspace = "Sales";
  options.agent = "Ann";
  EXPECT_NE(output_of(run_campaign_create, options).find("created"), std::string::npos);
  EXPECT_NE(output_of(run_campaign_create, options).find("unchanged"), std::string::npos);
  options.weight = 7;
  EXPECT_NE(output_of(run_campaign_create, options).find("updated"), std::string::npos);
  options.agent = "Bob";
  EXPECT_THROW((void)run_campaign_create(options), settings_error);
}

TEST_F(campaign_command, create_from_a_file_takes_the_named_campaign) {
  campaign_create_options options;
  options.database = house_.database();
  options.file = dir_.file(
      "f.toml", test::small_file + "[[campaign]]\nname = \"Winter\"\nworkspace = \"Sales\"\nagent = \"Ann\"\n");
  options.name = "Winter";
  EXPECT_NE(output_of(run_campaign_create, options).find("created"), std::string::npos);
  options.name = "Summer";
  EXPECT_THROW((void)run_campaign_create(options), usage_error);
}

TEST_F(campaign_command, opt_outs_are_stored_and_pending_without_an_engine) {
  opt_out_options options;
  options.database = house_.database();
  options.output = output_format::json;
  options.file = dir_.file("numbers.txt", "212-555-0101\r\n\n+12125550102\n");
  EXPECT_NE(output_of(run_opt_out, options).find(R"({"numbers":2,"withdrawn":false,"engine":"pending"})"),
            std::string::npos);
  EXPECT_EQ(house_.on.run("SELECT count(*) FROM opt_out WHERE NOT revoked").number(0, 0), 2U);

  options.withdraw = true;
  options.file.clear();
  options.numbers = {"+12125550101"};
  house_.on.run("UPDATE org_owner SET applied_generation = 1000000");  // an engine that has applied everything
  EXPECT_NE(output_of(run_opt_out, options).find(R"("engine":"acknowledged")"), std::string::npos);
  EXPECT_EQ(house_.on.run("SELECT count(*) FROM opt_out WHERE NOT revoked").number(0, 0), 1U);
}

}  // namespace
}  // namespace dialer::cli
