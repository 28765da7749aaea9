#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/api/rest_house.hpp"

namespace dialer::api::test {

/// The API in service with an engine that follows, asked by one of its two organisations.
class rest_fixture : public testing::Test {
 protected:
  rest_fixture() { house_.engine_follows(); }
  rest_reply ask(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& headers = "") {
    return house_.ask(method, target, us_.key, body, headers);
  }
  std::string id(const std::string& name) const { return us_.ids.at(name); }
  std::string campaign() const { return "/v1/campaigns/" + id("campaign_id"); }
  std::uint64_t generation() { return us_.house.generation(); }

  rest_house house_;
  tenant& us_ = house_.first;
};

}  // namespace dialer::api::test
