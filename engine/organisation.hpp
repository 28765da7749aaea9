#pragma once
// One organisation's dialing: a deterministic state machine, step(event, now) -> effects. It runs unchanged in the
// engine (engine/shard) and in the simulation (tests/sim) under virtual time.
//
// Thread-safety: none; it lives on its shard. It reads no clock, opens no socket, starts no thread; its randomness is
// seeded. Equal events at equal times give equal effects.
//
// Invariants:
//  1. An attempt leaves (effects::sends) only after its intent's commit was acknowledged.
//  2. At most one decision batch and one outcome batch are out; contacts of a lane are decided in order, so the lane's
//     cursor in a batch tells exactly which fresh contacts that commit touches.
//  3. An attempt in doubt counts as live in every cap and is closed only by the carrier's word.
//  4. A batch decided under an old generation never commits; after changes are applied nothing that they forbid is
//  sent.

#include <boost/container/deque.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "callerid/number_health.hpp"
#include "callerid/pick.hpp"
#include "compliance/gate.hpp"
#include "engine/account_run.hpp"
#include "engine/attempt.hpp"
#include "engine/attempt_run.hpp"
#include "engine/campaign_run.hpp"
#include "engine/doubt.hpp"
#include "engine/events.hpp"
#include "engine/fair_share.hpp"
#include "engine/hash_tables.hpp"
#include "engine/judgement.hpp"
#include "engine/ledger.hpp"
#include "engine/stats.hpp"
#include "model/clock.hpp"
#include "model/random.hpp"

namespace dialer::engine {

struct organisation_options {
  std::uint8_t node = 1;                        ///< into attempt ids
  std::uint64_t seed = 1;                       ///< jitter of back-offs
  std::size_t batch_max = 512;                  ///< decisions or outcomes in one commit
  std::chrono::milliseconds outcome_delay{10};  ///< that outcomes wait for others, to share a commit with them
  std::chrono::milliseconds reserve{100};       ///< intents committed ahead, as time at the account's pace; < 1 s
  std::uint32_t reserve_max = 2048;             ///< and as a number
  std::chrono::milliseconds send_within{3000};  ///< from decision to the request's first byte
  std::chrono::seconds number_busy_again{60};   ///< put-off while another contact with the number is being called
  std::chrono::seconds poll_after_ring{30};     ///< no terminal report so long after the ring timeout: fetch the call
  std::chrono::milliseconds queue_time_max{2000};  ///< carrier's queue estimate above which the account is slowed
  std::size_t look_ahead_min = 256;                ///< contacts held of a lane
  std::size_t look_ahead_max = 4096;
  std::size_t recount_max = 1'000'000;  ///< newest attempts before the take-over that numbers' health is counted from
  doubt_timing doubts;
  callerid::region_of region = nullptr;  ///< where a number belongs, for local presence; null: not known
};

class organisation {
 public:
  /// Takes over what `found` describes.
  organisation(organisation_options options, recovery found, instant now);
  ~organisation();
  organisation(const organisation&) = delete;
  organisation& operator=(const organisation&) = delete;

  /// The only way in. Appends to `out`.
  void step(event&& what, instant now, effects& out);

  /// Starts reading what step() will need for an answer. Asked for a whole batch first, it saves each of them the wait.
  void prefetch(const event& what) const;

  /// When step(tick) has something to do next; for timers. Never later than 250 ms after the last tick.
  steady_time next_tick() const;

  organisation_view view(instant now) const;
  const ownership& owner() const { return owner_; }
  std::uint64_t generation() const { return generation_; }
  std::size_t open_attempts() const { return attempt_index_.size(); }
  /// Nothing is out and nothing waits to be written: safe to release after drain_requested.
  bool drained() const;

 private:
  struct timer {
    steady_time at;
    attempt_id attempt;
    bool operator>(const timer& other) const { return at > other.at; }
  };

  /// Turns in a row of one campaign.
  struct turns {
    run_index campaign;
    std::uint32_t count;
  };

  /// A contact on its way through the pipeline.
  struct candidate {
    run_index campaign;
    lane_run* lane;
    campaigns::contact contact;
    bool put_back = false;
  };

  /// What the batch that is out took, to be given back if it does not commit.
  struct batch_out {
    std::uint64_t number = 0;            // 0: none is out
    std::vector<attempt_run*> attempts;  // of attempts_, in order
    std::vector<candidate> contacts;     // in order
    std::vector<reason> ended;
    std::vector<reason> put_off;
    std::optional<utc_time> earliest_wait;
    std::uint64_t decided_under = 0;  // changes_applied_ at the first of them
  };

  // pipeline.cpp: the way of one contact
  void schedule(instant now);
  void select(std::size_t count, instant now);
  std::uint32_t quantum() const;
  void take_turns(std::size_t count);
  void take_contacts(const turns& of, instant now);
  static const lane_run* lane_due(const campaign_run& campaign);
  bool advance(const candidate& next, const compliance::number_record& known, instant now);
  bool place_call(const candidate& next, const compliance::screening& judged, instant now);
  void put_off(const candidate& next, reason why, utc_time until);
  void end_undialed(const candidate& next, reason why, instant now);
  void touch(const candidate& next);

  // limits.cpp: what stands in the way before a contact is looked at
  bool may_decide(instant now) const;
  std::uint32_t room_of(const account_run& account, instant now) const;
  std::uint32_t total_room(instant now) const;
  bool refill_due(instant now) const;
  reason account_block(const account_run& account, instant now) const;
  reason campaign_block(const campaign_run& campaign, instant now) const;
  reason own_limit(const campaign_run& campaign, instant now) const;
  std::uint32_t reserve_of(const carriers::account& account) const;
  void block(run_index campaign, reason why, steady_time until);
  void activate(run_index campaign);
  void activate_all(instant now);

  // commits.cpp: batches out and back
  void emit_decisions(effects& out);
  void emit_outcomes(instant now, effects& out);
  void on_event(decisions_committed& what, instant now, effects& out);
  void on_event(outcomes_committed& what, instant now, effects& out);
  void drop_deciding();
  void roll_back(batch_out& batch);
  void undo(attempt_run& attempt);

  // lanes.cpp: look-ahead and windows
  void on_event(contacts_loaded& what, instant now, effects& out);
  lane_run* next_lane(campaign_run& campaign, instant now);
  void request_hungry(instant now, effects& out);
  void note_hungry(run_index campaign, lane_run& lane);
  void scan_lanes(instant now);
  void request_contacts(campaign_run& campaign, lane_run& lane, instant now, effects& out);
  bool wants_contacts(const lane_run& lane, instant now) const;
  void refresh_window(const campaign_run& campaign, lane_run& lane, instant now) const;
  contact_wait make_wait(const campaign_run& campaign, campaigns::contact contact, reason why, utc_time due);
  utc_time wait_floor() const;
  lane_run* find_lane(const campaign_run& campaign, campaigns::lane_number number) const;

  // attempts.cpp: open attempts, the answer to their create, their waits
  void on_event(sends_taken& what, instant now, effects& out);
  void on_event(create_answered& what, instant now, effects& out);
  attempt_run* find(attempt_id id);
  attempt_run& open(attempt_id id);
  void note_answer(attempt_run& attempt);
  void forget(attempt_run& attempt);
  void release(attempt_run& attempt);
  void take_back(attempt_run& attempt);
  void ask(attempt_run& attempt, carrier_question&& what, effects& out);
  void set_deadline(attempt_run& attempt, steady_time at);
  void poll_at(attempt_run& attempt, steady_time at, instant now);
  void on_deadline(attempt_run& attempt, instant now, effects& out);
  static constexpr std::chrono::seconds fetch_again{30};

  // accounts.cpp: what answers say about an account
  void on_event(account_probed& what, instant now, effects& out);
  void apply_reaction(attempt_run& attempt, const carriers::create_answer& answer, instant now, effects& out);
  void apply_reaction(attempt_run& attempt, carriers::reaction react, instant now);
  bool is_closed(account_run& account, e164 number, instant now) const;
  void stop(account_run& account, instant now);

  // reports.cpp: what the carrier reports of a call
  void on_event(call_reported& what, instant now, effects& out);
  void on_event(call_fetched& what, instant now, effects& out);
  void apply_report(attempt_run& attempt, const carriers::call_report& report, instant now, effects& out);
  void adopt(attempt_run& attempt, outcome_kind kind, instant now);
  bool believe_unknown(attempt_run& attempt, instant now) const;

  // in_doubt.cpp: whether the carrier has the call
  void on_event(looked_up& what, instant now, effects& out);
  void begin_doubt(attempt_run& attempt, instant now);
  void end_doubt(attempt_run& attempt);
  void remember_ref(e164 to, std::string_view call_ref, steady_time now);
  void learn_late(e164 to, std::string_view call_ref, steady_time now);

  // hang_ups.cpp: calls that must not go on
  void on_event(call_canceled& what, instant now, effects& out);
  void cancel_if_vetoed(attempt_run& attempt, instant now, effects& out);
  utc_time window_closes(const attempt_run& attempt, instant now) const;
  bool queued_at_carrier(const attempt_run& attempt) const;
  void cancel(attempt_run& attempt, enum attempt_run::cancel what, effects& out);
  void hang_up_stray(integration_id integration, attempt_id attempt, const std::string& call_ref, instant now,
                     effects& out);

  // closing.cpp: the end of an attempt, and where its contact goes
  void write(attempt_run& attempt, outcome_kind kind, instant now, outcome&& row);
  void close_not_sent(attempt_run& attempt, reason why, std::chrono::milliseconds again_in, instant now);
  void close_rejected(attempt_run& attempt, const carriers::create_answer& answer, instant now);
  void close_ended(attempt_run& attempt, const carriers::call_report& report, instant now);
  void hold_end(attempt_run& attempt, const carriers::call_report& report, instant now, effects& out);
  void ask_of_end(attempt_run& attempt, instant now, effects& out);
  void close_absent(attempt_run& attempt, instant now);
  void remember_absent(const absent_attempt& closed);
  void go_on_or_end(attempt_run& attempt, outcome& row, disposition how, instant now);
  void wait_until(const attempt_run& attempt, const campaigns::contact& contact, reason why, utc_time due);

  // caller_id_health.cpp: what calls say of the numbers they show
  void count_for_health(const attempt_run& attempt, disposition how, std::uint32_t duration_s, instant now);
  void rest_caller_id(const attempt_run& attempt, instant now);
  void recount_health(const past_attempt& past, callerid::number_index number);
  void restore_health(instant now);
  void advance_health(instant now);
  void note_health(callerid::number_index number, instant now);

  // changes.cpp: snapshots, opt-outs, what they forbid
  void on_event(changes_announced& what, instant now, effects& out);
  void on_event(changes_loaded& what, instant now, effects& out);
  void request_changes(instant now, effects& out);
  /// Some are known to exist: nothing is decided before they are here.
  bool changes_due() const { return changes_wanted_ || changes_out_; }
  void apply_snapshot(organisation_snapshot&& snapshot, instant now);
  void apply_campaign(const campaigns::settings& settings);
  const compliance::country_set* countries_of(const std::string& default_country);
  run_index keep_campaign(campaign_id id);
  run_index keep_account(integration_id id);
  void apply_lane(const lane_record& lane);
  void rebuild_pools();
  campaign_surroundings around(const campaign_run& campaign) const;
  reason outside_settings(const attempt_run& attempt, instant now) const;
  reason forbidden(const attempt_run& attempt, instant now) const;
  void veto_forbidden(instant now, effects& out);
  void veto_opted_out(const std::vector<opt_out_change>& changes, instant now, effects& out);
  void veto_if_forbidden(attempt_run& attempt, instant now, effects& out);
  void hold_confirmation(attempt_run& attempt);
  void release_hold(attempt_run& attempt);
  void confirm_when_clear(effects& out);

  // organisation.cpp
  void on_event(tick& what, instant now, effects& out);
  void on_event(drain_requested& what, instant now, effects& out);
  void recover(recovery& found, instant now);
  void periodic(instant now, effects& out);
  void note_oldest_open(effects& out);

  organisation_options options_;
  ownership owner_;
  std::uint64_t generation_ = 0;
  std::uint64_t settings_version_ = 0;
  bool frozen_ = false;
  bool lost_ = false;
  bool draining_ = false;
  random_source random_;
  id_sequence attempt_ids_;

  compliance::rules_snapshot rules_;
  compliance::organisation_rules org_rules_;
  std::map<std::pair<std::vector<std::string>, std::string>, compliance::country_set> country_sets_;  // few, shared
  std::vector<std::string> allowed_countries_;
  compliance::callee_book callees_;
  compliance::gate gate_;
  callerid::pool_book pools_;
  callerid::health_book health_;
  organisation_snapshot snapshot_;  // numbers and assignments, to rebuild the pools from

  std::deque<workspace_run> workspaces_;
  std::deque<agent_run> agents_;
  std::deque<account_run> accounts_;
  std::deque<campaign_run> campaigns_;
  flat_map<workspace_id, run_index> workspace_index_;
  flat_map<agent_id, run_index> agent_index_;
  flat_map<integration_id, run_index> account_index_;
  flat_map<campaign_id, run_index> campaign_index_;
  fair_share shares_;
  std::uint32_t calls_per_tenth_ = 0;  // all accounts' calls in a tenth of a second

  // Slots, of which the free ones are closed; addresses are stable. Not std::deque: it would allocate each one by
  // itself.
  boost::container::deque<attempt_run, void, boost::container::deque_options<boost::container::block_size<512>>::type>
      attempts_;
  std::vector<run_index> free_slots_;
  std::uint32_t doubts_ = 0;  // attempts with in_doubt
  flat_map<attempt_id, run_index> attempt_index_;
  flat_map<e164, attempt_id>
      numbers_in_flight_;  // by the attempt that calls it; no id, or a closed one: not yet to be called
  std::priority_queue<timer, std::vector<timer>, std::greater<>> timers_;

  flat_map<attempt_id, absent_attempt> absent_;  // a day long: late truth is recognised by it
  std::deque<std::pair<utc_time, attempt_id>> absent_by_age_;

  // Call references of attempts closed a moment ago, as hashes by number called, oldest first: a doubt about the next
  // attempt to that number must not take them for its own.
  flat_map<e164, std::vector<std::size_t>> recent_refs_;
  std::deque<std::pair<steady_time, e164>> recent_refs_by_age_;
  // Numbers called a moment before the take-over by attempts already closed, whose references nobody handed on: in
  // flight until a doubt about the next attempt could no longer take their calls for its own.
  std::deque<std::pair<utc_time, e164>> resting_numbers_;

  struct stray_call {
    cancel_call what;
    steady_time since;
    std::optional<steady_time> ask_again;
  };
  std::vector<stray_call> stray_calls_;  // that no open attempt stands for, until the carrier says they are over

  std::vector<turns> turns_;                      // whose turn it is, of the contacts being selected
  std::vector<candidate> candidates_;             // at hand, between selection and decision
  std::vector<e164> numbers_at_hand_;             // of candidates_ ...
  std::vector<compliance::number_record> known_;  // ... and what the gate knows of them
  decision_batch deciding_;                       // being filled ...
  batch_out deciding_takes_;                      // ... and what it took
  batch_out committing_;                          // out
  std::vector<std::pair<run_index, lane_run*>> moved_lanes_;
  std::deque<std::pair<run_index, lane_run*>> hungry_;  // that may want contacts loaded, first come first
  std::uint32_t loads_out_ = 0;
  outcome_batch closing_;                   // being filled ...
  std::optional<steady_time> closing_due_;  // ... until then, unless it is full before
  outcome_batch closing_out_;               // out, or to be sent again; number == 0 when none
  bool closing_again_ = false;
  // Numbers of attempts closed in those batches: in flight until the ledger knows that they are not.
  std::vector<e164> closing_numbers_;
  std::vector<e164> closing_out_numbers_;
  std::optional<utc_time> closing_earliest_wait_;
  std::optional<utc_time> closing_out_earliest_wait_;
  std::uint64_t batch_number_ = 0;
  steady_time ledger_down_until_{};
  bool changes_wanted_ = false;                // known to exist, not yet asked for
  bool settings_wanted_ = false;               // ... and what settings name changed
  std::optional<change_request> changes_out_;  // asked for
  steady_time changes_again_at_{};             // back-off after they could not be loaded
  std::uint64_t changes_applied_ = 0;          // rises with everything that forbidden() judges by
  bool confirm_due_ = false;                   // generation_ is to be confirmed once no attempt holds it back
  std::uint32_t confirm_holds_ = 0;
  bool taken_over_ = true;  // what came with the take-over is still to be held against open attempts

  steady_time periodic_at_{};
  steady_time health_advances_at_{};
  steady_time oldest_open_at_{};
  attempt_id newest_durable_;     // of the attempts whose intents are
  attempt_id oldest_open_noted_;  // what effects::oldest_open said last
  attempt_counters counters_;
};

}  // namespace dialer::engine
