// Many agents of several workspaces share one stock of numbers and dial as fast as their accounts allow: what the
// carriers see as From is only what may be shown, within each number's caps, and evenly spread.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <map>
#include <set>

#include "cli/new_id.hpp"
#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/opt_outs.hpp"
#include "sql/snapshot.hpp"
#include "tests/e2e/books.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

constexpr unsigned workspaces = 4;
constexpr std::uint32_t hourly_cap = 4;
constexpr std::uint32_t lines_cap = 1;
constexpr auto unsure_max = 200ms;

/// From when on a number must not be shown any more, and by whom.
struct withdrawal {
  const char* how;
  e164 number;
  bool by_all = true;  ///< else by every second agent
  utc_time asked{};
  utc_time acknowledged{};
};

class NumberSharing : public testing::Test {
 protected:
  static rig_options options() {
    rig_options made = quick_rig(wanted.calls_per_second);
    made.caller_ids = made.campaigns = 0;  // set up here
    return made;
  }

  NumberSharing() : installation_{options()}, on_{installation_.open()}, carriers_{installation_.log()} {
    sql::transaction tx{on_};
    sql::configuration to{tx, cli::new_id};
    to.organisation("Example", callerid::sharing_policy::organisation, countries());
    add_numbers(to);
    add_agents(to);
    tx.commit();
    add_contacts();
    for (const campaign_id each : campaigns_) installation_.start_campaign(each);
    installation_.start_engine();
  }

  std::vector<std::string> countries() {
    sql::transaction tx{on_, sql::transaction::mode::snapshot};
    return sql::read_snapshot(tx, installation_.organisation(), [](const auto&, const auto&) { return std::string{}; })
        .allowed_countries;
  }

  // In every ten numbers one has few calls an hour and one has one line. Two of three are on the first account, which
  // has two thirds of the pace.
  void add_numbers(sql::configuration& to) {
    const auto accounts = sql::read_integrations(on_, installation_.organisation());
    const auto account = [&](const char* name) {
      return std::ranges::find(accounts, std::string(name), [](const auto& one) { return one.account.name; })
          ->account.id;
    };
    const integration_id twilio = account("twilio");
    const integration_id telnyx = account("telnyx");
    const workspace_id owner = to.workspace(installation_.organisation(), {{}, "Main", 1}).id;
    const auto add = [&](std::size_t n, const std::function<void(callerid::phone_number&)>& spoil) {
      callerid::phone_number one;
      one.workspace = owner;
      one.integration = n % 3 == 2 ? telnyx : twilio;
      // A hundred of an area code are reserved for fiction.
      constexpr std::array<std::uint64_t, 8> area_codes{212, 213, 312, 415, 512, 617, 702, 808};
      one.number = e164::from_digits(10'005'550'100 + area_codes.at(n / 100) * 10'000'000 + n % 100);
      one.status = callerid::number_status::active;
      one.capabilities = voice;
      one.outbound_enabled = true;
      one.calls_per_day_max = 0;
      one.calls_per_hour_max = n % 10 == 3 ? hourly_cap : 0;
      one.concurrent_calls_max = n % 10 == 7 ? lines_cap : 0;
      spoil(one);
      one.id = to.number(installation_.organisation(), one).id;
      return one;
    };
    for (std::size_t n = 0; n < wanted.numbers; ++n) {
      numbers_.push_back(add(n, [](auto&) {}));
      shown_.push_back(numbers_.back().id);
    }
    // Assigned like the others, and never to be shown.
    std::size_t n = wanted.numbers;
    const auto never = [&](const std::function<void(callerid::phone_number&)>& spoil) {
      const callerid::phone_number one = add(n++, spoil);
      never_.insert(one.number);
      return one.id;
    };
    shown_.push_back(never([](auto& one) { one.status = callerid::number_status::pending; }));
    shown_.push_back(never([](auto& one) { one.status = callerid::number_status::inactive; }));
    shown_.push_back(never([](auto& one) { one.status = callerid::number_status::released; }));
    shown_.push_back(never([](auto& one) { one.outbound_enabled = false; }));
    shown_.push_back(never([](auto& one) { one.capabilities = sms | mms | fax; }));
    never([](auto&) {});  // not assigned
  }

  void add_agents(sql::configuration& to) {
    const organisation_id in = installation_.organisation();
    for (unsigned n = 0; n < wanted.agents; ++n) {
      const unsigned home = n % workspaces;
      const std::string name = home == 0 ? "Main" : "Workspace " + std::to_string(home);
      const workspace_id workspace = to.workspace(in, {{}, name, 1}).id;
      agents_.push_back(
          to.agent(in, {{}, workspace, "Agent " + std::to_string(n), true, "https://agent.example.com/answer", 0}).id);
      to.assignments(in, agents_.back(), shown_);
      campaigns::settings campaign = unhindered();
      campaign.name = "Campaign " + std::to_string(n);
      campaign.workspace = workspace;
      campaign.agent = agents_.back();
      campaign.caller_id = campaigns::caller_id_policy::least_used_today;
      campaigns_.push_back(to.campaign(in, campaign).id);
    }
  }

  // Each campaign calls people of its own, so that the number called tells whose call it is.
  void add_contacts() {
    const std::vector<fictitious> all = open_numbers(now());
    const std::size_t share = std::min<std::size_t>(all.size(), 60 * wanted.calls_per_second) / campaigns_.size();
    for (std::size_t n = 0; n < campaigns_.size(); ++n) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(n * share);
      const std::vector<fictitious> own{first, first + static_cast<std::ptrdiff_t>(share)};
      for (const fictitious& each : own) campaign_of_[each.number] = n;
      installation_.import(campaigns_[n], own);
    }
  }

  utc_time now() const { return installation_.time().now().utc; }

  /// Until `enough` says so of what was dialed since the engine began.
  template <class Enough>
  bool dials_until(Enough enough) {
    return eventually(60s, [&] {
      for (const create& each : carriers_.more()) {
        ++dialed_;
        ++seen_[e164::parse(each.from).value_or(e164{})];
      }
      return enough();
    });
  }
  bool dials_on() {
    const std::size_t so_many = dialed_ + std::max(40U, wanted.calls_per_second / 2);
    return dials_until([&] { return dialed_ >= so_many; });
  }

  /// A change while everything dials, and when it was acknowledged.
  void withdraw(withdrawal one, const std::function<void(sql::configuration&, callerid::phone_number)>& change) {
    const auto number = std::ranges::find(numbers_, one.number, &callerid::phone_number::number);
    const std::size_t before = seen_[one.number];
    ASSERT_TRUE(dials_until([&] { return seen_[one.number] >= before + 2; }))
        << one.how << ": the number is not shown\n"
        << installation_.engine_words();
    one.asked = now();
    sql::transaction tx{on_};
    sql::configuration to{tx, cli::new_id};
    change(to, *number);
    const std::uint64_t generation = sql::read_generation(tx, installation_.organisation());
    tx.commit();
    ASSERT_TRUE(sql::wait_applied(on_, installation_.organisation(), generation, 5s)) << installation_.engine_words();
    one.acknowledged = now();
    withdrawn_.push_back(one);
    ASSERT_TRUE(dials_on()) << one.how << ": the others go on";
  }

  void stop() {
    installation_.engine().signal(SIGTERM);
    EXPECT_EQ(installation_.engine().wait(15s), 0) << installation_.engine_words();
    installation_.stop_carriers();
    creates_ = read_creates(installation_.log());
  }

  bool is_even_share(std::size_t n) const {
    const callerid::phone_number& number = numbers_[n];
    return number.calls_per_hour_max == 0 && number.concurrent_calls_max == 0 &&
           std::ranges::find(withdrawn_, number.number, &withdrawal::number) == withdrawn_.end();
  }

  void expect_only_what_may_be_shown() const;
  void expect_caps_kept() const;
  void expect_even_load() const;

  rig installation_;
  sql::session on_;
  log_tail carriers_;
  std::vector<callerid::phone_number> numbers_;
  std::vector<phone_number_id> shown_;
  std::set<e164> never_;
  std::vector<agent_id> agents_;
  std::vector<campaign_id> campaigns_;
  std::map<e164, std::size_t> campaign_of_;  // by the number called
  std::size_t dialed_ = 0;
  std::map<e164, std::size_t> seen_;
  std::vector<withdrawal> withdrawn_;
  std::vector<create> creates_;
};

void NumberSharing::expect_only_what_may_be_shown() const {
  std::set<e164> stock;
  for (const callerid::phone_number& each : numbers_) stock.insert(each.number);
  std::map<std::size_t, std::size_t> by_workspace;
  std::vector<std::size_t> late(withdrawn_.size());
  std::vector<std::size_t> before(withdrawn_.size());
  std::vector<std::size_t> by_others(withdrawn_.size());
  for (const create& each : creates_) {
    const e164 from = e164::parse(each.from).value_or(e164{});
    EXPECT_TRUE(stock.contains(from)) << each.from << (never_.contains(from) ? " may never be shown" : " is not ours");
    const std::size_t campaign = campaign_of_.at(e164::parse(each.to).value());
    ++by_workspace[campaign % workspaces];
    for (std::size_t i = 0; i < withdrawn_.size(); ++i) {
      const withdrawal& one = withdrawn_[i];
      if (from != one.number) continue;
      if (each.at < one.acknowledged) ++before[i];
      if (each.arrived_from <= one.acknowledged) continue;
      ++(one.by_all || campaign % 2 == 0 ? late : by_others)[i];
    }
  }
  EXPECT_EQ(by_workspace.size(), workspaces) << "all workspaces show the one stock";
  const unsure_time unsure = read_unsure(installation_.log());
  for (std::size_t i = 0; i < withdrawn_.size(); ++i) {
    const withdrawal& one = withdrawn_[i];
    std::cout << one.how << ": acknowledged after " << (one.acknowledged - one.asked).count() / 1000 << " ms, shown "
              << before[i] << " times before, " << late[i] << " after; unsure for "
              << unsure.after(one.acknowledged).count() / 1000 << " ms\n";
    EXPECT_LT(unsure.after(one.acknowledged), unsure_max) << "lateness can't be judged: " << unsure;
    EXPECT_GE(before[i], 2U) << one.how;
    EXPECT_EQ(late[i], 0U) << one.how;
    if (one.by_all) continue;
    EXPECT_GT(by_others[i], 0U) << one.how << ": the agents that kept it go on showing it";
  }
}

void NumberSharing::expect_caps_kept() const {
  std::map<e164, std::vector<const create*>> by_number;
  for (const create& each : creates_) by_number[e164::parse(each.from).value_or(e164{})].push_back(&each);
  std::size_t full_hours = 0;
  std::size_t busy_lines = 0;
  for (const callerid::phone_number& number : numbers_) {
    const std::vector<const create*>& calls = by_number[number.number];
    if (number.calls_per_hour_max != 0) {
      EXPECT_LE(calls.size(), number.calls_per_hour_max) << number.number.text();
      full_hours += calls.size() == number.calls_per_hour_max ? 1 : 0;
    }
    if (number.concurrent_calls_max == 0) continue;
    busy_lines += calls.size() > 2 ? 1 : 0;
    for (const create* each : calls) {
      const auto up = std::ranges::count_if(calls, [&](const create* other) {
        return other->made_call && other->at <= each->at && other->over_at > each->at;
      });
      EXPECT_LE(up, number.concurrent_calls_max) << number.number.text();
    }
  }
  EXPECT_GT(full_hours, 0U) << "no cap was ever reached";
  EXPECT_GT(busy_lines, 0U) << "no line was ever taken again";
}

void NumberSharing::expect_even_load() const {
  std::map<e164, double> calls;
  for (const create& each : creates_) ++calls[e164::parse(each.from).value_or(e164{})];
  for (const bool on_telnyx : {false, true}) {
    std::vector<double> load;
    for (std::size_t n = 0; n < numbers_.size(); ++n) {
      if ((n % 3 == 2) == on_telnyx && is_even_share(n)) load.push_back(calls[numbers_[n].number]);
    }
    ASSERT_GE(load.size(), 2U);
    double even = 0;
    for (const double each : load) even += each / static_cast<double>(load.size());
    const auto [least, most] = std::ranges::minmax(load);
    std::cout << (on_telnyx ? "telnyx: " : "twilio: ") << load.size() << " numbers with " << least << " to " << most
              << " calls, even would be " << even << '\n';
    EXPECT_GE(least, 0.9 * even);
    EXPECT_LE(most, 1.1 * even);
  }
}

TEST_F(NumberSharing, NumbersWithdrawnUnderLoad_OnlyAllowedOnesAreShownEvenlyAndWithinCaps) {
  const organisation_id in = installation_.organisation();
  ASSERT_TRUE(dials_on()) << installation_.engine_words();
  const auto victim = [&](std::size_t n) { return numbers_.at(10 * n + 1).number; };
  withdraw({"set inactive", victim(0)}, [&](sql::configuration& to, callerid::phone_number number) {
    number.status = callerid::number_status::inactive;
    to.number(in, number);
  });
  withdraw({"outbound calls switched off", victim(1)}, [&](sql::configuration& to, callerid::phone_number number) {
    number.outbound_enabled = false;
    to.number(in, number);
  });
  withdraw({"taken from every second agent", victim(2), false},
           [&](sql::configuration& to, const callerid::phone_number& number) {
             std::vector<phone_number_id> rest = shown_;
             std::erase(rest, number.id);
             for (std::size_t n = 0; n < agents_.size(); n += 2) to.assignments(in, agents_[n], rest);
           });
  withdraw({"voice capability removed", victim(3)}, [&](sql::configuration& to, callerid::phone_number number) {
    number.capabilities = sms;
    to.number(in, number);
  });
  withdraw({"frozen", victim(4)}, [&](sql::configuration& to, const callerid::phone_number& number) {
    to.freeze(in, sql::freezable::number, number.id, true);
  });
  // So many of each that one more or less is within a tenth, and that those withdrawn from some show up again.
  EXPECT_TRUE(dials_until([&] {
    for (std::size_t n = 0; n < numbers_.size(); ++n) {
      if (is_even_share(n) && seen_[numbers_[n].number] < 20) return false;
    }
    return true;
  })) << "the list was too short";
  stop();
  expect_only_what_may_be_shown();
  expect_caps_kept();
  expect_even_load();
  for (const withdrawal& one : withdrawn_) {
    if (!one.by_all) continue;
    const sql::result late =
        on_.run("SELECT count(*) FROM intent WHERE org_id = $1 AND from_number = $2 AND decided_at > $3",
                sql::params{}.uuid(in).int8(one.number.digits()).time(one.acknowledged));
    EXPECT_EQ(late.integer(0, 0), 0) << one.how;
  }
}

}  // namespace
}  // namespace dialer::e2e
