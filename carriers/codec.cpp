#include "carriers/codec.hpp"

#include "carriers/telnyx_codec.hpp"
#include "carriers/twilio_codec.hpp"

namespace dialer::carriers {

std::unique_ptr<codec> make_codec(const account& value) {
  return value.kind == carrier_kind::twilio ? make_twilio_codec(value) : make_telnyx_codec(value);
}

bool can_be(const lookup_query& query, const listed_call& call) {
  return call.to == query.to && call.from == query.from &&
         (call.created_at == utc_time{} || call.created_at >= query.sent_not_before);
}

}  // namespace dialer::carriers
