// Numbers at the simulated carriers: what is for sale, buying, holding, releasing, and what faults leave behind.

#include <algorithm>

#include "model/e164.hpp"
#include "tests/carriers_simulator/bench_of_calls.hpp"

namespace dialer::carriers::simulator {
namespace {

std::string encoded(std::string_view text) {
  std::string out;
  append_percent_encoded(out, text);
  return out;
}

/// Twilio's side.
struct twilio_numbers : bench_of_calls {
  explicit twilio_numbers(scenario rules = calm()) : bench_of_calls{carrier_name::twilio, std::move(rules)} {}

  std::vector<std::string> offers(const std::string& resource, const std::string& query = {}) {
    const auto answer = send("GET", path("/AvailablePhoneNumbers/" + resource + ".json?" + query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json_body body{answer.body};
    std::vector<std::string> found;
    for (std::size_t i = 0; i < body.size("/available_phone_numbers"); ++i) {
      found.push_back(body.text("/available_phone_numbers/" + std::to_string(i) + "/phone_number"));
    }
    return found;
  }
  api_answer buy(const std::string& wanted, const std::string& extra = {}) {
    return send("POST", path("/IncomingPhoneNumbers.json"), "PhoneNumber=" + encoded(wanted) + extra);
  }
  std::size_t held(const std::string& query = {}) {
    const auto answer = send("GET", path("/IncomingPhoneNumbers.json?" + query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json_body{answer.body}.size("/incoming_phone_numbers");
  }
};

/// Telnyx's side.
struct telnyx_numbers : bench_of_calls {
  explicit telnyx_numbers(scenario rules = calm()) : bench_of_calls{carrier_name::telnyx, std::move(rules)} {}

  json_body get(const std::string& target, int status = 200) {
    const auto answer = send("GET", target);
    EXPECT_EQ(answer.status, status) << answer.body;
    return json_body{answer.body};
  }
  std::vector<std::string> offers(const std::string& query) {
    const auto body = get("/v2/available_phone_numbers?" + query);
    std::vector<std::string> found;
    for (std::size_t i = 0; i < body.size("/data"); ++i) {
      found.push_back(body.text("/data/" + std::to_string(i) + "/phone_number"));
    }
    return found;
  }
  api_answer order(const std::string& wanted, const std::string& extra = {}) {
    return send("POST", "/v2/number_orders", R"({"phone_numbers":[{"phone_number":")" + wanted + "\"}]" + extra + "}");
  }
  std::string first_offer() { return offers("filter[country_code]=US&filter[limit]=1").at(0); }
};

int twilio_code(const api_answer& answer) {
  return static_cast<int>(json_body{answer.body}.number("/code"));
}
std::string telnyx_code(const api_answer& answer) {
  return json_body{answer.body}.text("/errors/0/code");
}

TEST(NumberShelf, SameSeed_SameOffersAndAnotherSeedOthers) {
  twilio_numbers first, second;
  bench_of_calls other{carrier_name::twilio, calm(), 8};
  const auto offers = first.offers("US/Local", "PageSize=1000");
  EXPECT_EQ(offers, second.offers("US/Local", "PageSize=1000"));
  const auto answer = other.send("GET", other.path("/AvailablePhoneNumbers/US/Local.json?PageSize=1000"));
  EXPECT_NE(json_body{answer.body}.text("/available_phone_numbers/0/phone_number"), offers.at(0));
}

TEST(NumberShelf, EveryOffer_IsReservedForFictionAndComesFromManyAreaCodes) {
  twilio_numbers bench;
  std::map<unsigned, int> area_codes;
  for (const auto& text : bench.offers("US/Local", "PageSize=1000")) {
    const auto parsed = e164::parse(text);
    ASSERT_TRUE(parsed && parsed->is_nanp()) << text;
    EXPECT_EQ(parsed->subscriber() / 100, 55501U) << text;
    ++area_codes[parsed->npa()];
  }
  EXPECT_GT(area_codes.size(), 15U);
  const auto london = bench.offers("GB/Local", "Contains=%2B4420");
  EXPECT_FALSE(london.empty());
  for (const auto& text : london) EXPECT_TRUE(text.starts_with("+442079460")) << text;
  for (const auto& text : bench.offers("GB/Mobile")) EXPECT_TRUE(text.starts_with("+447700900")) << text;
}

TEST(TwilioNumbers, Filters_Filter) {
  twilio_numbers bench;
  const auto all = bench.offers("US/Local", "PageSize=1000");
  const auto manhattan = bench.offers("US/Local", "AreaCode=212&PageSize=1000");
  EXPECT_FALSE(manhattan.empty());
  EXPECT_LT(manhattan.size(), all.size());
  for (const auto& text : manhattan) EXPECT_TRUE(text.starts_with("+1212")) << text;
  for (const auto& text : bench.offers("US/Local", "Contains=5550123")) EXPECT_TRUE(text.ends_with("5550123"));
  for (const auto& text : bench.offers("US/Local", "Contains=55501*7%24")) EXPECT_TRUE(text.ends_with("7")) << text;
  for (const auto& text : bench.offers("US/Local", "Contains=%2B1303")) EXPECT_TRUE(text.starts_with("+1303"));
  for (const auto& text : bench.offers("US/Local", "InRegion=CA")) {
    EXPECT_TRUE(text.starts_with("+1213") || text.starts_with("+1415")) << text;
  }
  for (const auto& text : bench.offers("US/TollFree")) EXPECT_TRUE(text.starts_with("+18")) << text;
  EXPECT_EQ(bench.offers("US/Local", "PageSize=3").size(), 3U);
  EXPECT_LT(bench.offers("US/Local", "AreaCode=212&PageSize=1000&SmsEnabled=true").size(), manhattan.size());
  EXPECT_EQ(bench.offers("GB/Local", "SmsEnabled=true").size(), 0U);
  const auto first = bench.send("GET", bench.path("/AvailablePhoneNumbers/US/Local.json?SmsEnabled=true&PageSize=1"));
  EXPECT_NE(first.body.find(R"("SMS":true)"), std::string::npos) << "the search spells them in capitals";
}

TEST(TwilioNumbers, WrongSearches_AnswerTwilioCodes) {
  twilio_numbers bench;
  const auto code = [&](const std::string& rest) {
    return twilio_code(bench.send("GET", bench.path("/AvailablePhoneNumbers/" + rest)));
  };
  EXPECT_EQ(code("US/Mobile.json"), 20404);
  EXPECT_EQ(code("FR/Local.json"), 20404);
  EXPECT_EQ(code("US/Local.json?AreaCode=12"), 21451);
  EXPECT_EQ(code("US/Local.json?Contains=1"), 20001);
  bench.wrong_secret = "Basic bm9ib2R5Om5vdGhpbmc=";
  EXPECT_EQ(code("US/Local.json"), 20003);
}

TEST(TwilioNumbers, Bought_IsHeldListedChangedAndReleased) {
  twilio_numbers bench;
  const auto wanted = bench.offers("US/Local", "PageSize=1").at(0);
  const auto answer = bench.buy(wanted, "&FriendlyName=Desk&VoiceUrl=https%3A%2F%2Fd.example.com%2Fv");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const json_body bought{answer.body};
  const auto sid = bought.text("/sid");
  EXPECT_TRUE(sid.starts_with("PN"));
  EXPECT_EQ(sid.size(), 34U);
  EXPECT_EQ(bought.text("/account_sid"), twilio_sid);
  EXPECT_EQ(bought.text("/phone_number"), wanted);
  EXPECT_EQ(bought.text("/friendly_name"), "Desk");
  EXPECT_EQ(bought.text("/voice_url"), "https://d.example.com/v");
  EXPECT_EQ(bought.text("/voice_method"), "POST");
  EXPECT_EQ(bought.text("/status"), "in-use");
  EXPECT_EQ(bought.text("/type"), "local");
  EXPECT_TRUE(bought.null("/trunk_sid"));
  EXPECT_EQ(bench.offers("US/Local", "Contains=" + encoded(wanted) + "%24").size(), 0U);
  EXPECT_EQ(twilio_code(bench.buy(wanted)), 21422);

  EXPECT_EQ(bench.held(), 1U);
  EXPECT_EQ(bench.held("PhoneNumber=" + encoded(wanted)), 1U);
  EXPECT_EQ(bench.held("PhoneNumber=%2B12125550000"), 0U);
  EXPECT_EQ(bench.held("FriendlyName=Desk"), 1U);
  EXPECT_EQ(bench.held("FriendlyName=Other"), 0U);
  const auto one = bench.path("/IncomingPhoneNumbers/" + sid + ".json");
  EXPECT_EQ(json_body{bench.send("GET", one).body}.text("/phone_number"), wanted);
  const auto changed = bench.send("POST", one, "VoiceUrl=https%3A%2F%2Fnew.example.com%2F&TrunkSid=TK1");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(json_body{changed.body}.text("/voice_url"), "https://new.example.com/");
  EXPECT_EQ(json_body{changed.body}.text("/trunk_sid"), "TK1");
  EXPECT_EQ(json_body{changed.body}.text("/friendly_name"), "Desk");
  EXPECT_EQ(twilio_code(bench.send("POST", one, "VoiceUrl=nonsense")), 21502);

  EXPECT_EQ(bench.send("DELETE", one).status, 204);
  EXPECT_EQ(bench.send("DELETE", one).status, 404);
  EXPECT_EQ(bench.send("GET", one).status, 404);
  EXPECT_EQ(bench.held(), 0U);
  EXPECT_EQ(bench.buy(wanted).status, 201) << "it is for sale again";

  ASSERT_EQ(bench.out.of(log_event::number_bought).size(), 2U);
  const auto first = bench.out.of(log_event::number_bought).front();
  EXPECT_EQ(first.to, wanted);
  EXPECT_EQ(first.ref, sid);
  EXPECT_EQ(first.account, twilio_sid);
  EXPECT_EQ(bench.out.of(log_event::number_changed).size(), 1U);
  EXPECT_EQ(bench.out.of(log_event::number_released).size(), 1U);
  ASSERT_EQ(bench.out.of(log_event::number_refused).size(), 1U);
  EXPECT_EQ(bench.out.of(log_event::number_refused).front().code, "21422");
}

TEST(TwilioNumbers, TestNumbers_DoWhatTwilioDocuments) {
  twilio_numbers bench;
  EXPECT_EQ(twilio_code(bench.buy("+15005550000")), 21422);
  EXPECT_EQ(twilio_code(bench.buy("+15005550001")), 21421);
  EXPECT_EQ(bench.buy("+15005550006").status, 201);
  EXPECT_EQ(twilio_code(bench.buy("12125550123")), 21421);
  EXPECT_EQ(twilio_code(bench.buy("+33199000000")), 21422);
}

TEST(TwilioNumbers, AreaCode_BuysAnyNumberOfIt) {
  twilio_numbers bench;
  const auto buy = [&](const std::string& body) {
    return bench.send("POST", bench.path("/IncomingPhoneNumbers.json"), body);
  };
  const auto answer = buy("AreaCode=617");
  ASSERT_EQ(answer.status, 201);
  EXPECT_TRUE(json_body{answer.body}.text("/phone_number").starts_with("+1617555"));
  EXPECT_EQ(twilio_code(buy("AreaCode=999")), 21452);
  EXPECT_EQ(twilio_code(buy("AreaCode=1")), 21451);
  EXPECT_EQ(twilio_code(buy("")), 20001);
}

TEST(TwilioNumbers, Paging_ShowsEachOnceAlthoughOneIsBoughtMeanwhile) {
  twilio_numbers bench;
  std::vector<std::string> bought;
  for (const auto& wanted : bench.offers("US/Local", "PageSize=7")) {
    ASSERT_EQ(bench.buy(wanted).status, 201);
    bought.push_back(wanted);
  }
  std::vector<std::string> seen;
  std::string next = bench.path("/IncomingPhoneNumbers.json?PageSize=3");
  for (int pages = 0; !next.empty() && pages < 9; ++pages) {
    const json_body body{bench.send("GET", next).body};
    for (std::size_t i = 0; i < body.size("/incoming_phone_numbers"); ++i) {
      seen.push_back(body.text("/incoming_phone_numbers/" + std::to_string(i) + "/phone_number"));
    }
    next = body.null("/next_page_uri") ? std::string{} : body.text("/next_page_uri");
    if (pages == 0) bench.buy(bench.offers("US/TollFree", "PageSize=1").at(0));
  }
  std::reverse(bought.begin(), bought.end());
  EXPECT_EQ(seen, bought);
}

TEST(TwilioNumbers, AnswerLostAfterBuying_IsHeldAndBoughtOnce) {
  for (const auto kind : {fault_kind::drop_after, fault_kind::error_500_after, fault_kind::partial_answer}) {
    auto rules = calm();
    fault_rule fault;
    fault.kind = kind;
    fault.operation = api_operation::number_buy;
    fault.limit = 1;
    rules.faults = {fault};
    twilio_numbers bench{rules};
    const auto wanted = bench.offers("US/Local", "PageSize=1").at(0);
    const auto answer = bench.buy(wanted);
    EXPECT_TRUE(answer.delivery != answer_delivery::whole || answer.status == 500);
    EXPECT_EQ(bench.held("PhoneNumber=" + encoded(wanted)), 1U);
    EXPECT_EQ(twilio_code(bench.buy(wanted)), 21422);
    EXPECT_EQ(bench.out.of(log_event::number_bought).size(), 1U);
    EXPECT_EQ(bench.out.of(log_event::answer_dropped).size(), 1U);
  }
}

TEST(TwilioNumbers, FaultBeforeBuying_BuysNothing) {
  auto rules = calm();
  fault_rule fault;
  fault.kind = fault_kind::error_500_before;
  fault.operation = api_operation::number_buy;
  fault.limit = 1;
  rules.faults = {fault};
  twilio_numbers bench{rules};
  const auto wanted = bench.offers("US/Local", "PageSize=1").at(0);
  EXPECT_EQ(bench.buy(wanted).status, 500);
  EXPECT_EQ(bench.held(), 0U);
  EXPECT_TRUE(bench.out.of(log_event::number_bought).empty());
  EXPECT_EQ(bench.out.of(log_event::number_refused).size(), 1U);
  EXPECT_EQ(bench.buy(wanted).status, 201);
}

TEST(TwilioNumbers, ScriptedNumbers_AreHeldOrRefused) {
  auto rules = parse_scenario(
      "[[number]]\ncarrier = \"twilio\"\naccount = \"AC00000000000000000000000000000001\"\nnumber = \"+12125550198\"\n"
      "friendly_name = \"Front\"\nvoice_url = \"https://old.example.com\"\n"
      "[[number]]\ncarrier = \"twilio\"\nnumber = \"+447700900001\"\ntype = \"mobile\"\n"
      "[[number]]\ncarrier = \"twilio\"\nnumber = \"+12125550197\"\nrefuse = \"21649\"\n",
      "test");
  twilio_numbers bench{rules};
  EXPECT_EQ(bench.held("FriendlyName=Front"), 1U);
  EXPECT_EQ(twilio_code(bench.buy("+12125550198")), 21422);
  EXPECT_EQ(bench.offers("GB/Mobile").at(0), "+447700900001");
  EXPECT_EQ(bench.buy("+447700900001").status, 201);
  EXPECT_EQ(twilio_code(bench.buy("+12125550197")), 21649);
}

TEST(TwilioNumbers, ScriptedForAnAccountThatIsNotThere_IsRefused) {
  const auto rules =
      parse_scenario("[[number]]\ncarrier = \"twilio\"\naccount = \"AC9\"\nnumber = \"+12125550198\"\n", "test");
  EXPECT_THROW(twilio_numbers{rules}, std::invalid_argument);
}

TEST(TwilioNumbers, HeldNumbersOnly_RefusesOtherCallerIdsWith21210) {
  auto rules = calm();
  rules.twilio.limits.held_numbers_only = true;
  scripted_number own;
  own.number = caller;
  own.account = twilio_sid;
  twilio_numbers without{rules};
  EXPECT_EQ(twilio_code(without.create(number(0))), 21210);
  rules.numbers = {own};
  twilio_numbers with{rules};
  EXPECT_EQ(with.create(number(0)).status, 201);
}

TEST(TelnyxNumbers, Filters_FilterInBothSpellings) {
  telnyx_numbers bench;
  const auto all = bench.offers("filter[country_code]=US&filter[limit]=250");
  EXPECT_EQ(all.size(), 250U);
  for (const auto& text : bench.offers("filter[country_code]=US&filter[national_destination_code]=415")) {
    EXPECT_TRUE(text.starts_with("+1415")) << text;
  }
  for (const auto& text : bench.offers("filter[country_code]=GB&filter[phone_number_type]=mobile")) {
    EXPECT_TRUE(text.starts_with("+447700900")) << text;
  }
  for (const auto& text : bench.offers("filter[country_code]=US&filter[phone_number][ends_with]=17")) {
    EXPECT_TRUE(text.ends_with("17")) << text;
  }
  EXPECT_FALSE(bench.offers("filter[country_code]=GB&filter[features][]=voice").empty());
  const auto brackets = bench.offers("filter[country_code]=GB&filter[features][]=voice&filter[features][]=sms");
  EXPECT_EQ(brackets, bench.offers("filter[country_code]=GB&filter[features]=voice,sms"));
  ASSERT_FALSE(brackets.empty());
  for (const auto& text : brackets) EXPECT_TRUE(text.starts_with("+447700900")) << text;
  EXPECT_TRUE(bench.offers("filter[country_code]=FR").empty());
}

TEST(TelnyxNumbers, Order_IsPendingThenSettled) {
  telnyx_numbers bench;
  const auto wanted = bench.first_offer();
  const auto answer = bench.order(wanted, R"(,"customer_reference":"phn_1","connection_id":"1494404757140276705")");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json_body order{answer.body};
  const auto id = order.text("/data/id");
  EXPECT_EQ(order.text("/data/status"), "pending");
  EXPECT_EQ(order.text("/data/customer_reference"), "phn_1");
  EXPECT_EQ(order.text("/data/phone_numbers/0/phone_number"), wanted);
  EXPECT_EQ(bench.get("/v2/phone_numbers").size("/data"), 0U);
  EXPECT_EQ(telnyx_code(bench.order(wanted)), "85001");

  bench.wait(499ms);
  EXPECT_EQ(bench.get("/v2/number_orders/" + id).text("/data/status"), "pending");
  bench.wait(1ms);
  EXPECT_EQ(bench.get("/v2/number_orders/" + id).text("/data/status"), "success");
  EXPECT_EQ(bench.get("/v2/number_orders?filter[customer_reference]=phn_1").text("/data/0/id"), id);
  EXPECT_EQ(bench.get("/v2/number_orders?filter[customer_reference]=phn_2").size("/data"), 0U);
  EXPECT_EQ(bench.get("/v2/number_orders?filter[status]=pending").size("/data"), 0U);
  bench.get("/v2/number_orders/none", 404);

  const auto held = bench.get("/v2/phone_numbers?filter[phone_number]=" + wanted.substr(1));
  ASSERT_EQ(held.size("/data"), 1U);
  EXPECT_EQ(held.text("/data/0/phone_number"), wanted);
  EXPECT_EQ(held.text("/data/0/status"), "active");
  EXPECT_EQ(held.text("/data/0/connection_id"), telnyx_connection);
  EXPECT_EQ(held.text("/data/0/customer_reference"), "phn_1");
  EXPECT_EQ(held.number("/meta/total_pages"), 1);
  EXPECT_EQ(bench.get("/v2/phone_numbers?filter[phone_number]=%2B" + wanted.substr(1)).size("/data"), 0U)
      << "anything but digits finds nothing";

  ASSERT_EQ(bench.out.of(log_event::number_bought).size(), 1U);
  EXPECT_EQ(bench.out.of(log_event::number_bought).front().token, "phn_1");
  EXPECT_EQ(bench.out.of(log_event::number_bought).front().to, wanted);
  EXPECT_EQ(bench.out.of(log_event::number_ordered).size(), 1U);
}

TEST(TelnyxNumbers, WrongOrders_AnswerTelnyxCodes) {
  telnyx_numbers bench;
  EXPECT_EQ(telnyx_code(bench.order("+12125550111")), "85000") << "nobody searched for it";
  EXPECT_EQ(telnyx_code(bench.send("POST", "/v2/number_orders", "{}")), "10004");
  EXPECT_EQ(telnyx_code(bench.send("POST", "/v2/number_orders", "{")), "10015");
  EXPECT_EQ(telnyx_code(bench.order(bench.first_offer(), R"(,"connection_id":"7")")), "85004");
  EXPECT_EQ(bench.out.of(log_event::number_refused).size(), 4U);
  bench.wrong_secret = "Bearer nobody";
  EXPECT_EQ(telnyx_code(bench.order("+12125550111")), "10009");
}

TEST(TelnyxNumbers, OrderThatFails_PutsTheNumberBack) {
  const auto rules = parse_scenario(
      "[telnyx]\norder_settle_ms = 100\n[[number]]\ncarrier = \"telnyx\"\nnumber = \"+12125550197\"\nrefuse = "
      "\"failure\"\n",
      "test");
  telnyx_numbers bench{rules};
  ASSERT_EQ(bench.first_offer(), "+12125550197");
  const auto id = json_body{bench.order("+12125550197").body}.text("/data/id");
  bench.wait(100ms);
  EXPECT_EQ(bench.get("/v2/number_orders/" + id).text("/data/status"), "failure");
  EXPECT_EQ(bench.get("/v2/phone_numbers").size("/data"), 0U);
  EXPECT_EQ(bench.first_offer(), "+12125550197");
  EXPECT_TRUE(bench.out.of(log_event::number_bought).empty());
  EXPECT_EQ(bench.out.of(log_event::number_order_failed).size(), 1U);
}

TEST(TelnyxNumbers, AnswerLostAfterOrdering_IsFoundByItsReference) {
  auto rules = calm();
  fault_rule fault;
  fault.kind = fault_kind::reset_after;
  fault.operation = api_operation::number_buy;
  fault.limit = 1;
  rules.faults = {fault};
  telnyx_numbers bench{rules};
  const auto wanted = bench.first_offer();
  EXPECT_EQ(bench.order(wanted, R"(,"customer_reference":"phn_9")").delivery, answer_delivery::reset);
  EXPECT_EQ(bench.get("/v2/number_orders?filter[customer_reference]=phn_9").text("/data/0/status"), "pending");
  bench.wait(1s);
  EXPECT_EQ(bench.get("/v2/number_orders?filter[customer_reference]=phn_9").text("/data/0/status"), "success");
  EXPECT_EQ(bench.out.of(log_event::number_bought).size(), 1U);
}

TEST(TelnyxNumbers, Held_IsChangedAndReleased) {
  auto rules = calm();
  scripted_number own;
  own.carrier = carrier_name::telnyx;
  own.number = "+12125550198";
  own.account = telnyx_connection;
  rules.numbers = {own};
  telnyx_numbers bench{rules};
  const auto id = bench.get("/v2/phone_numbers").text("/data/0/id");
  const auto one = "/v2/phone_numbers/" + id;
  EXPECT_EQ(bench.get(one).text("/data/phone_number"), "+12125550198");
  const auto changed = bench.send("PATCH", one, R"({"customer_reference":"desk","tags":["a"],"status":"deleted"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(json_body{changed.body}.text("/data/customer_reference"), "desk");
  EXPECT_EQ(json_body{changed.body}.text("/data/tags/0"), "a");
  EXPECT_EQ(json_body{changed.body}.text("/data/status"), "active");
  EXPECT_EQ(telnyx_code(bench.send("PATCH", one, R"({"connection_id":"7"})")), "10015");
  const auto released = bench.send("DELETE", one);
  EXPECT_EQ(released.status, 200);
  EXPECT_EQ(json_body{released.body}.text("/data/status"), "deleted");
  EXPECT_EQ(bench.send("DELETE", one).status, 404);
  EXPECT_EQ(bench.get("/v2/phone_numbers").size("/data"), 0U);
  EXPECT_EQ(bench.out.of(log_event::number_released).front().to, "+12125550198");
  EXPECT_EQ(bench.out.of(log_event::number_released).front().account, telnyx_connection);
}

TEST(TelnyxNumbers, HeldNumbersOnly_RefusesOtherCallerIdsWithD51) {
  auto rules = calm();
  rules.telnyx.limits.held_numbers_only = true;
  telnyx_numbers bench{rules};
  const auto answer = bench.dial(number(0));
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("D51"), std::string::npos);
}

}  // namespace
}  // namespace dialer::carriers::simulator
