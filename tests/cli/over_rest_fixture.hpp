#pragma once
// An engine in this process with its API in service, commands that reach it through contexts, and its database.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json/parse.hpp>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/contexts.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/errors.hpp"
#include "cli/key_file.hpp"
#include "cli/rest_client.hpp"
#include "cli/system_clock.hpp"
#include "sql/audit_log.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/e2e/process.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli::test {

class over_rest_fixture : public testing::Test {
 protected:
  over_rest_fixture() : over_rest_fixture{without_engine} { start_engine(); }
  enum engine_later { without_engine };
  /// start_engine() is left to who has to prepare something.
  explicit over_rest_fixture(engine_later) {
    setenv("XDG_CONFIG_HOME", dir_.path().c_str(), 1);
    add_context("main", {"read", "operate", "admin", "numbers_create"});
  }
  ~over_rest_fixture() override { unsetenv("XDG_CONFIG_HOME"); }

  void start_engine(const api::request_rate& requests = {}) {
    runtime_options options;
    options.database = house_.target;
    options.listen = "127.0.0.1:" + std::to_string(port_);
    options.resolve_secret = [](const std::string&) { return std::string(32, '0'); };
    options.key_pepper = load_key_pepper({}, dir_.path() / "state");
    options.uploads = dir_.path() / "uploads";
    options.shards = 1;
    options.drain = std::chrono::seconds{1};
    options.requests = requests;
    engine_.reset();
    engine_.emplace(options, clock_);
    engine_->start();
  }

  /// A context with a key of its own, added as people add it.
  void add_context(const std::string& name, const std::vector<std::string>& scopes, const std::string& url = {}) {
    key_create_options key;
    key.database = {house_.target, (dir_.path() / "state").string()};
    key.output = output_format::json;
    key.name = name;
    key.scopes = scopes;
    const std::string made = captured([&] { return run_key_create(key); });
    context_options context;
    context.name = name;
    context.url = url.empty() ? "http://127.0.0.1:" + std::to_string(port_) : url;
    context.key_file = "-";
    std::istringstream typed{std::string(boost::json::parse(made).at("key").as_string()) + "\n"};
    std::streambuf* before = std::cin.rdbuf(typed.rdbuf());
    captured([&] { return run_context_add(context); });
    std::cin.rdbuf(before);
  }
  template <class Command>
  std::string captured(const Command& command) {
    testing::internal::CaptureStdout();
    int code = -1;
    std::exception_ptr refused;
    try {
      code = command();
    } catch (...) {
      refused = std::current_exception();
    }
    std::string said = testing::internal::GetCapturedStdout();
    if (refused) std::rethrow_exception(refused);
    EXPECT_EQ(code, exit_ok) << said;
    return said;
  }
  /// What a command prints through the service, and on the database.
  template <class Options, class... More>
  std::string run(int (*command)(const Options&, More...), Options options, More... more) {
    options.context = context_;
    // On a busy machine the service's last look at the keys is too old now and then: whoever is told 503 asks again.
    std::string said;
    std::exception_ptr refused;
    e2e::eventually(std::chrono::seconds{20}, [&] {
      refused = nullptr;
      try {
        said = captured([&] { return command(options, more...); });
      } catch (const service_refusal& refusal) {
        refused = std::current_exception();
        return refusal.status() != 503;
      }
      return true;
    });
    if (refused) std::rethrow_exception(refused);
    return said;
  }
  template <class Options>
  std::string on_database(int (*command)(const Options&), Options options) {
    options.database = house_.database();
    return captured([&] { return command(options); });
  }
  template <class Options, class... More>
  failure fails(int (*command)(const Options&, More...), Options options, More... more) {
    try {
      run(command, options, more...);
    } catch (...) {
      return explain_failure(std::current_exception());
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
  }
  sql::audit_record newest() { return sql::read_audit(house_.on, house_.campaign.organisation, 0, 1).at(0); }

  scratch dir_;
  small_house house_;
  const std::uint16_t port_ = e2e::free_port();
  const system_clock clock_;
  std::optional<engine_runtime> engine_;
  std::string context_ = "main";
};

}  // namespace dialer::cli::test
