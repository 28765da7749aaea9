#pragma once
// The simulated carrier: places calls, reports on them, lists them, and lies the way real ones do. Its record of what
// it did is the second witness.

#include <functional>
#include <map>
#include <optional>
#include <vector>

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
    e164 to;
    e164 from;
    microseconds created{0};
    microseconds ended{0};
    disposition how = disposition::no_answer;
    bool canceled = false;
  };

  carrier(schedule& time, const fault_plan& faults) : time_{time}, faults_{faults} {}

  /// Where callbacks go; the world stores them first.
  std::function<void(attempt_id, carriers::call_report)> report;

  /// A complete create request arrived. `answer` is called once, unless the answer is lost (then never).
  void create(attempt_id attempt, contact_id contact, e164 to, e164 from,
              std::function<void(carriers::create_answer)> answer);
  carriers::call_page list(e164 to, e164 from) const;
  std::optional<carriers::call_report> fetch(const std::string& ref) const;
  carriers::cancel_result cancel(const std::string& ref);

  const std::vector<call>& calls() const { return calls_; }

 private:
  void place(attempt_id attempt, contact_id contact, e164 to, e164 from);
  void tell(std::size_t index, carriers::call_phase phase);
  carriers::call_report report_of(const call& which, carriers::call_phase phase) const;
  carriers::call_phase phase_of(const call& which) const;

  schedule& time_;
  const fault_plan& faults_;
  std::vector<call> calls_;
};

}  // namespace dialer::sim
