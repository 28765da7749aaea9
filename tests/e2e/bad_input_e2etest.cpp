// What people get wrong, through the real program: the exit code, a message that names place and remedy, and nothing
// half-done.

#include <gtest/gtest.h>

#include <algorithm>

#include "sql/migrations.hpp"
#include "sql/private_cluster.hpp"
#include "sql/session.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/settings_text.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

constexpr int exit_usage = 2;
constexpr int exit_unreachable = 69;
constexpr int exit_configuration = 78;

const std::string good_settings = settings_text + R"(calls_per_second = 5
[[numbers]]
workspace = "Sales"
integration = "twilio"
shown_by = ["Ann"]
list = ["+12125550123"]
[[campaign]]
name = "spring"
workspace = "Sales"
agent = "Ann"
window = "08:00-21:00"
)";

/// One database for all cases; each must leave it as it was.
class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new installation;
    ASSERT_EQ(shared_->dialer({"apply", "-f", shared_->file("good.toml", good_settings)}).code, 0);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }
  void SetUp() override { before_ = shared_->everything(); }
  void TearDown() override { EXPECT_EQ(shared_->everything(), before_) << "something was half-done"; }

  /// Runs the program; the exit code must be `code`, and standard error must hold every one of `words`.
  void refused(std::vector<std::string> arguments, int code, const std::vector<std::string>& words,
               std::map<std::string, std::string> environment = {}) {
    const finished said = shared_->dialer(arguments, std::move(environment));
    EXPECT_EQ(said.code, code) << said.errors;
    for (const std::string& word : words) {
      EXPECT_NE(said.errors.find(word), std::string::npos) << "missing: " << word << "\nin: " << said.errors;
    }
    EXPECT_EQ(said.output, "") << "data on standard output beside an error";
    EXPECT_EQ(said.errors.find("terminate called"), std::string::npos) << said.errors;
    EXPECT_LT(std::ranges::count(said.errors, '\n'), 12) << "a message, not a flood: " << said.errors;
  }
  void refused_settings(const std::string& from, const std::string& to, const std::vector<std::string>& words) {
    std::string text = good_settings;
    text.replace(text.find(from), from.size(), to);
    refused({"apply", "-f", shared_->file("bad.toml", text)}, exit_configuration, words);
  }
  void refused_list(const std::string& list, int code, const std::vector<std::string>& words) {
    refused({"campaign", "import", shared_->file("list.csv", list), "--campaign", "spring"}, code, words);
  }

  struct installation {
    scratch directory;
    sql::private_cluster cluster;

    installation() : cluster{sql::private_cluster::start(options())} {}
    sql::cluster_options options() const {
      sql::cluster_options made;
      made.state_dir = directory.path() / "postgresql";
      return made;
    }
    std::string file(const std::string& name, const std::string& text) const {
      write_file(directory.path() / name, text);
      return (directory.path() / name).string();
    }
    finished dialer(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const {
      arguments.insert(arguments.begin(), dialer_binary());
      environment.try_emplace("DIALER_DATABASE", cluster.connection_string());
      return run(std::move(arguments), directory.path(), std::move(environment), 30s);
    }
    /// Every row of every table that people fill, as text.
    std::string everything() const {
      sql::connect_options where;
      where.target = cluster.connection_string();
      sql::session session{where};
      std::string all;
      for (const char* table : {"organisation", "org_owner", "workspace", "agent", "integration", "phone_number",
                                "assignment", "campaign", "opt_out", "lane", "contact", "campaign_import"}) {
        session.for_each_row("SELECT t::text FROM " + std::string{table} + " t ORDER BY 1", {},
                             [&](const sql::result& row) { all.append(row.text(0, 0)) += '\n'; });
      }
      return all;
    }
  };
  static inline installation* shared_ = nullptr;
  std::string before_;
};

TEST_F(BadInput, UnknownCommand_UsageWithTheNearestOne) {
  refused({"campagin"}, exit_usage, {"campagin", "campaign"});
}
TEST_F(BadInput, NoCommand_Usage) {
  refused({}, exit_usage, {"subcommand", "--help"});
}
TEST_F(BadInput, UnknownOption_UsageWithTheNearestOne) {
  refused({"campaign", "start", "--campain", "spring"}, exit_usage, {"--campain", "--campaign"});
}
TEST_F(BadInput, MissingArgument_UsageNamesIt) {
  refused({"campaign", "import"}, exit_usage, {"file"});
}

TEST_F(BadInput, DatabaseThatDoesNotAnswer_Unreachable) {
  refused({"campaign", "status", "--campaign", "spring"}, exit_unreachable, {"127.0.0.1"},
          {{"DIALER_DATABASE", "postgresql://127.0.0.1:1/dialer"}});
}
TEST_F(BadInput, ServeWithDatabaseThatDoesNotAnswer_Unreachable) {
  refused({"serve", "--listen", "127.0.0.1:0", "--state-dir", (shared_->directory.path() / "s").string()},
          exit_unreachable, {"127.0.0.1"}, {{"DIALER_DATABASE", "postgresql://127.0.0.1:1/dialer"}});
}

TEST_F(BadInput, SettingsFileMissing_NamesThePath) {
  refused({"apply", "-f", "/nowhere/dialer.toml"}, exit_configuration, {"/nowhere/dialer.toml", "check the path"});
}
TEST_F(BadInput, SettingsNotToml_NamesTheLine) {
  refused_settings("[[agent]]", "[[agent]", {"bad.toml:5", "not TOML"});
}
TEST_F(BadInput, UnknownKey_NamesLineAndKey) {
  refused_settings("calls_per_second", "calls_per_secnod", {"bad.toml:14", "calls_per_secnod"});
}
TEST_F(BadInput, SecretWrittenIntoTheFile_IsRefusedAndNotRepeated) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  refused_settings("env:TOKEN", secret, {"bad.toml:13", "secret", "env:NAME"});
  std::string text = good_settings;
  text.replace(text.find("env:TOKEN"), 9, secret);
  EXPECT_EQ(shared_->dialer({"apply", "-f", shared_->file("bad.toml", text)}).errors.find(secret), std::string::npos);
}
TEST_F(BadInput, NumberNotE164_NamesItAndTheForm) {
  refused_settings("+12125550123", "2125550123", {"bad.toml:19", "2125550123", "E.164"});
}
TEST_F(BadInput, AgentNotDefined_NamesItAndTheRemedy) {
  refused_settings("shown_by = [\"Ann\"]", "shown_by = [\"Bob\"]", {"bad.toml:18", "Sales/Bob", "add it"});
}
TEST_F(BadInput, WindowBackwards_NamesTheForm) {
  refused_settings("08:00-21:00", "21:00-08:00", {"bad.toml:24", "window", "08:00-21:00"});
}
TEST_F(BadInput, WeightOutOfRange_NamesTheRange) {
  refused_settings("window = \"08", "weight = 0\nwindow = \"08", {"bad.toml:24", "weight", "1"});
}
TEST_F(BadInput, CarrierOverPlainHttp_IsRefused) {
  refused_settings("account_sid", "base_url = \"http://api.twilio.com\"\naccount_sid", {"bad.toml:12", "https"});
}

TEST_F(BadInput, ListMissing_NamesThePath) {
  refused({"campaign", "import", "/nowhere/list.csv", "--campaign", "spring"}, exit_configuration,
          {"/nowhere/list.csv"});
}
TEST_F(BadInput, ListWithoutPhoneColumn_NamesTheColumnsAndTheRemedy) {
  refused_list("name,town\nAnn,Springfield\n", exit_configuration, {"\"name\", \"town\"", "phone_number"});
}
TEST_F(BadInput, ListEmpty_IsRefused) {
  refused_list("", exit_configuration, {"list.csv"});
}
TEST_F(BadInput, CampaignNotDefined_NamesIt) {
  refused({"campaign", "start", "--campaign", "sprnig"}, exit_usage, {"sprnig", "spring"});
}
TEST_F(BadInput, OptOutNotANumber_NamesItAndTheForm) {
  refused({"opt-out", "add", "--number", "12"}, exit_usage, {"\"12\"", "too few digits", "calling code"});
}
TEST_F(BadInput, OptOutFileWithABadLine_NamesTheLineAndStoresNone) {
  refused({"opt-out", "add", "--file", shared_->file("out.txt", "+12125550123\nnobody\n")}, exit_usage,
          {"out.txt:2", "nobody", "digits only"});
}
TEST_F(BadInput, WallClockNoInstant_NamesTheForm) {
  refused({"serve", "--wall-clock", "yesterday", "--listen", "127.0.0.1:0"}, exit_usage,
          {"yesterday", "2026-11-18T17:00:00Z"});
}
TEST_F(BadInput, SecretNotSet_NamesTheVariable) {
  refused({"serve", "--listen", "127.0.0.1:0", "--state-dir", (shared_->directory.path() / "s").string()},
          exit_configuration, {"TOKEN", "export"});
}
TEST_F(BadInput, SecretWithABlankInside_NamesItsReferenceAndIsNotShown) {
  refused({"serve", "--listen", "127.0.0.1:0", "--state-dir", (shared_->directory.path() / "s").string()},
          exit_configuration, {"twilio", "secret", "copy it again"}, {{"TOKEN", "0123 4567"}});
}
TEST_F(BadInput, PortInUse_NamesTheAddress) {
  const std::string address = "127.0.0.1:" + std::to_string(free_port());
  launch what;
  const std::string state = (shared_->directory.path() / "s").string();
  what.argv = {dialer_binary(),   "carrier-sim",
               "--twilio-listen", address,
               "--telnyx-listen", "",
               "--log",           (shared_->directory.path() / "sim.log").string()};
  what.output = what.errors = shared_->directory.path() / "sim.out";
  process holder{what};
  ASSERT_TRUE(eventually(10s, [&] { return !read_file(what.output).empty() || !holder.running(); }));
  ASSERT_TRUE(holder.running()) << read_file(what.output);
  refused({"serve", "--listen", address, "--state-dir", state}, 1, {address}, {{"TOKEN", "0123"}});
}
TEST_F(BadInput, ScenarioUnknownKey_NamesTheLine) {
  refused({"carrier-sim", "--twilio-listen", "127.0.0.1:0", "--log", (shared_->directory.path() / "x.log").string(),
           "--scenario", shared_->file("scenario.toml", "seed = 1\n[twilio]\ncsp = 5\n")},
          exit_configuration, {"scenario.toml", "3", "csp"});
}

TEST(BadRows, ListWithGoodAndBadRows_EveryRowGetsItsVerdict) {
  const scratch directory;
  sql::cluster_options options;
  options.state_dir = directory.path() / "postgresql";
  const auto cluster = sql::private_cluster::start(options);
  const std::map<std::string, std::string> environment{{"DIALER_DATABASE", cluster.connection_string()}};
  write_file(directory.path() / "good.toml", good_settings);
  ASSERT_EQ(
      run({dialer_binary(), "apply", "-f", (directory.path() / "good.toml").string()}, directory.path(), environment)
          .code,
      0);
  write_file(directory.path() / "list.csv",
             "phone,name,time_zone\n+12125550101,Good,\n12,Short,\n+12125550101,Again,\n"
             "+12125550102,Zone,America/Atlantis\n,Empty,\n+12125550103,Good,America/New_York\n");
  const finished said = run({dialer_binary(), "campaign", "import", (directory.path() / "list.csv").string(),
                             "--campaign", "spring", "--verdicts", (directory.path() / "verdicts.csv").string()},
                            directory.path(), environment);
  EXPECT_EQ(said.code, 0) << said.errors;
  const std::string verdicts = read_file(directory.path() / "verdicts.csv");
  for (const char* line : {"1,accepted,", "2,rejected,", "3,duplicate,", "of row 1", "4,rejected,", "America/Atlantis",
                           "5,rejected,", "6,accepted,"}) {
    EXPECT_NE(verdicts.find(line), std::string::npos) << "missing: " << line << "\nin: " << verdicts;
  }
}

}  // namespace
}  // namespace dialer::e2e
