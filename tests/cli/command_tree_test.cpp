// What describes the commands is made from them: examples, completions, the manual page.

#include "cli/command_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <functional>
#include <set>

#include "cli/command_line.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

void each_leaf(const command& from, const std::function<void(const command&)>& what) {
  if (from.commands.empty()) what(from);
  for (const command& one : from.commands) each_leaf(one, what);
}

/// As a shell splits it, up to a redirection.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '>' && !quoted) {
      break;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::erase(words, "");
  return words;
}

TEST(CommandTree, EveryLeafHasExamples_AndTheyParse) {
  const scratch dir;
  setenv("XDG_CONFIG_HOME", dir.path().c_str(), 1);
  unsetenv("DIALER_CONTEXT");
  std::size_t leaves = 0;
  each_leaf(describe_commands(), [&](const command& leaf) {
    ++leaves;
    EXPECT_FALSE(leaf.examples.empty()) << leaf.path << " has no example";
    for (const std::string& example : leaf.examples) {
      EXPECT_EQ(example.rfind(leaf.path, 0), 0U) << example << " is no example of " << leaf.path;
      const std::vector<std::string> words = words_of(example);
      std::vector<const char*> arguments;
      for (const std::string& word : words) arguments.push_back(word.c_str());
      EXPECT_EQ(check_arguments(static_cast<int>(arguments.size()), arguments.data()), "") << example;
    }
  });
  EXPECT_GT(leaves, 20U);
  unsetenv("XDG_CONFIG_HOME");
}

TEST(CommandTree, WrongArguments_AreTold) {
  const char* const arguments[] = {"dialer", "campaign", "status"};
  EXPECT_THAT(check_arguments(3, arguments), HasSubstr("--campaign is required"));
}

std::string hint_of(const std::string& line) {
  const std::vector<std::string> words = words_of(line);
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return hint(describe_commands(), static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandTree, MistypedWord_IsToldWithWhatItWasMeantToBe) {
  EXPECT_EQ(hint_of("dialer campain status"), "; \"campain\" is not known, did you mean \"campaign\"?");
  EXPECT_EQ(hint_of("dialer campaign status -c Spring --databse=x"),
            "; \"--databse\" is not known, did you mean \"--database\"?");
  EXPECT_THAT(hint_of("dialer freeze --agnt Ann"), HasSubstr("did you mean \"--agent\"?")) << "of a group";
  EXPECT_THAT(hint_of("dialer campaign frobnicate"),
              testing::StartsWith("; \"frobnicate\" is not known; commands here: create, import, list, start"));
}

TEST(CommandTree, WordsThatAreKnownOrValues_AreNotTakenForMistyped) {
  EXPECT_EQ(hint_of("dialer campaign status -c campain"), "; see --help");
}

class described : public testing::Test {
 protected:
  /// What a shell command prints, both streams; it must succeed.
  std::string shell(const std::string& command) {
    const std::string out = dir_.file("out");
    const int status = system((command + " >" + out + " 2>&1").c_str());
    const std::string said = dir_.text_of("out");
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command << "\n" << said;
    return said;
  }
  static bool has(const std::string& program) { return system(("command -v " + program + " >/dev/null").c_str()) == 0; }
  /// Candidates of bash for the last of these words.
  std::set<std::string> completed(const std::string& line) {
    const std::string script = dir_.file("dialer.bash", completion_script(describe_commands(), "bash"));
    const std::string test = dir_.file("test.bash", "source " + script + "\nCOMP_WORDS=(" + line +
                                                        ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                                        "_dialer\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
    std::istringstream lines{shell("bash -eu " + test)};
    std::set<std::string> all;
    for (std::string one; std::getline(lines, one);) all.insert(one);
    return all;
  }

  scratch dir_;
};

TEST_F(described, bash_completes_commands_options_and_choices) {
  EXPECT_THAT(completed("dialer ''"), testing::IsSupersetOf({"campaign", "serve", "man", "--version"}));
  EXPECT_THAT(completed("dialer cam"), testing::ElementsAre("campaign"));
  EXPECT_THAT(completed("dialer campaign st"), testing::ElementsAre("start", "status", "stop"));
  EXPECT_THAT(completed("dialer campaign status --o"), testing::ElementsAre("--organisation", "--output"));
  EXPECT_THAT(completed("dialer campaign status -c Spring --output ''"), testing::ElementsAre("json", "table"));
  EXPECT_THAT(completed("dialer campaign status -o j"), testing::ElementsAre("json"));
  EXPECT_THAT(completed("dialer freeze --integration twilio --re"), testing::ElementsAre("--reason"));
  EXPECT_THAT(completed("dialer freeze --int"), testing::ElementsAre("--integration"));
  // A value is not taken for a command, and files are left to the shell.
  EXPECT_THAT(completed("dialer campaign import --verdicts ''"), testing::ElementsAre(""));
}

TEST_F(described, zsh_and_fish_read_their_scripts) {
  const command root = describe_commands();
  for (const std::string name : {"zsh", "fish"}) {
    const std::string text = completion_script(root, name);
    EXPECT_THAT(text, HasSubstr("forecast")) << name;
    if (has(name)) shell(name + " -n " + dir_.file("script", text));
  }
  EXPECT_THROW(completion_script(root, "csh"), std::invalid_argument);
}

TEST_F(described, the_manual_page_names_everything_and_is_well_formed) {
  const command root = describe_commands();
  const std::string page = manual_page(root, "1.2-3");
  each_leaf(root, [&](const command& leaf) {
    std::string title = ".SS ";
    for (const char c : leaf.path) title += c == '-' ? std::string("\\-") : std::string(1, c);
    EXPECT_THAT(page, HasSubstr(title + "\n"));
  });
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-output\\fR, \\fB\\-o\\fR \\fIFORMAT\\fR"));
  const std::string file = dir_.file("dialer.1", page);
  if (has("groff")) {
    EXPECT_EQ(shell("groff -man -ww -z -Tutf8 " + file), "");
  }
  if (has("lexgrog")) {
    EXPECT_THAT(shell("lexgrog " + file), HasSubstr("dialer - "));
  }
}

}  // namespace
}  // namespace dialer::cli
