// The binary as people and scripts meet it: exit codes, and messages that say what to do.

#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class binary : public testing::Test {
 protected:
  outcome run(const std::string& arguments, const std::string& input = "", const std::string& before = "") {
    const std::string in = dir_.file("in", input);
    const std::string command = "unset DIALER_DATABASE DIALER_CONTEXT; export XDG_CONFIG_HOME=" + dir_.path().string() +
                                "; " + before + std::string(getenv("DIALER_BINARY")) + " " + arguments + " <" + in +
                                " >" + (dir_.path() / "out").string() + " 2>" + (dir_.path() / "err").string();
    const int status = system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, dir_.text_of("out"), dir_.text_of("err")};
  }

  scratch dir_;
};

TEST_F(binary, mistakes_have_their_exit_code_and_a_remedy) {
  struct mistake {
    std::string arguments;
    int code;
    std::string says;
  };
  const std::string dead = " --database postgresql://127.0.0.1:1/dialer";
  const std::string bad = dir_.file("bad.toml", "[organisation]\nname = \"E\"\ncolour = \"red\"\n");
  const std::string registry = dir_.file("registry.txt", "212,5550123\nnonsense\n");
  const std::string no_numbers = dir_.file("none.txt", "\n\r\n");
  const std::string bad_numbers = dir_.file("bad.txt", "+12125550123\n12\n");
  const std::vector<mistake> all{
      {"", 2, "--help"},
      {"campain status -c x", 2, "did you mean \"campaign\"?"},
      {"campaign statsu -c x", 2, "did you mean \"status\"?"},
      {"campaign frobnicate", 2, "commands here: create, import, list, start"},
      {"campaign status", 2, "--campaign is required"},
      {"campaign status -c x --databse y", 2, "did you mean \"--database\"?"},
      {"campaign status -c x --output xml", 2, "--output"},
      {"campaign status -c x" + dead, 69, "check --database"},
      {"campaign create --name x", 2, "--workspace and --agent are missing"},
      {"campaign create --name x --workspace w --agent a --window 9-17" + dead, 2, "write 08:00-21:00"},
      {"campaign create --name x --workspace w --agent a --caller-id any" + dead, 2, "local_presence"},
      {"campaign create --name x --workspace w --agent a --ring-timeout-s 4" + dead, 2, "--ring-timeout-s"},
      {"campaign create --name x --workspace w --agent a --weight 1001" + dead, 2, "--weight"},
      {"campaign create --name x -f " + bad + " --workspace w" + dead, 2, "excludes"},
      {"campaign import -c x -" + dead, 2, "needs --verdicts FILE"},
      {"campaign import -c x /nowhere/list.csv" + dead, 78, "cannot read the list /nowhere/list.csv"},
      {"campaign import -c x list.csv --format pdf", 2, "--format"},
      {"apply" + dead, 2, "--file is required"},
      {"apply -f /nowhere.toml" + dead, 78, "start from examples/dialer.toml"},
      {"apply -f " + bad + dead, 78, "bad.toml:3: [organisation] colour is not a known key"},
      {"opt-out add" + dead, 2, "there is no number"},
      {"opt-out add --number 12" + dead, 2, "--number: \"12\" is no number"},
      {"opt-out add --file " + no_numbers + dead, 2, "there is no number"},
      {"opt-out add --file " + bad_numbers + dead, 2, "bad.txt:2: \"12\" is no number"},
      {"opt-out add --country XX --number 12125550123" + dead, 2, "--country"},
      {"opt-out add --file /nowhere.txt" + dead, 78, "cannot read /nowhere.txt"},
      {"explain -c x" + dead, 2, "--contact ID or --number E164"},
      {"explain -c x --contact con_1 --number +12125550123" + dead, 2, "excludes"},
      {"explain -c x --number +12125550123 --at noon" + dead, 2, "write 2026-11-20T15:00:00Z"},
      {"verify --log /nowhere.log" + dead, 78, "cannot read the log /nowhere.log"},
      {"verify" + dead, 2, "--log is required"},
      {"check webhooks --jsonl /nowhere.jsonl", 78, "cannot read /nowhere.jsonl"},
      {"campaign list --context nowhere", 2, "there is no context \"nowhere\"; make one with: dialer context add"},
      {"campaign list --context nowhere" + dead, 2, "exclude each other"},
      {"context add main --url http://dialer.example.com --key-file x", 2, "would send the key in the clear"},
      {"context add main --url https://dialer.example.com --key-file /nowhere", 78, "cannot read /nowhere"},
      {"context remove nowhere", 2, "there is no context"},
      {"check", 2, "subcommand is required"},
      {"check windows", 2, "--campaign NAME or --csv FILE"},
      {"check windows --csv /nowhere.csv", 78, "cannot read /nowhere.csv"},
      {"check windows --csv x --output json", 2, "answered as csv"},
      {"check windows -c x --output csv", 2, "answered as csv"},
      {"campaign forecast -c x --at noon" + dead, 2, "write 2026-11-20T15:00:00Z"},
      {"dnc build --text " + registry + " --out /dev/null --version v --as-of yesterday", 2, "2026-11-20"},
      {"dnc build --text " + registry + " --out /dev/null --version v --as-of 2999-11-20", 2, "is in the future"},
      {"dnc build --text " + registry + " --out " + dir_.path().string() + "/x.dnc --version v --as-of 2026-11-20", 1,
       "registry.txt"},
      {"dnc build --text /nowhere --out /dev/null --version v --as-of 2026-11-20", 1, "/nowhere"},
      {"carrier-sim --log /dev/null", 2, "--twilio-listen HOST:PORT"},
      {"carrier-sim --log /dev/null --twilio-listen 127.0.0.1:0 --twilio-account secret", 2, "SID:TOKEN"},
      {"carrier-sim --log /dev/null --twilio-listen 127.0.0.1:0 --tls-cert x", 2, "--tls-key"},
      {"carrier-sim --log /dev/null --twilio-listen 127.0.0.1:0 --scenario /nowhere.toml", 78, "/nowhere.toml"},
  };
  for (const mistake& one : all) {
    const outcome got = run(one.arguments);
    EXPECT_EQ(got.code, one.code) << one.arguments << "\n" << got.err;
    EXPECT_NE(got.err.find(one.says), std::string::npos) << one.arguments << "\n" << got.err;
    EXPECT_EQ(got.out, "") << one.arguments;
  }
}

TEST_F(binary, more_event_streams_than_open_files_are_refused_before_anything_starts) {
  const std::string state = (dir_.path() / "state").string();
  const outcome got = run("serve --event-streams 5000 --state-dir " + state, "", "ulimit -n 3000; ");
  EXPECT_EQ(got.code, 78) << got.err;
  EXPECT_NE(got.err.find("--event-streams 5000 needs 7048 open files and this process may have 3000; raise that"),
            std::string::npos)
      << got.err;
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(binary, a_secret_on_the_command_line_is_not_repeated) {
  const outcome got = run("carrier-sim --log /dev/null --twilio-listen 127.0.0.1:0 --twilio-account hush");
  EXPECT_EQ(got.code, 2);
  EXPECT_EQ(got.err.find("hush"), std::string::npos) << got.err;
}

TEST_F(binary, help_and_version_are_data) {
  const outcome version = run("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.find("dialer "), 0U);
  for (const char* command :
       {"", "apply", "campaign", "campaign create", "campaign import", "campaign status", "campaign export",
        "campaign start", "opt-out add", "explain", "verify", "check webhooks", "dnc build", "carrier-sim"}) {
    const outcome help = run(std::string(command) + " --help");
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_NE(help.out.find("dialer"), std::string::npos) << command << " shows no example";
    EXPECT_EQ(help.err, "") << command;
  }
}

TEST_F(binary, webhooks_are_checked_from_standard_input) {
  const outcome got = run("check webhooks --jsonl -", "{\"id\":7}\n");
  EXPECT_EQ(got.code, 1);
  EXPECT_EQ(got.out.find("{\"id\":7,\"valid\":false"), 0U) << got.out;
  EXPECT_NE(got.err.find("1 of them unreadable"), std::string::npos) << got.err;
}

TEST_F(binary, windows_are_checked_from_standard_input) {
  const std::string header = "e164,state,iana_time_zone,utc_instant,policy\n";
  const outcome good =
      run("check windows --csv - --output csv", header + "+12125550123,,,2026-09-22T15:00:00Z,federal\n");
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_NE(good.out.find(",allowed,,America/New_York,"), std::string::npos) << good.out;
  const outcome bad = run("check windows --csv -", header + "+12125550123,,,noon,federal\n");
  EXPECT_EQ(bad.code, 1);
  EXPECT_EQ(bad.err.find("-:1: utc_instant \"noon\""), 0U) << bad.err;
}

TEST_F(binary, a_do_not_call_list_is_built) {
  const std::string text = dir_.file("registry.txt", "212,5550123\n212,5550124\n212,5550123\n");
  const outcome got = run("dnc build --text " + text + " --out " + dir_.path().string() +
                          "/us.dnc --version 2026-11 --as-of 2026-11-20 --output json");
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_NE(got.out.find("\"numbers\":2,\"duplicates\":1"), std::string::npos) << got.out;
}

}  // namespace
}  // namespace dialer::cli
