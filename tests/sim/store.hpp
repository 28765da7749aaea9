#pragma once
// The simulated ledger: what is durable, and the rules of engine/ledger.hpp checked at every commit.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/ledger.hpp"
#include "tests/sim/schedule.hpp"

namespace dialer::sim {

/// State that survives crashes. Every member function is one transaction and happens at once; delays and lost answers
/// are the world's business.
class store {
 public:
  explicit store(schedule& time) : time_{time} {}

  engine::organisation_snapshot config;  ///< edited through change()
  std::uint64_t epoch = 0;
  std::uint64_t applied_generation = 0;
  std::function<void(const std::string&)> saw;  ///< counts what was written
  std::uint64_t conserves_every = 1;            ///< commits: each looks at every contact and attempt

  /// A change that people make: bumps the generation in the same transaction.
  template <class Edit>
  std::uint64_t change(Edit&& edit) {
    edit(config);
    ++config.settings_version;
    return ++config.generation;
  }
  std::uint64_t opt_out(e164 number) {
    ++config.generation;
    opt_outs_[number] = config.generation;
    return config.generation;
  }

  void add_contact(campaign_id campaign, campaigns::lane_number lane, contact_id id, e164 number);

  engine::recovery take_over();
  engine::commit_result commit(const engine::decision_batch& batch);
  engine::commit_result commit(const engine::outcome_batch& batch);
  /// No batch of that owner and number is ever committed.
  void declare_failed(const engine::ownership& owner, std::uint64_t batch) { sealed_.emplace(owner.epoch, batch); }
  /// The mark that bounds the next take-over's search.
  void note_oldest_open(const engine::ownership& owner, attempt_id oldest);
  engine::contact_page load(const engine::contact_request& request) const;
  engine::change_set changes(const engine::change_request& what) const;

  /// What was decided last about a number's health; null: nothing ever.
  const callerid::health_record* health_of(e164 number) const {
    const auto found = number_health_.find(number);
    return found == number_health_.end() ? nullptr : &found->second;
  }
  /// A person lets all numbers go on that rest.
  void end_rests();

  /// Every contact is exactly one of fresh, open, waiting, done. Throws violation.
  void check_conservation() const;

  enum class contact_state { fresh, open, waiting, done };
  struct contact_row {
    campaign_id campaign;
    campaigns::lane_number lane = 0;
    e164 number;
    contact_state state = contact_state::fresh;
    std::uint32_t attempts = 0;
    std::optional<reason> ended_undialed;
    std::optional<disposition> ended_as;
  };
  struct attempt_row {
    engine::intent what;
    microseconds durable_at{0};
    std::set<engine::outcome_kind> kinds;
    std::string call_ref;
    microseconds ref_known_at{0};
    std::optional<microseconds> closed_at;
    std::optional<engine::outcome_kind> closed_as;
    reason closed_why = reason::none;
    utc_time closed_utc;  ///< as its owner wrote it
    bool contact_done = false;
    bool answered = false;
    std::optional<disposition> ended_as;
    std::uint32_t duration_s = 0;
  };
  const std::map<contact_id, contact_row>& contacts() const { return contacts_; }
  const std::map<attempt_id, attempt_row>& attempts() const { return attempts_; }
  const attempt_row* find(attempt_id id) const {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
  }

  /// The row by which a contact waits, or null.
  const engine::contact_wait* wait_of(contact_id id) const;

 private:
  void put_wait(const engine::contact_wait& wait);
  void take_wait(contact_id id);
  void conserve();
  void check_number(std::uint64_t batch) const;

  schedule& time_;
  std::map<e164, std::uint64_t> opt_outs_;
  std::map<contact_id, contact_row> contacts_;
  std::map<std::pair<campaign_id, campaigns::lane_number>, contact_id> cursors_;
  struct wait_key {
    utc_time due_at;
    contact_id id;
    auto operator<=>(const wait_key&) const = default;
  };
  std::map<std::pair<campaign_id, campaigns::lane_number>, std::map<wait_key, engine::contact_wait>> waits_;
  std::map<contact_id, utc_time> wait_due_;
  std::map<attempt_id, attempt_row> attempts_;
  std::set<attempt_id> open_;  // of them
  std::uint64_t commits_ = 0;
  std::map<e164, callerid::health_record> number_health_;
  attempt_id open_from_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> sealed_;  // epoch and batch
};

}  // namespace dialer::sim
