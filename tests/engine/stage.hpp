#pragma once
// An organisation on a stage: one workspace, agent, account, caller ID and campaign in a zone that is always open. The
// ledger answers at once unless a test says otherwise; everything the organisation asks for is kept.

#include <map>
#include <memory>
#include <vector>

#include "engine/organisation.hpp"

namespace dialer::engine {

class stage {
 public:
  stage();

  // What the take-over finds; set before start().
  recovery found;
  organisation_options options;
  std::vector<campaigns::contact> contacts;  ///< fresh
  commit_result decisions_end = commit_result::committed;
  commit_result outcomes_end = commit_result::committed;
  bool senders_take = true;    ///< false: permitted calls stay queued until a test tells sends_taken
  bool ledger_answers = true;  ///< false: batches stay out until answer_batches()

  void start();
  /// Steps, ticks, and answers what the ledger is asked until nothing more is asked.
  void tell(event what);
  void wait(std::chrono::microseconds length);  ///< ticking four times a second
  void answer_batches();
  /// A new generation, loaded at once.
  template <class Edit>
  void change(Edit&& edit, std::vector<opt_out_change> opt_outs = {}) {
    edit(config());
    ++config().generation;
    tell(changes_loaded{true, {config().generation, snapshot(), std::move(opt_outs)}});
  }
  /// A new generation of which opt-outs are all, loaded at once.
  void opt_out(std::vector<opt_out_change> changes) {
    ++config().generation;
    tell(changes_loaded{true, {config().generation, nullptr, std::move(changes)}});
  }
  organisation_snapshot& config() { return found_config; }
  std::unique_ptr<organisation_snapshot> snapshot() { return std::make_unique<organisation_snapshot>(config()); }

  void answer(attempt_id attempt, carriers::answer_class what, carriers::reaction react, int status = 400,
              disposition outcome = disposition::failed, bool circuit = false);
  /// The sender found the veto before it wrote the request.
  void veto_answered(attempt_id attempt, reason why);
  void accept(attempt_id attempt, const std::string& ref, std::chrono::milliseconds queue_time = {});
  void report(attempt_id attempt, const std::string& ref, carriers::call_phase phase,
              disposition how = disposition::no_answer);

  campaigns::contact& add_contact(std::uint64_t line);
  /// An attempt to number(1) that the take-over finds open: what the ledger knows of it, and since when.
  intent add_open(std::optional<outcome_kind> newest, const std::string& ref,
                  std::chrono::seconds ago = std::chrono::seconds{5});
  static e164 number(std::uint64_t line) { return e164::from_digits(12125550100 + line); }
  static constexpr std::uint64_t caller_id_digits = 14155550100;

  template <class Question>
  std::vector<Question> asked() const {
    std::vector<Question> all;
    for (const carrier_question& each : questions) {
      if (const auto* one = std::get_if<Question>(&each)) all.push_back(*one);
    }
    return all;
  }
  /// The newest intent; an empty one before the first.
  intent last() const;
  attempt_counters counters() const { return machine->view(now).counters; }

  instant now;
  std::unique_ptr<organisation> machine;
  std::vector<decision_batch> decisions;
  std::vector<std::uint64_t> outcome_batches;  ///< numbers, of those that did not commit too
  std::vector<outcome> outcomes;
  std::vector<contact_wait> waits;  ///< of outcome batches and of decisions
  std::vector<contact_end> ends;
  std::vector<callerid::health_record> number_health;  ///< as written
  std::vector<send_call> sends;
  std::vector<veto_send> vetoes;
  std::vector<carrier_question> questions;
  std::vector<slow_account> slowdowns;
  std::vector<std::uint64_t> confirmed;
  std::vector<attempt_id> oldest_open;  ///< as noted

 private:
  void take(effects& out, std::vector<event>& next);
  contacts_loaded load(const contact_request& request);
  void put_wait(const contact_wait& wait);
  void take_wait(contact_id id);

  organisation_snapshot found_config;
  std::vector<event> held_answers_;
  std::map<std::pair<utc_time, contact_id>, campaigns::contact> waiting_;
};

}  // namespace dialer::engine
