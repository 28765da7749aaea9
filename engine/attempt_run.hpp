#pragma once
// What an organisation keeps in memory of one open attempt.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "callerid/inventory.hpp"
#include "campaigns/contact.hpp"
#include "carriers/codec.hpp"
#include "engine/attempt.hpp"
#include "engine/campaign_run.hpp"
#include "engine/doubt.hpp"
#include "engine/ledger.hpp"
#include "model/clock.hpp"
#include "model/dial_permit.hpp"

namespace dialer::engine {

struct attempt_run {
  intent what;
  campaigns::contact contact;
  run_index campaign = 0;
  run_index account = 0;
  run_index agent = 0;
  callerid::number_index caller_id = 0;  // of what.from
  attempt_state state = attempt_state::deciding;
  carriers::call_phase phase = carriers::call_phase::queued;
  bool unanswered = false;  // the create, as the account counts it
  bool answered = false;
  bool machine = false;
  bool abandoned = false;  // answered, and no agent took it
  bool vetoed = false;
  bool phase_known = false;  // by what was heard of it; not just after a take-over or a doubt
  // The cancel that the carrier was asked for, and has not refused: of a call nobody has answered, or of any.
  enum class cancel : std::uint8_t { none, unanswered, any } cancel_out = cancel::none;
  bool canceled = false;              // by us, if the carrier was in time
  bool recovered = false;             // open at the take-over
  bool caller_id_signal = false;      // the call was refused for its caller ID's reputation
  bool opted_out = false;             // the number called, while the call was open
  std::uint32_t unknown_answers = 0;  // in a row: the carrier knows no such call
  bool asked = false;                 // a look-up or fetch is out
  std::string call_ref;
  steady_time deadline{};             // of the current wait; timers that do not match it are stale
  std::optional<dial_permit> permit;  // until it is sent
  std::unique_ptr<doubt> in_doubt;
  std::unique_ptr<carriers::call_report> unsure_end;  // over; whether it had been answered is being asked ...
  steady_time unsure_until{};                         // ... until then
  bool holds_confirmation = false;                    // a change is confirmed only after this attempt is dealt with
};

}  // namespace dialer::engine
