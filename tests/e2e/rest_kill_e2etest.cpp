// The engine is killed with SIGKILL while clients write over REST. Whatever it acknowledged is there afterwards, and
// what it was asked for once is there once, however often it is asked again.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>

#include "sql/snapshot.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr std::size_t list_rows = 2'000;

/// A request, and what came back: status 0 when the engine died over it.
struct written {
  std::string method, target, body, key;
  std::filesystem::path list;  ///< instead of a body
  rest_answer answer;

  rest_answer ask(rest_client& client) const {
    const std::string header = "Idempotency-Key: " + key + "\r\n";
    return served(
        [&] { return list.empty() ? client.ask(method, target, body, header) : client.upload(target, list, header); });
  }
};

// What is answered again: all but whether the engine acts by it already, which may have changed.
json::object repeatable(json::object body) {
  body.erase("engine");
  body.erase("imported_before");
  return body;
}

bool done(const rest_answer& answer) {
  return answer.status >= 200 && answer.status < 300;
}

class RestKill : public testing::Test {
 protected:
  RestKill()
      : installation_{quick_rig(wanted.calls_per_second)}, on_{installation_.open()}, key_{installation_.make_key()} {
    const organisation_id organisation = installation_.organisation();
    owners_ = R"({"workspace_id":")" + sql::read_workspaces(on_, organisation).front().id.text() + R"(","agent_id":")" +
              sql::read_agents(on_, organisation).front().id.text() + R"(","name":")";
    numbers_ = open_numbers(installation_.time().now().utc);
    opt_out_at_ = numbers_.size();
    list_ = installation_.directory() / "list.csv";
    std::ofstream out{list_};
    out << "phone,name\n";
    for (std::size_t n = 0; n < list_rows; ++n) out << numbers_[n].number.text() << ",Contact " << n << '\n';
    installation_.import(installation_.campaigns().front(), numbers_);
    installation_.start_campaign(installation_.campaigns().front());
  }

  rest_client client() const { return {installation_.port(), key_}; }
  void start() {
    installation_.start_engine();
    ASSERT_TRUE(eventually(15s, [&] { return done(client().ask("GET", "/v1/keys")); })) << installation_.engine_words();
  }
  std::string next_key() { return "write-" + std::to_string(++written_); }

  // Each writes until the engine is gone.
  std::vector<written> write_settings(const std::string& round, const std::string& revoked) {
    std::vector<written> all;
    rest_client over = client();
    const auto add = [&](written what) {
      what.answer = what.ask(over);
      all.push_back(std::move(what));
      return all.back().answer.status != 0;
    };
    for (std::size_t n = 0;; ++n) {
      const std::string name = round + "." + std::to_string(n);
      if (!add({"POST", "/v1/campaigns", owners_ + name + "\"}", next_key(), {}, {}})) return all;
      const std::string number = numbers_[--opt_out_at_].number.text();
      if (!add({"POST", "/v1/opt-outs", R"({"numbers":[")" + number + "\"]}", next_key(), {}, {}})) return all;
      if (n == 1 && !add({"DELETE", "/v1/keys/" + revoked, "", next_key(), {}, {}})) return all;
    }
  }
  std::vector<written> write_lists(const std::string& round) {
    std::vector<written> all;
    rest_client over = client();
    for (std::size_t n = 0;; ++n) {
      all.push_back(
          {"POST", "/v1/campaigns", owners_ + round + " list " + std::to_string(n) + "\"}", next_key(), {}, {}});
      all.back().answer = all.back().ask(over);
      if (!done(all.back().answer)) return all;
      const std::string id{all.back().answer.body.at("id").as_string()};
      all.push_back({"POST", "/v1/campaigns/" + id + "/contacts", "", next_key(), list_, {}});
      all.back().answer = all.back().ask(over);
      if (!done(all.back().answer)) return all;
    }
  }

  void repeat(written& what, rest_client& over) {
    const bool acknowledged = done(what.answer);
    if (!acknowledged) {
      ASSERT_EQ(what.answer.status, 0) << what.target << ": " << what.answer.text;
      ++cut_off_;
    }
    rest_answer again;
    // A session that the killed engine left may hold what it was at for a moment.
    ASSERT_TRUE(eventually(10s, [&] { return (again = what.ask(over)).status != 409; })) << again.text;
    ASSERT_TRUE(done(again)) << what.target << ": " << again.text;
    const bool is_list = !what.list.empty();
    const bool replayed = is_list ? again.body.at("imported_before").as_bool()
                                  : again.head.find("\r\nIdempotency-Replayed: true\r\n") != std::string::npos;
    if (acknowledged) {
      EXPECT_TRUE(replayed) << what.target << " was acknowledged, and is done again: " << again.text;
      EXPECT_EQ(repeatable(again.body), repeatable(what.answer.body)) << what.target;
    } else {
      done_unheard_ += replayed ? 1 : 0;
      what.answer = again;
    }
  }

  std::uint64_t count(const std::string& of, const sql::params& with) { return on_.run(of, with).number(0, 0); }
  void look_for(const written& what) {
    const auto mine = [&] { return sql::params{}.uuid(installation_.organisation()); };
    if (!what.list.empty()) {
      const std::string campaign = what.target.substr(14, what.target.rfind('/') - 14);
      EXPECT_EQ(count("SELECT count(*) FROM contact WHERE org_id = $1 AND campaign_id = $2",
                      mine().uuid(campaign_id::parse(campaign).value())),
                list_rows);
      EXPECT_EQ(what.answer.body.at("accepted").to_number<std::size_t>(), list_rows);
    } else if (what.target == "/v1/campaigns") {
      const std::string name{json::parse(what.body).at("name").as_string()};
      EXPECT_EQ(count("SELECT count(*) FROM campaign WHERE org_id = $1 AND name = $2", mine().text(name)), 1U) << name;
    } else if (what.target == "/v1/opt-outs") {
      const std::string number{what.answer.body.at("numbers").at(0).as_string()};
      EXPECT_EQ(served([&] { return client().ask("GET", "/v1/opt-outs/" + number); }).status, 200) << number;
    } else {
      EXPECT_EQ(count("SELECT count(*) FROM api_key WHERE org_id = $1 AND id = $2 AND revoked_at IS NOT NULL",
                      mine().uuid(api_key_id::parse(what.target.substr(9)).value())),
                1U);
    }
  }

  rig installation_;
  sql::session on_;
  std::string key_;
  std::string owners_;
  std::vector<fictitious> numbers_;
  std::size_t opt_out_at_ = 0;  // those before it may still opt out
  std::filesystem::path list_;
  std::atomic<std::size_t> written_{0};
  std::size_t cut_off_ = 0;
  std::size_t done_unheard_ = 0;
};

TEST_F(RestKill, EngineKilledDuringWrites_EachIsThereOnceAndRepeatsItsAnswer) {
  std::mt19937_64 random{wanted.seed};
  std::vector<written> all;
  ASSERT_NO_FATAL_FAILURE(start());
  for (unsigned kill = 0; kill < wanted.rest_kills; ++kill) {
    (void)installation_.make_key();  // in force or not: to be revoked
    const auto revoked = on_.run("SELECT id FROM api_key ORDER BY created_at DESC LIMIT 1").wide<api_key_id>(0, 0);
    const std::string round = "round " + std::to_string(kill);
    std::vector<written> settings;
    std::vector<written> lists;
    {
      std::jthread one{[&] { settings = write_settings(round, revoked.text()); }};
      std::jthread other{[&] { lists = write_lists(round); }};
      installation_.engine().wait(std::chrono::milliseconds{200 + random() % 1000});
      installation_.engine().kill();
    }
    ASSERT_NO_FATAL_FAILURE(start());
    rest_client over = client();
    for (std::vector<written>* some : {&settings, &lists}) {
      for (written& each : *some) {
        ASSERT_NO_FATAL_FAILURE(repeat(each, over)) << installation_.engine_words();
        all.push_back(std::move(each));
      }
    }
  }
  for (const written& each : all) look_for(each);
  std::cout << wanted.rest_kills << " kills during " << all.size() << " writes: " << all.size() - cut_off_
            << " acknowledged, " << cut_off_ << " cut off, of which " << done_unheard_ << " had been done\n";
  EXPECT_GT(cut_off_, 0U) << "no write was under way";
  EXPECT_EQ(count("SELECT count(*) FROM campaign WHERE org_id = $1", sql::params{}.uuid(installation_.organisation())),
            1 + std::ranges::count(all, "/v1/campaigns", &written::target));
  installation_.engine().signal(SIGTERM);
  EXPECT_EQ(installation_.engine().wait(15s), 0) << installation_.engine_words();
}

}  // namespace
}  // namespace dialer::e2e
