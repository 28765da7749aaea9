#pragma once
// A house with money that buys its numbers of a carrier in memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "sql/wallet.hpp"
#include "tests/api/rest_fixture.hpp"

namespace dialer::api {

using test::mishap;
using test::rest_reply;

class NumberMarket : public test::rest_fixture {
 protected:
  static constexpr std::int64_t balance_at_first = 2'000;  // of the house
  static constexpr std::int64_t price = 300;

  std::string agent() const { return id("agent_id"); }
  std::string named(const std::string& number = "+14155550141") const {
    return R"({"phone_number":")" + number + R"(","agent_id":")" + agent() + "\"}";
  }
  rest_reply buy(const std::string& body, const std::string& headers = "") {
    return ask("POST", "/v1/phone-numbers/purchase", body, headers);
  }
  static std::string text(const rest_reply& reply, const char* name) {
    const boost::json::value* value = reply.body.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string())
                                                  : boost::json::serialize(reply.body);
  }
  std::int64_t balance() {
    return sql::read_wallet(us_.house.on, us_.house.id, us_.house.workspace).value_or(money{}).minor;
  }
  /// Every order is settled again, by another engine, whose clock is late enough.
  void time_passes(std::chrono::seconds by = std::chrono::minutes{6}) {
    house_.time.advance(by);
    house_.keys.confirm(house_.time.now().steady);
    for (const auto& one : sql::read_due_orders(us_.house.on, us_.house.id, house_.time.now().utc, 100)) {
      try {
        house_.desk.settle(us_.house.on, one.organisation, one.number);
      } catch (const test::engine_died&) {
        us_.house.on.disconnect();  // its claims go with it
      }
    }
  }
  std::size_t orders() { return sql::read_orders(us_.house.on, us_.house.id).size(); }
  std::string status_of(const std::string& number) {
    const auto found = sql::find_number_record(us_.house.on, us_.house.id, *e164::parse(number));
    if (!found) return "none";
    constexpr std::array names{"pending", "active", "inactive", "released"};
    return names.at(static_cast<std::size_t>(found->status));
  }
  int bought() { return carrier().count("POST"); }
  test::fake_carrier& carrier() { return house_.carrier; }
};

}  // namespace dialer::api
