// `dialer numbers` through a service whose carrier is simulated.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/private_file.hpp"
#include "sql/number_health.hpp"
#include "sql/phone_numbers.hpp"
#include "tests/cli/over_rest_fixture.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class numbers_command : public test::over_rest_fixture {
 protected:
  numbers_command() : over_rest_fixture{without_engine}, carriers_{test::carriers_in(dir_.path())} {
    house_.on.run("UPDATE integration SET base_url = $2, ca_file = $3, platform = true WHERE org_id = $1",
                  organisation().text(carriers_.reached().twilio_url).text(carriers_.reached().ca_file));
    house_.on.run("INSERT INTO number_price VALUES ($1, 'US', 0, 300, 115, 'USD')", organisation());
    wallet_top_up_options paid;
    paid.workspace = "Sales";
    paid.amount = "10.00";
    paid.currency = "USD";
    paid.reference = "1";
    on_database(run_wallet_top_up, paid);
    start_engine();
  }
  sql::params organisation() const { return sql::params{}.uuid(house_.campaign.organisation); }

  void on_ones_own_account() {
    house_.on.run("UPDATE integration SET platform = false WHERE org_id = $1", organisation());
  }

  /// The house's, unless another one is meant.
  template <class Options = number_options>
  static Options of(const std::string& number = "+12125550199") {
    Options options;
    options.number = number;
    return options;
  }
  template <class Options, class... More>
  json::object as_json(int (*command)(const Options&, More...), Options options, More... more) {
    options.output = output_format::json;
    return json::parse(run(command, options, more...)).as_object();
  }
  static std::string text(const json::object& from, const char* key) { return std::string(from.at(key).as_string()); }
  /// One that can be bought.
  std::string offered() {
    number_search_options search;
    search.what.country = "US";
    search.what.capabilities = {"voice", "sms"};
    search.limit = "3";
    const json::object found = as_json(run_number_search, search);
    return text(found.at("numbers").at(0).as_object(), "phone_number");
  }
  std::string bought() {
    auto buy = of<number_buy_options>(offered());
    buy.home.agent = "Ann";
    buy.name = "Spring Line";
    return text(as_json(run_number_buy, buy), "phone_number");
  }
  std::string listed(const number_list_options& options = {}) { return run(run_number_list, options); }
  std::string shown(const std::string& number = "+12125550199") { return run(run_number_show, of(number)); }

  const demo_carriers carriers_;
};

TEST_F(numbers_command, one_that_was_searched_is_bought_used_and_given_up) {
  number_search_options search;
  search.what.country = "US";
  EXPECT_THAT(run(run_number_search, search), AllOf(HasSubstr("local  voice"), HasSubstr("3.00 USD  1.15 USD")));
  const std::string number = offered();
  auto buy = of<number_buy_options>(number);
  buy.home.agent = "Ann";
  buy.name = "Spring Line";
  EXPECT_THAT(run(run_number_buy, buy), AllOf(testing::StartsWith(number + " (phn_"), HasSubstr(") is active: ack")));
  EXPECT_EQ(newest().what.action, "purchasePhoneNumber");
  EXPECT_THAT(shown(number), AllOf(HasSubstr("Spring Line"), HasSubstr("used by        outbound Ann\n"),
                                   HasSubstr("monthly cost   1.15 USD"), HasSubstr("\nfresh  ")));
  number_list_options of_ann;
  of_ann.agent = "Ann";
  of_ann.provider = "platform";
  EXPECT_THAT(listed(of_ann), HasSubstr(number + "  active  on        fresh"));

  auto answer = of<number_assign_options>(number);
  answer.agent = "Ann";
  answer.profile = "inbound";
  EXPECT_EQ(run(run_number_assign, answer, true),
            number + " is used by: outbound Ann, inbound Ann: acknowledged by the engine.\n");
  auto update = of<number_update_options>(number);
  update.fallback = "Ann";
  update.voicemail = "We call back.";
  update.what.outbound = false;
  update.what.weight = 7;
  EXPECT_EQ(run(run_number_update, update), number + " is changed: acknowledged by the engine.\n");
  EXPECT_THAT(shown(number), AllOf(HasSubstr("fallback       Ann\nvoicemail      We call back.\n"),
                                   HasSubstr("outbound       off\n"), HasSubstr("weight         7 among")));
  answer.profile.clear();
  EXPECT_EQ(run(run_number_assign, answer, false), number + " is used by: nobody: acknowledged by the engine.\n");

  number_import_options held;
  held.integration = "twilio";
  EXPECT_THAT(run(run_number_import, held), AllOf(HasSubstr(number + "  phn_"), HasSubstr("/callbacks/")));
  auto release = of(number);
  release.reason = "spring is over";
  EXPECT_THAT(run(run_number_release, release), HasSubstr("is released here; its carrier has not confirmed it yet"));
  EXPECT_EQ(newest().what.reason, "spring is over");
  EXPECT_THAT(listed(), Not(HasSubstr(number)));
  number_list_options gone;
  gone.status = "released";
  EXPECT_THAT(listed(gone), HasSubstr(number));
}

TEST_F(numbers_command, one_that_fits_is_bought_when_none_is_named) {
  number_buy_options buy;
  buy.what.type = "local";
  buy.home.workspace = "Sales";
  const json::object made = as_json(run_number_buy, buy);
  EXPECT_EQ(text(made, "status"), "active");
  EXPECT_THAT(listed(), HasSubstr(text(made, "phone_number")));
}

TEST_F(numbers_command, an_order_that_is_open_is_settled_when_it_is_processed) {
  const std::string number = bought();
  const sql::params key = organisation().int8(e164::parse(number)->digits());
  house_.on.run("UPDATE phone_number SET status = 0 WHERE org_id = $1 AND number = $2", key);
  house_.on.run(
      "INSERT INTO number_order SELECT org_id, id, integration_id, 1, '', 300, 'USD', now() - interval '1 minute', 0, "
      "now() + interval '1 hour', workspace_id FROM phone_number WHERE org_id = $1 AND number = $2",
      key);
  EXPECT_THAT(shown(number), HasSubstr("pending; its carrier has not confirmed the purchase"));
  EXPECT_THAT(run(run_number_process, of(number)), HasSubstr(") is active: acknowledged"));
}

TEST_F(numbers_command, ones_own_is_registered_with_its_settings) {
  on_ones_own_account();
  auto own = of<number_register_options>("+12125550150");
  own.integration = "twilio";
  own.home.agent = "Ann";
  own.capabilities = {"voice", "sms"};
  own.what.name = "Own Line";
  own.what.region = "US-NY";
  own.what.calls_per_day_max = 0;
  own.what.trunk_address = "example.pstn.twilio.com";
  const json::object made = as_json(run_number_register, own);
  EXPECT_EQ(text(made, "friendly_name"), "Own Line");
  EXPECT_EQ(made.at("calls_per_day_max").as_int64(), 0);
  EXPECT_EQ(made.at("capabilities").as_array().size(), 2U);
  EXPECT_EQ(made.at("provider_config").at("trunk_address").as_string(), "example.pstn.twilio.com");
  EXPECT_EQ(made.at("health").at("state").as_string(), "fresh");
  own.number = "+12125550151";
  own.in_use = true;
  EXPECT_THAT(run(run_number_register, own), HasSubstr(") is registered: acknowledged by the engine.\n"));
  EXPECT_THAT(shown("+12125550151"), HasSubstr("nothing was ever decided about it"));
}

TEST_F(numbers_command, a_rest_is_ended_by_a_person_for_a_reason) {
  house_.on.run(
      "INSERT INTO number_health (org_id, number, since, state, until, counted_from, rests, why) "
      "VALUES ($1, 12125550199, now() - interval '1 hour', 3, now() + interval '2 days', now(), 1, 'answers: 1 of 50')",
      organisation());
  EXPECT_THAT(listed(), HasSubstr("+12125550199  active  on        resting"));
  EXPECT_THAT(shown(), HasSubstr("answers: 1 of 50"));
  auto end = of();
  end.reason = "the label is gone";
  EXPECT_EQ(run(run_number_end_rest, end),
            "+12125550199 rests no more: acknowledged by the engine, calls may show it again.\n");
  EXPECT_EQ(newest().what.reason, "the label is gone");
  const auto history =
      sql::read_health_history(house_.on, house_.campaign.organisation, e164::from_digits(12125550199));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].why, "the label is gone");
  const failure got = fails(run_number_end_rest, end);
  EXPECT_EQ(got.code, exit_failed);
  EXPECT_THAT(got.message, HasSubstr("does not rest"));
}

TEST_F(numbers_command, refusals_name_field_rule_and_remedy) {
  failure got = fails(run_number_show, of("+12125550177"));
  EXPECT_EQ(got.code, exit_usage);
  EXPECT_THAT(got.message, AllOf(HasSubstr("no number \"+12125550177\""), HasSubstr("dialer numbers list")));

  auto own = of<number_register_options>("+12125550150");
  own.home.workspace = "Sales";
  got = fails(run_number_register, own);
  EXPECT_EQ(got.code, exit_usage);
  EXPECT_THAT(got.message, HasSubstr("integration_id is missing"));

  on_ones_own_account();
  own.integration = "twilio";
  own.what.trunk_password_file = dir_.path() / "trunk";
  write_private_file(own.what.trunk_password_file, "canary\n");
  got = fails(run_number_register, own);
  EXPECT_THAT(got.message, AllOf(HasSubstr("provider_config.auth_password"), Not(HasSubstr("canary"))));

  auto assign = of<number_assign_options>();
  assign.agent = "Bob";
  EXPECT_THAT(fails(run_number_assign, assign, true).message, HasSubstr("there is no agent \"Bob\""));
  assign.agent = "Ann";
  assign.profile = "sms";
  got = fails(run_number_assign, assign, true);
  EXPECT_EQ(got.code, exit_failed);
  EXPECT_THAT(got.message, AllOf(HasSubstr("rule S6: "), HasSubstr("capability sms")));

  auto update = of<number_update_options>();
  EXPECT_THAT(fails(run_number_update, update).message, HasSubstr("nothing is to be changed"));
  update.voicemail = "We call back.";
  got = fails(run_number_update, update);
  EXPECT_EQ(got.code, exit_usage);
  EXPECT_THAT(got.message, HasSubstr("--profile inbound"));

  number_import_options import;
  import.integration = "twilio";
  import.in_use = true;
  EXPECT_THAT(fails(run_number_import, import).message, HasSubstr("numbers are missing"));

  context_.clear();
  EXPECT_THAT(fails(run_number_list, number_list_options{}).message, HasSubstr("--context"));
}

TEST_F(numbers_command, what_a_terminal_would_obey_is_not_printed) {
  const std::string foreign =
      "Spr\x1b[2Jing\r\n\xc2\x9b"
      "2J";
  house_.on.run("UPDATE phone_number SET friendly_name = $2 WHERE org_id = $1", organisation().text(foreign));
  house_.on.run("UPDATE campaign SET name = $2 WHERE org_id = $1", organisation().text(foreign));
  EXPECT_THAT(listed(), AllOf(HasSubstr("Spr?[2Jing? ?2J\n"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(text(as_json(run_number_show, of()), "friendly_name"), "Spr?[2Jing?\n?2J");
  command_options stats;
  EXPECT_THAT(run(run_stats, stats), AllOf(HasSubstr("Spr?[2Jing? ?2J"), Not(HasSubstr("\x1b"))));
  top_options top;
  top.pictures = 1;
  EXPECT_THAT(run(run_top, top), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace dialer::cli
