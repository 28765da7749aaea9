#include "cli/settings_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "api/campaign_words.hpp"
#include "cli/errors.hpp"
#include "tests/settings_text.hpp"

namespace dialer::cli {
namespace {

const std::string house = "\n" + settings_text;

std::string campaign(const std::string& lines) {
  return house + "[[campaign]]\nname = \"Spring\"\nworkspace = \"Sales\"\nagent = \"Ann\"\n" + lines;
}
std::string numbers(const std::string& lines) {
  return house + "[[numbers]]\nworkspace = \"Sales\"\nintegration = \"twilio\"\n" + lines;
}
std::string telnyx(const std::string& lines) {
  return house + "[[integration]]\nname = \"telnyx\"\nprovider = \"telnyx\"\n" + lines;
}

std::string price(const std::string& lines) {
  return house + "[[number_price]]\ncountry = \"US\"\ntype = \"local\"\n" + lines;
}

std::string complaint(const std::string& toml) {
  try {
    (void)parse_settings(toml, "f.toml");
  } catch (const settings_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

/// A wrong file: where the complaint points, which key it names, what it tells to do.
struct wrong_file {
  std::string toml;
  std::string line;
  std::string key;
  std::string remedy;
};

TEST(settings_file, every_mistake_is_named_with_line_key_and_remedy) {
  const std::string line_of_extra = "f.toml:15:";   // the first line behind `house`
  const std::string line_of_block = "f.toml:19:";   // the first line of `campaign(...)`'s argument
  const std::string line_of_number = "f.toml:18:";  // likewise of numbers(...) and telnyx(...)
  const std::vector<wrong_file> all{
      {"", "f.toml:", "organisation", "begin the file with [organisation]"},
      {"name = ", "f.toml:1:", "not TOML", "see examples/dialer.toml"},
      {"organisation = 5", "f.toml:1:", "organisation", "must be a table"},
      {"[organisation]\nsharing = \"workspace\"", "f.toml:1:", "name", "give the organisation a name"},
      {"[organisation]\nname = \"\"", "f.toml:2:", "name", "must be a text in quotes"},
      {"[organisation]\nname = \"a\\u0007b\"", "f.toml:2:", "name", "control character; remove it"},
      {"[organisation]\nname = \"E\"\nsharing = \"all\"", "f.toml:3:", "sharing",
       "use one of: workspace, organisation"},
      {"[organisation]\nname = \"E\"\nnmae = 1", "f.toml:3:", "nmae", "remove it or use one of: name, sharing"},
      {house + "[[workspaces]]\nname = \"X\"", line_of_extra, "workspaces", "not a known key"},
      {house + "[workspace2]\nname = \"X\"", line_of_extra, "workspace2", "not a known key"},
      {"workspace = \"X\"\n[organisation]\nname = \"E\"", "f.toml:1:", "workspace", "double brackets: [[workspace]]"},
      {house + "[[workspace]]\nname = \"Sales\"", "f.toml:16:", "name", "defined twice; remove or rename one"},
      {house + "[[workspace]]\nname = \"A/B\"", "f.toml:16:", "name", "must not hold \"/\""},
      {house + "[[workspace]]\nname = \"B\"\nweight = 0", "f.toml:17:", "weight", "whole number from 1 to 1000"},
      {house + "[[workspace]]\nname = \"B\"\nweight = 1001", "f.toml:17:", "weight", "whole number from 1 to 1000"},
      {house + "[[workspace]]\nname = \"B\"\nweight = 1.5", "f.toml:17:", "weight", "whole number"},
      {house + "[[agent]]\nname = \"Bob\"\nworkspace = \"Nope\"", "f.toml:17:", "workspace", "add [[workspace]]"},
      {house + "[[agent]]\nname = \"Bob\"\nworkspace = \"Sales\"", line_of_extra, "answer_url", "give the URL"},
      {house + "[[agent]]\nname = \"Bob\"\nworkspace = \"Sales\"\nanswer_url = \"agent\"", "f.toml:18:", "answer_url",
       "write https://"},
      {house + "[[agent]]\nname = \"Bob\"\nworkspace = \"Sales\"\nanswer_url = \"http://agent.example.com\"",
       "f.toml:18:", "answer_url", "in the clear"},
      {house + "[[agent]]\nname = \"Bob\"\nworkspace = \"Sales\"\npublished = \"yes\"", "f.toml:18:", "published",
       "true or false, without quotes"},
      {house + "[[number_price]]\ncountry = \"us\"", "f.toml:16:", "country", "write two capital letters (ISO 3166)"},
      {house + "[[number_price]]\ncountry = \"US\"", line_of_extra, "type", "local, national, mobile or toll_free"},
      {house + "[[number_price]]\ncountry = \"US\"\ntype = \"free\"", "f.toml:17:", "type", "toll_free"},
      {price("purchase = \"1\""), line_of_extra, "currency", "three capital letters (ISO 4217)"},
      {price("currency = \"usd\""), line_of_number, "currency", "three capital letters (ISO 4217)"},
      {price("currency = \"USD\""), line_of_extra, "purchase", "in quotes and in USD, such as \"1.15\""},
      {price("currency = \"USD\"\npurchase = 1.15"), "f.toml:19:", "purchase", "in quotes"},
      {price("currency = \"USD\"\npurchase = \"1.155\""), "f.toml:19:", "purchase", "such as \"1.15\""},
      {price("currency = \"USD\"\npurchase = \"-0.01\""), "f.toml:19:", "purchase", "no price"},
      {price("currency = \"JPY\"\npurchase = \"1.5\""), "f.toml:19:", "purchase", "in JPY, such as \"150\""},
      {price("currency = \"USD\"\npurchase = \"1\"\nmonthly = \"one\""), "f.toml:20:", "monthly", "no price"},
      {price("currency = \"USD\"\npurchase = \"1\"\nmonthly = \"1\"\n") + price("").substr(house.size()) +
           "currency = \"EUR\"\npurchase = \"1\"\nmonthly = \"1\"",
       "f.toml:23:", "type", "\"US local\" is defined twice"},
      {house + "[[integration]]\nname = \"x\"", line_of_extra, "provider", "write \"twilio\" or \"telnyx\""},
      {house + "[[integration]]\nname = \"x\"\nprovider = \"plivo\"", "f.toml:17:", "provider", "twilio, telnyx"},
      {house + "[[integration]]\nname = \"x\"\nprovider = \"twilio\"", line_of_extra, "account_sid", "Twilio console"},
      {house + "[[integration]]\nname = \"x\"\nprovider = \"twilio\"\naccount_sid = \"AC1\"", line_of_number,
       "account_sid", "AC and 32 letters or digits"},
      {telnyx("secret = \"env:KEY\""), line_of_extra, "connection_id", "Call Control application"},
      {telnyx("connection_id = \"1\""), line_of_extra, "secret", "env:NAME"},
      {telnyx("connection_id = \"1\"\nsecret = \"KEY0123456789\""), "f.toml:19:", "secret",
       "must not be the secret itself"},
      {telnyx("connection_id = \"1\"\nsecret = \"env:MY KEY\""), "f.toml:19:", "secret", "env:TWILIO_TOKEN"},
      {telnyx("connection_id = \"1\"\nsecret = \"file:key\""), "f.toml:19:", "secret", "file:/absolute/path"},
      {telnyx("connection_id = \"1\"\nsecret = \"env:K\"\ncalls_per_second = 0"), "f.toml:20:", "calls_per_second",
       "above 0"},
      {telnyx("base_url = \"http://api.telnyx.com\""), line_of_number, "base_url", "https"},
      {telnyx("account_sid = \"AC1\"\nconnection_id = \"1\"\nsecret = \"env:K\""), line_of_number, "account_sid",
       "not a known key"},
      {numbers(""), line_of_extra, "list", "write list ="},
      {numbers("list = \"+12125550100\""), line_of_number, "list", "must be a list"},
      {numbers("list = [12125550100]"), line_of_number, "list", "holds something that is no text"},
      {numbers("list = [\"212-555-0100\"]"), line_of_number, "list", "write E.164"},
      {numbers("list = [\"+12125550100\", \"+12125550100\"]"), line_of_number, "list", "a second time; keep one"},
      {numbers("shown_by = [\"Bob\"]\nlist = []"), line_of_number, "shown_by", "workspace/agent"},
      {numbers("capabilities = [\"video\"]\nlist = []"), line_of_number, "capabilities", "voice, sms, mms, fax"},
      {numbers("status = \"on\"\nlist = []"), line_of_number, "status", "pending, active, inactive, released"},
      {numbers("calls_per_day_max = -1\nlist = []"), line_of_number, "calls_per_day_max", "whole number from 0"},
      {campaign("window = \"8-21\""), line_of_block, "window", "write \"08:00-21:00\""},
      {campaign("window = \"21:00-08:00\""), line_of_block, "window", "write \"08:00-21:00\""},
      {campaign("window = 8"), line_of_block, "window", "must be a table such as"},
      {campaign("[campaign.window]\nmunday = \"08:00-21:00\""), "f.toml:20:", "munday", "sunday, monday"},
      {campaign("retry.bussy = { delay_s = 1 }"), line_of_block, "bussy", "answered, voicemail, busy"},
      {campaign("retry.busy = { delay = 1 }"), line_of_block, "delay", "delay_s, attempts_max"},
      {campaign("retry.busy = { attempts_max = 0 }"), line_of_block, "attempts_max", "whole number from 1 to 100"},
      {campaign("retry.answered = { attempts_max = 2 }"), line_of_block, "attempts_max", "remove this rule"},
      {campaign("ring_timeout_s = 4"), line_of_block, "ring_timeout_s", "from 5 to 600"},
      {campaign("ring_timeout_s = 601"), line_of_block, "ring_timeout_s", "from 5 to 600"},
      {campaign("call_time_limit_s = 29"), line_of_block, "call_time_limit_s", "from 30 to 14400"},
      {campaign("caller_id = \"random\""), line_of_block, "caller_id", "sticky, local_presence, least_used_today"},
      {campaign("caller_id = \"fixed\""), "f.toml:15:", "caller_id_number", "name the number to show"},
      {campaign("caller_id_number = \"+12125550100\""), line_of_block, "caller_id_number", "only when caller_id is"},
      {campaign("caller_id = \"fixed\"\ncaller_id_number = \"555\""), "f.toml:20:", "caller_id_number", "write E.164"},
      {numbers("country = \"UK\"\nlist = []"), line_of_number, "country", "ISO 3166"},
      {numbers("attestation = \"D\"\nlist = []"), line_of_number, "attestation", "A, B, C"},
      {house + "[[number_restriction]]\ncountry = \"US\"", line_of_extra, "demand", "attestation_a"},
      {numbers("answered_by = \"Bob\"\nlist = []"), line_of_number, "answered_by", "workspace/agent"},
      {numbers("fallback = \"Bob\"\nlist = []"), line_of_number, "fallback", "workspace/agent"},
      {numbers("fallback = \"Ann\"\nanswered_by = \"\"\nlist = []"), line_of_number, "fallback", "name who answers"},
      {numbers("voicemail_message = \"Hi\"\nanswered_by = \"\"\nlist = []"), line_of_number, "voicemail_message",
       "name who answers"},
      {numbers("answered_by = \"Ann\"\ncapabilities = [\"sms\"]\nlist = []"), line_of_number, "answered_by",
       "add \"voice\""},
      {numbers("sms_by = [\"Ann\"]\nlist = []"), line_of_number, "sms_by", "add \"sms\""},
      {numbers("sms_by = [\"Bob\"]\nlist = []"), line_of_number, "sms_by", "workspace/agent"},
      {numbers("friendly_name = 7\nlist = []"), line_of_number, "friendly_name", "text in quotes"},
      {numbers("weight = 0\nlist = []"), line_of_number, "weight", "from 1 to 1000"},
      {numbers("weight = 1001\nlist = []"), line_of_number, "weight", "from 1 to 1000"},
      {campaign("default_country = \"USA\""), line_of_block, "default_country", "two capital letters"},
      {"[organisation]\nname = \"E\"\nallowed_countries = [\"US\",\n\"UK\"]\n", "f.toml:4:", "allowed_countries",
       "ISO 3166"},
      {"[organisation]\nname = \"E\"\nallowed_countries = \"US\"\n", "f.toml:3:", "allowed_countries",
       "must be a list"},
      {campaign("attempts_per_number_24h = 9"), "f.toml:15:", "attempts_per_number_7d", "a week holds every day's"},
      {campaign("calls_per_second_max = nan"), line_of_block, "calls_per_second_max", "a number from 0"},
      {house + "[[campaign]]\nname = \"S\"\nworkspace = \"Sales\"\nagent = \"Bob\"", line_of_number, "agent",
       "add [[agent]]"},
      {house + "[[do_not_call]]\nname = \"us\"", line_of_extra, "file", "dialer dnc build"},
  };
  for (const wrong_file& one : all) {
    const std::string said = complaint(one.toml);
    EXPECT_NE(said.find(one.line), std::string::npos) << said << "\nfor:\n" << one.toml;
    EXPECT_NE(said.find(one.key), std::string::npos) << said << "\nfor:\n" << one.toml;
    EXPECT_NE(said.find(one.remedy), std::string::npos) << said << "\nfor:\n" << one.toml;
  }
}

TEST(settings_file, a_literal_secret_is_refused_without_repeating_it) {
  const std::string said = complaint(telnyx("connection_id = \"1\"\nsecret = \"KEY0123456789\""));
  EXPECT_EQ(said.find("KEY0123456789"), std::string::npos) << said;
}

TEST(settings_file, values_reach_their_records) {
  const settings read = parse_settings(house + R"([[numbers]]
workspace = "Sales"
integration = "twilio"
shown_by = ["Ann", "Sales/Ann"]
type = "toll_free"
capabilities = ["sms", "voice"]
calls_per_hour_max = 0
weight = 1000
list = ["+12125550100", "+12125550101"]
[[campaign]]
name = "Spring"
workspace = "Sales"
agent = "Ann"
ring_timeout_s = 5
call_time_limit_s = 14400
window = { monday = "08:30-24:00", sunday = "closed" }
retry.busy = { delay_s = 0, attempts_max = 100 }
caller_id = "fixed"
caller_id_number = "+12125550101"
machine_detection = "off"
redial_absent = true
)",
                                       "f.toml");
  EXPECT_EQ(read.organisation, "Example");
  ASSERT_EQ(read.agents.size(), 1U);
  EXPECT_TRUE(read.agents[0].what.published);
  ASSERT_EQ(read.integrations.size(), 1U);
  EXPECT_EQ(read.integrations[0].account.base_url, "https://api.twilio.com");
  EXPECT_EQ(read.integrations[0].secret_ref, "env:TOKEN");
  ASSERT_EQ(read.numbers.size(), 2U);
  EXPECT_EQ(read.numbers[1].what.number.text(), "+12125550101");
  EXPECT_EQ(read.numbers[1].what.capabilities, voice | sms);
  EXPECT_EQ(read.numbers[1].what.calls_per_hour_max, 0U);
  EXPECT_EQ(read.numbers[1].what.calls_per_day_max, 75U);
  EXPECT_EQ(read.numbers[1].what.weight, 1000);
  EXPECT_EQ(read.numbers[1].shown_by[0], read.numbers[1].shown_by[1]);
  ASSERT_EQ(read.campaigns.size(), 1U);
  const campaigns::settings& spring = read.campaigns[0].what;
  EXPECT_EQ(spring.ring_timeout, std::chrono::seconds{5});
  EXPECT_EQ(spring.call_time_limit, std::chrono::seconds{14400});
  EXPECT_EQ(spring.window[1], (local_hours{8 * 60 + 30, 1440}));
  EXPECT_EQ(api::to_text(spring.window[0]), "closed");
  EXPECT_EQ(api::to_text(spring.window[2]), "closed") << "a day that is not named is closed";
  EXPECT_EQ(spring.retry[static_cast<std::size_t>(disposition::busy)], (retry_rule{std::chrono::seconds{0}, 100}));
  EXPECT_EQ(spring.retry[static_cast<std::size_t>(disposition::failed)],
            campaigns::default_retry_rules()[static_cast<std::size_t>(disposition::failed)]);
  EXPECT_EQ(spring.caller_id, campaigns::caller_id_policy::fixed);
  EXPECT_EQ(spring.caller_id_number.text(), "+12125550101");
  EXPECT_EQ(spring.detection, campaigns::machine_detection::off);
  EXPECT_TRUE(spring.redial_absent);
}

TEST(settings_file, the_examples_are_valid) {
  const std::string examples = std::string(std::getenv("DIALER_SOURCE_DIR")) + "/examples/";
  EXPECT_EQ(read_settings_file(examples + "dialer.toml").campaigns.size(), 1U);
  const settings demo = read_settings_file(examples + "demo.toml");
  EXPECT_EQ(demo.numbers.size(), 80U);
  for (const auto& one : demo.numbers) EXPECT_EQ(one.what.calls_per_day_max + one.what.calls_per_hour_max, 0U);
}

TEST(settings_file, a_missing_file_is_named) {
  EXPECT_THROW(
      {
        try {
          (void)read_settings_file("/nowhere/f.toml");
        } catch (const settings_error& wrong) {
          EXPECT_NE(std::string(wrong.what()).find("/nowhere/f.toml"), std::string::npos);
          throw;
        }
      },
      settings_error);
}

TEST(local_hours, both_sides_of_every_boundary) {
  EXPECT_EQ(api::parse_local_hours("00:00-24:00"), (local_hours{0, 1440}));
  EXPECT_EQ(api::parse_local_hours("08:00-08:01"), (local_hours{480, 481}));
  for (const char* wrong : {"", "08:00", "08:00-08:00", "08:00-24:01", "8:00-21:00", "08:60-21:00", "08:00-21:00 ",
                            "08:00 - 21:00", "Closed"}) {
    EXPECT_FALSE(api::parse_local_hours(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace dialer::cli
