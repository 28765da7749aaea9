// Compiled twice by CTest: as it stands it must compile, with FORGE defined it must not.
#include "compliance/gate.hpp"

namespace dialer {

dial_permit passed_on(std::optional<dial_permit>&& made) {
  return *std::move(made);
}

#ifdef FORGE
dial_permit forged() {
  return dial_permit{contact_id{1}, e164::from_digits(12125550123), e164{}, integration_id{}, steady_time{},
                     utc_time{}};
}
#endif

}  // namespace dialer
