#include "carriers/agent_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dialer::carriers {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(AgentAddress, UrlsAndSipAddresses_AreTaken) {
  for (const char* good : {"https://agent.example.com/answer", "https://user:word@agent.example.com?line=1#rc=3",
                           "https://agent.example.com:8443", "http://127.0.0.1:9/", "http://localhost/answer",
                           "http://[::1]:9", "sip:ann@pbx.example.com", "sips:pbx.example.com",
                           "sip:+12125550123@pbx.example.com:5061;transport=tls?x-a=1"}) {
    EXPECT_THAT(agent_address_fault(good), IsEmpty()) << good;
  }
}

TEST(AgentAddress, OthersAreRefused_WithARemedy) {
  for (const char* bad : {"", "agent", "ftp://a", "tel:+12125550123", "SIP:ann@pbx.example.com"}) {
    EXPECT_THAT(agent_address_fault(bad), HasSubstr("write https://... or sip:agent@pbx.example.com")) << bad;
  }
  for (const char* bad :
       {"https://", "https:///answer", "https://agent example.com/", "https://agent.example.com/\r\nX: y",
        "https://agent.example.com/{id}", "https://agent.example.com:port/", "http://?"}) {
    EXPECT_THAT(agent_address_fault(bad), HasSubstr("write it as https://agent.example.com/answer")) << bad;
  }
  for (const char* bad : {"http://agent.example.com/answer", "http://10.0.0.1/", "http://localhost.example.com/"}) {
    EXPECT_THAT(agent_address_fault(bad), HasSubstr("in the clear; write https://...")) << bad;
  }
  for (const char* bad : {"sip:", "sip:ann@", "sip:ann@pbx example.com", "sip:a@b\r\nX: y", "sip:a@b\"", "sip:<a@b>",
                          "sip:a@b,200", "sip:\xc3\xa4@b"}) {
    EXPECT_THAT(agent_address_fault(bad), HasSubstr("write sip:agent@pbx.example.com")) << bad;
  }
}

TEST(AgentAddress, SipAddress_IsTooLongOneByteOverItsLimit) {
  const std::string longest = "sip:" + std::string(sip_address_bytes_max - 4, 'a');
  EXPECT_THAT(agent_address_fault(longest), IsEmpty());
  EXPECT_THAT(agent_address_fault(longest + "a"), HasSubstr("at most 128 characters"));
}

}  // namespace
}  // namespace dialer::carriers
