#pragma once
// The simulated carrier: places calls, reports on them, lists them, and lies the way real ones do. Its record of what
// it did is the second witness.

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "carriers/account.hpp"
#include "carriers/call.hpp"
#include "model/ids.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/schedule.hpp"

namespace dialer::sim {

class carrier {
 public:
  struct call {
    std::string ref;
    attempt_id attempt;
    contact_id contact;
    integration_id account;
    e164 to;
    e164 from;
    microseconds created{0};
    microseconds starts{0};  ///< until then it is queued
    microseconds ended{0};
    disposition how = disposition::no_answer;
    bool canceled = false;
    bool denied = false;  ///< the carrier lists no such call
    carriers::carrier_kind kind = carriers::carrier_kind::twilio;
    microseconds answers{microseconds::max()};  ///< when somebody takes it, if nothing ends it before
    bool cause_tells = true;                    ///< Telnyx: the hangup has a SIP code, not "normal clearing" alone
    mutable bool could_not_be_asked = false;  ///< at least once: nobody can blame the engine for what it does not know

    bool was_answered() const { return answers < ended; }
  };

  carrier(schedule& time, const fault_plan& faults) : time_{time}, faults_{faults} {}

  struct request {
    attempt_id attempt;
    contact_id contact;
    integration_id account;
    e164 to;
    e164 from;
    carriers::carrier_kind kind;
  };

  /// Where callbacks go; the world stores them first.
  std::function<void(attempt_id, carriers::call_report)> report;

  /// A complete create request arrived. `answer` is called once, unless the answer is lost (then never).
  void create(const request& what, std::function<void(carriers::create_answer)> answer);
  /// Pages of a few calls.
  carriers::call_page list(integration_id account, carriers::carrier_kind kind, e164 to, e164 from,
                           const std::string& next) const;
  std::optional<carriers::call_report> fetch(const std::string& ref) const;
  /// ringing_only: as Twilio's Status=canceled; Telnyx knows no such thing.
  carriers::cancel_result cancel(const std::string& ref, bool ringing_only);
  /// A call leaves the carrier's queue.
  std::function<void(const call&)> starts;
  /// Somebody who talks is about to be hung up on.
  std::function<void(const call&)> cut;

  /// How many of the calls that show a number are answered.
  std::function<double(e164 from)> answer_rate = [](e164) { return 0.4; };

  /// What a probe of an account says.
  bool usable() const { return time_.elapsed() >= stopped_until_; }

  /// Counts what it did.
  std::function<void(const std::string&)> saw;

  const std::vector<call>& calls() const { return calls_; }

 private:
  call make(const request& what) const;
  void place(const request& what);
  void place_denied(const request& what);
  bool cannot_be_asked() const;
  bool not_shown_yet(const call& which) const;
  void tell(std::size_t index, carriers::call_phase phase);
  carriers::call_report report_of(const call& which, carriers::call_phase phase) const;
  carriers::call_report event_of(const call& which, carriers::call_phase phase) const;
  carriers::call_phase phase_of(const call& which) const;

  schedule& time_;
  const fault_plan& faults_;
  std::vector<call> calls_;
  microseconds stopped_until_{0};
};

}  // namespace dialer::sim
