// Keys from the command line, and an engine's ring that follows them.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "api/key_ring.hpp"
#include "api/key_watch.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/key_file.hpp"
#include "cli/system_clock.hpp"
#include "tests/cli/small_house.hpp"
#include "tests/scratch.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

class key_command : public testing::Test {
 protected:
  database_options database() const { return {house_.target, (dir_.path() / "state").string()}; }

  template <class Options>
  json::value run(int (*command)(const Options&), Options options) {
    options.database = database();
    options.output = output_format::json;
    testing::internal::CaptureStdout();
    try {
      (void)command(options);
    } catch (...) {
      (void)testing::internal::GetCapturedStdout();
      throw;
    }
    return json::parse(testing::internal::GetCapturedStdout());
  }
  std::string create(const std::string& workspace = "", const std::string& expires_at = "") {
    key_create_options options;
    options.name = "Nightly";
    options.scopes = {"read", "operate"};
    options.workspace = workspace;
    options.expires_at = expires_at;
    return std::string(run(run_key_create, options).at("key").as_string());
  }
  std::string id_of(const std::string& key) const { return api::api_key_id_of(key).value().text(); }
  bool becomes(const std::function<bool()>& condition) const {
    const steady_time give_up = time_.now().steady + std::chrono::seconds{20};
    while (!condition()) {
      if (time_.now().steady > give_up) return false;
      std::this_thread::yield();
    }
    return true;
  }
  std::string complaint(const std::function<void()>& act) {
    try {
      act();
    } catch (const std::exception& refused) {
      return refused.what();
    }
    return "accepted";
  }

  test::small_house house_;
  scratch dir_;
  system_clock time_;
};

TEST_F(key_command, created_key_opens_and_revoked_one_is_refused) {
  const std::string key = create("Sales");
  api::key_ring ring{load_key_pepper({}, dir_.path() / "state"), time_};
  const api::key_watch watch{sql::connect_options{.target = house_.target}, ring, time_, [](const std::string&) {}};
  const api::verified_key found = ring.verify(key);
  ASSERT_EQ(found.verdict, api::key_verdict::good);
  EXPECT_EQ(found.who.organisation, house_.campaign.organisation);
  EXPECT_TRUE(found.who.workspace.has_value());
  EXPECT_EQ(found.who.scopes, 3);

  key_options which;
  which.key = id_of(key);
  EXPECT_EQ(run(run_key_revoke, which).at("state").as_string(), "revoked");
  // That it takes under a second follows from what the ring trusts (api_test); here, that it happens at all.
  EXPECT_TRUE(becomes([&] { return ring.verify(key).verdict == api::key_verdict::unknown; }));
}

TEST_F(key_command, key_made_while_an_engine_runs_is_taken_up) {
  api::key_ring ring{load_key_pepper({}, dir_.path() / "state"), time_};
  const api::key_watch watch{sql::connect_options{.target = house_.target}, ring, time_, [](const std::string&) {}};
  const std::string key = create();
  EXPECT_TRUE(becomes([&] { return ring.verify(key).verdict == api::key_verdict::good; }));
}

TEST_F(key_command, the_database_holds_nothing_that_opens) {
  const std::string key = create();
  const std::string row{house_.on.run("SELECT row_to_json(k)::text FROM api_key k").text(0, 0)};
  for (std::size_t at = 31; at + 8 <= key.size(); ++at) {
    EXPECT_EQ(row.find(key.substr(at, 8)), std::string::npos) << row;
  }
  EXPECT_NE(row.find("\"name\":\"Nightly\""), std::string::npos) << row;
}

TEST_F(key_command, list_tells_what_each_may_and_whether_it_still_may) {
  const std::string first = create("Sales");
  const std::string second = create("", "2999-01-01");
  key_options revoked;
  revoked.key = id_of(first);
  (void)run(run_key_revoke, revoked);
  const json::value all = run(run_key_list, key_options{});
  ASSERT_EQ(all.as_array().size(), 2U);
  EXPECT_EQ(all.at(1).at("id").as_string(), id_of(second));
  EXPECT_EQ(all.at(1).at("scopes").as_string(), "read,operate");
  EXPECT_EQ(all.at(1).at("state").as_string(), "active");
  EXPECT_EQ(all.at(1).at("expires_at").as_string(), "2999-01-01T00:00:00Z");
  EXPECT_EQ(all.at(0).at("state").as_string(), "revoked");
  EXPECT_EQ(json::serialize(all).find("dlr_"), std::string::npos);
}

TEST_F(key_command, mistakes_are_told_with_a_remedy) {
  EXPECT_NE(complaint([&] { create("Marketing"); }).find("there are: \"Sales\""), std::string::npos);
  EXPECT_NE(complaint([&] { create("", "2001-01-01"); }).find("choose a later instant"), std::string::npos);
  EXPECT_NE(complaint([&] { create("", "tomorrow"); }).find("write 2027-01-01"), std::string::npos);
  const auto revoke = [&](const std::string& id) {
    key_options which;
    which.key = id;
    return complaint([&] { (void)run(run_key_revoke, which); });
  };
  EXPECT_NE(revoke("key").find("is no key id"), std::string::npos);
  EXPECT_NE(revoke(house_.campaign.campaign.text()).find("is no key id"), std::string::npos);
  EXPECT_NE(revoke("key_" + house_.campaign.campaign.text().substr(4)).find("there is no key"), std::string::npos);
}

TEST_F(key_command, a_pepper_that_is_not_the_engines_is_refused) {
  (void)create();
  key_create_options options;
  options.name = "Other";
  options.scopes = {"read"};
  options.pepper = dir_.file("other.key", std::string(32, 'x'));
  std::filesystem::permissions(options.pepper, std::filesystem::perms::owner_read);
  EXPECT_NE(complaint([&] { (void)run(run_key_create, options); }).find("another pepper"), std::string::npos);
}

}  // namespace
}  // namespace dialer::cli
