#include "cli/contexts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/rest_client.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

using testing::HasSubstr;

template <class Error>
std::string refusal(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& wrong) {
    return wrong.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

TEST(Contexts, WhatIsWritten_IsReadAgain) {
  const scratch dir;
  const auto file = dir.path() / "dialer" / "contexts.json";
  EXPECT_TRUE(read_contexts(file).all.empty());
  service_contexts contexts;
  contexts.used = "main";
  contexts.all = {{"main", "https://dialer.example.com", "/keys/main", ""},
                  {"trial", "http://127.0.0.1:8080", "/keys/trial", "/ca.pem"}};
  write_contexts(file, contexts);
  const service_contexts again = read_contexts(file);
  EXPECT_EQ(again.used, "main");
  ASSERT_EQ(again.all.size(), 2U);
  EXPECT_EQ(again.find("trial").url, "http://127.0.0.1:8080");
  EXPECT_EQ(again.find("trial").ca_file, "/ca.pem");
  EXPECT_EQ(again.find("main").key_file, "/keys/main");
  EXPECT_EQ(refusal<usage_error>([&] { (void)again.find("mian"); }),
            "there is no context \"mian\"; there are: main, trial");
  struct stat about {};
  ASSERT_EQ(stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST(Contexts, AFileThatOthersMayRead_IsRefusedWithTheRemedy) {
  const scratch dir;
  const auto file = dir.path() / "contexts.json";
  write_contexts(file, {});
  ASSERT_EQ(chmod(file.c_str(), 0640), 0);
  EXPECT_THAT(refusal<settings_error>([&] { (void)read_contexts(file); }), HasSubstr("chmod 600 " + file.string()));
}

TEST(Contexts, ADamagedFile_IsNamed) {
  const scratch dir;
  const std::string file = dir.file("contexts.json", "{\"contexts\": 7}");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  EXPECT_THAT(refusal<settings_error>([&] { (void)read_contexts(file); }), HasSubstr("contexts.json is damaged"));
}

TEST(Contexts, AKeyFile_HoldsAnApiKeyAndIsNotRepeated) {
  const scratch dir;
  const std::string file = dir.file("key", "hush\n");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  const std::string said = refusal<settings_error>([&] { (void)read_key(file); });
  EXPECT_THAT(said, HasSubstr("holds no API key"));
  EXPECT_THAT(said, testing::Not(HasSubstr("hush")));
  EXPECT_THAT(refusal<settings_error>([&] { (void)read_key(dir.file("none")); }), HasSubstr("No such file"));
}

TEST(Contexts, WhatIsRefused_LeavesNoKeyBehind) {
  const scratch dir;
  ASSERT_EQ(setenv("XDG_CONFIG_HOME", dir.path().c_str(), 1), 0);
  std::istringstream typed{"hush\n"};
  std::streambuf* before = std::cin.rdbuf(typed.rdbuf());
  context_options options;
  options.name = "main";
  options.url = "https://dialer.example.com";
  options.key_file = "-";
  EXPECT_THAT(refusal<settings_error>([&] { run_context_add(options); }), HasSubstr("standard input holds no API key"));
  std::cin.rdbuf(before);
  ASSERT_EQ(unsetenv("XDG_CONFIG_HOME"), 0);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "dialer"));
}

TEST(Contexts, Urls_AreHttpsOrThisMachine) {
  for (const char* good : {"https://dialer.example.com", "https://dialer.example.com:8443", "http://127.0.0.1:8080",
                           "http://localhost:8080", "http://[::1]:8080"}) {
    EXPECT_NO_THROW(check_service_url(good)) << good;
  }
  for (const char* bad : {"", "dialer.example.com", "http://dialer.example.com", "http://127.0.0.1.example.com",
                          "http://localhost.example.com", "https://", "https://host/path", "https://user@host",
                          "https://host?x", "ftp://host", "http://127.0.0.1\r\nX: y"}) {
    EXPECT_THROW(check_service_url(bad), usage_error) << bad;
  }
}

TEST(DescribeRefusal, TellsFieldAndRemedy) {
  EXPECT_EQ(describe_refusal(422, R"({"detail": "country is none that we know; write US", "param": "country",
                                      "request_id": "req_1"})"),
            "the service refused: country is none that we know; write US (request req_1)");
  EXPECT_EQ(describe_refusal(422, R"({"detail": "must be US", "param": "country"})"),
            "the service refused: country: must be US");
  EXPECT_EQ(describe_refusal(422, R"({"detail": "numbers[0] is no number", "param": "numbers[0]", "errors": [
                {"param": "numbers[0]", "message": "is no number"}, {"param": "numbers[7]", "message": "is too long"}]})"),
            "the service refused: numbers[0] is no number; numbers[7] is too long");
  EXPECT_EQ(describe_refusal(409, R"({"detail": "it has an agent; unassign that one", "rule": "S3"})"),
            "the service refused: rule S3: it has an agent; unassign that one");
  EXPECT_EQ(describe_refusal(502, "<html>"), "the answer is no dialer's (HTTP 502); check the context's --url");
  EXPECT_EQ(describe_refusal(500, "{}"), "the answer is no dialer's (HTTP 500); check the context's --url");
}

TEST(TextOfAService, HasNoCharacterThatATerminalObeys) {
  EXPECT_EQ(describe_refusal(422, R"({"detail": "\u001b[2Jgone\u007f\u009b2J", "param": "\u0007name"})"),
            "the service refused: ?name: ?[2Jgone??2J");
  const boost::json::value clean =
      parse_clean(R"({"\u001b]0;x\u0007": [{"a": "line\n\ttab\r\u0000"}, 7, null], "é": "Zoë"})");
  EXPECT_EQ(clean, boost::json::parse(R"({"?]0;x?": [{"a": "line\n\ttab??"}, 7, null], "é": "Zoë"})"));
}

TEST(Failures, OfAService_HaveTheCodesOfTheSameMistakeOnADatabase) {
  const auto code = [](int status) {
    return explain_failure(std::make_exception_ptr(service_refusal{status, "no"})).code;
  };
  EXPECT_EQ(code(404), exit_usage);
  EXPECT_EQ(code(422), exit_usage);
  EXPECT_EQ(code(401), exit_configuration);
  EXPECT_EQ(code(403), exit_configuration);
  EXPECT_EQ(code(409), exit_failed);
  EXPECT_EQ(code(503), exit_unreachable);
  EXPECT_EQ(code(500), exit_failed);
  EXPECT_EQ(explain_failure(std::make_exception_ptr(service_unreachable{"gone"})).code, exit_unreachable);
}

}  // namespace
}  // namespace dialer::cli
