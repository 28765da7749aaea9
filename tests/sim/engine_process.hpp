#pragma once
// An engine in one life: the organisation under test and, in virtual time, what stands around it in the product - the
// ledger's thread and the senders (engine/sender, engine/shard), with the faults of both.

#include <deque>

#include "engine/send_queue.hpp"
#include "tests/sim/world.hpp"

namespace dialer::sim {

using namespace std::chrono_literals;

// Everything it sends carries a weak reference, so that a crash cuts what has not left yet.
struct world::engine_process : std::enable_shared_from_this<engine_process> {
  explicit engine_process(world& of) : in{of} {}

  void start() {
    engine::organisation_options options;
    options.seed = in.time_.random();
    options.batch_max = 1 + in.time_.random.below(64);
    options.look_ahead_min = 4 + in.time_.random.below(64);
    options.reserve = std::chrono::milliseconds{50 + in.time_.random.below(900)};
    engine::recovery found = in.ledger_.take_over();
    epoch = found.owner.epoch;
    for (const carriers::account& account : found.snapshot.accounts) {
      const auto line = lines.try_emplace(account.id, account.kind, account.calls_per_second).first;
      engine::remember_starts(line->second, account.id, found.starts, options.send_within, in.time_.now());
    }
    machine = std::make_unique<engine::organisation>(options, std::move(found), in.time_.now());
    tick();
  }

  void step(engine::event what) {
    engine::effects out;
    machine->step(std::move(what), in.time_.now(), out);
    machine->step(engine::tick{}, in.time_.now(), out);
    carry_out(out);
    arm();
  }

  void tick() { step(engine::tick{}); }

  void arm() {
    const steady_time at = machine->next_tick();
    if (armed_for == at) return;
    armed_for = at;
    in.time_.after(at - in.time_.now().steady, [weak = weak_from_this(), at] {
      if (auto self = weak.lock(); self && self->armed_for == at) {
        self->armed_for = {};
        self->tick();
      }
    });
  }

  // The process hears of it later, if it still lives.
  void tell(microseconds delay, engine::event what) {
    auto held = std::make_shared<engine::event>(std::move(what));
    in.time_.after(delay, [weak = weak_from_this(), held] {
      if (auto self = weak.lock()) self->step(std::move(*held));
    });
  }

  bool down() const { return in.time_.elapsed() < in.outage_until_; }
  bool bites(double probability) { return in.faults_on_ && in.time_.random.chance(probability); }
  microseconds way() { return in.time_.between(100us, 5ms); }

  template <class Batch, class Answer>
  void commit(Batch batch) {
    const bool fails = down() || bites(in.faults_.commit_fails);
    const bool unknown = !fails && bites(in.faults_.commit_unknown);
    const microseconds there = bites(in.faults_.commit_slow) ? in.time_.between(10ms, 5s) : way();
    auto held = std::make_shared<Batch>(std::move(batch));
    // What was handed to the kernel arrives whether or not the process lives.
    in.time_.after(there, [&world = in, weak = weak_from_this(), held, fails, unknown, there] {
      Answer answer{held->number, engine::commit_result::failed};
      if (fails) {
        world.ledger_.declare_failed(held->owner, held->number);
      } else {
        answer.result = world.ledger_.commit(*held);
      }
      world.saw(fails ? "commit failed" : unknown ? "commit unknown" : there > 1s ? "commit slow" : "commit");
      if (answer.result == engine::commit_result::stale_generation) world.saw("commit stale");
      if (answer.result == engine::commit_result::not_owner) world.saw("commit not owner");
      world.note(held->number ^ static_cast<std::uint64_t>(answer.result));
      // An unknown commit is read back by the ledger before the engine hears anything.
      const microseconds back = unknown ? world.time_.between(2s, 6s) : world.time_.between(100us, 5ms);
      if (auto self = weak.lock()) self->tell(back, answer);
    });
  }

  void carry_out(engine::effects& out) {
    if (out.ownership_lost) lost = true;
    for (auto& batch : out.decisions) commit<engine::decision_batch, engine::decisions_committed>(std::move(batch));
    for (auto& batch : out.outcomes) commit<engine::outcome_batch, engine::outcomes_committed>(std::move(batch));
    for (auto& request : out.loads) {
      const bool fails = down() || bites(in.faults_.load_fails);
      in.time_.after(way(), [&world = in, weak = weak_from_this(), request, fails] {
        engine::contacts_loaded loaded{!fails, {}};
        if (fails) {
          loaded.page.campaign = request.campaign;
          loaded.page.lane = request.lane;
        } else {
          loaded.page = world.ledger_.load(request);
        }
        if (auto self = weak.lock()) self->tell(self->way(), std::move(loaded));
      });
    }
    if (out.load_changes) {
      const bool fails = down() || bites(in.faults_.load_fails);
      in.time_.after(way(), [&world = in, weak = weak_from_this(), what = *out.load_changes, fails] {
        engine::changes_loaded loaded{!fails, {}};
        if (!fails) loaded.changes = world.ledger_.changes(what);
        if (auto self = weak.lock()) self->tell(self->way(), std::move(loaded));
      });
    }
    if (out.confirm_applied && epoch == in.ledger_.epoch) {
      if (*out.confirm_applied > in.ledger_.config.generation) in.fail("a generation confirmed that does not exist");
      in.ledger_.applied_generation = std::max(in.ledger_.applied_generation, *out.confirm_applied);
      in.saw("change confirmed");
    }
    if (out.oldest_open) in.ledger_.note_oldest_open(machine->owner(), *out.oldest_open);
    for (auto& call : out.sends) {
      auto ticket = std::make_shared<pending_send>(pending_send{std::move(call), false, false});
      unsent[ticket->call.integration].push_back(ticket);
      by_attempt[ticket->call.attempt] = ticket;
    }
    for (const auto& veto : out.vetoes) {
      const auto ticket = by_attempt.find(veto.attempt);
      if (ticket == by_attempt.end() || ticket->second->claimed) continue;
      ticket->second->vetoed = true;
      ++in.result_.vetoes;
      in.saw("veto " + std::string{to_string(veto.why)});
      answer_not_sent(veto.attempt, veto.why);
    }
    for (auto& question : out.questions) ask(question);
    for (const auto& slow : out.slowdowns) {
      carriers::call_budget& line = lines.at(slow.integration);
      if (slow.hold) {
        line.hold(in.time_.now().steady + *slow.hold);
      } else {
        line.slow_down(in.time_.now().steady, 30s);
      }
    }
    if (!out.sends.empty() || !out.vetoes.empty()) pull();
  }

  // --- what engine/sender does, in virtual time ---

  struct pending_send {
    engine::send_call call;
    bool vetoed;
    bool claimed;
  };

  void pull() {
    for (auto& [account, tickets] : unsent) pull(account, tickets);
  }

  void pull(integration_id account, std::deque<std::shared_ptr<pending_send>>& tickets) {
    while (!tickets.empty()) {
      const std::shared_ptr<pending_send> ticket = tickets.front();
      const instant now = in.time_.now();
      if (ticket->vetoed || !ticket->call.permit.valid_at(now)) {
        tickets.pop_front();
        taken(*ticket);
        if (!ticket->vetoed) {
          in.saw("permit expired");
          ticket->vetoed = true;
          answer_not_sent(ticket->call.attempt, reason::permit_expired);
        }
        continue;
      }
      if (const steady_time at = lines.at(account).take(now.steady); at > now.steady) {
        if (!waiting_for_start.insert(account).second) return;
        in.time_.after(at - now.steady, [weak = weak_from_this(), account] {
          auto self = weak.lock();
          if (!self) return;
          self->waiting_for_start.erase(account);
          self->pull(account, self->unsent[account]);
        });
        return;
      }
      tickets.pop_front();
      taken(*ticket);
      ticket->claimed = true;
      write(*ticket);
    }
  }

  void taken(const pending_send& ticket) { tell(way(), engine::sends_taken{ticket.call.integration, 1}); }

  void answer_not_sent(attempt_id attempt, reason why) {
    carriers::create_answer answer;
    answer.what = carriers::answer_class::not_sent;
    answer.react = carriers::reaction::none;
    tell(0us, engine::create_answered{attempt, std::move(answer), why});
  }

  void write(pending_send& ticket) {
    const attempt_id attempt = ticket.call.attempt;
    const dial_permit permit = std::move(ticket.call.permit);
    if (bites(in.faults_.connect_fails)) {
      in.saw("connect failed");
      carriers::create_answer answer;
      answer.what = carriers::answer_class::not_sent;
      answer.react = carriers::reaction::retry;
      answer.circuit = true;
      tell(way(), engine::create_answered{attempt, std::move(answer), reason::none});
      return;
    }
    // Written: it arrives even if the process dies now.
    in.time_.after(
        way(), [&world = in, weak = weak_from_this(), attempt, contact = ticket.call.contact,
                account = permit.integration(), to = permit.to(), from = permit.caller_id(), sender = epoch] {
          world.check_create(attempt, contact, account, to, from, sender);
          world.carrier_.create({attempt, contact, account, to, from, world.kind_of(account)},
                                [&world, weak, attempt](carriers::create_answer answer) {
                                  auto self = weak.lock();
                                  // The organisation may have come back to the process that has the answer.
                                  if (!self && world.time_.random.chance(0.3)) self = world.running_;
                                  if (self)
                                    self->tell(1ms, engine::create_answered{attempt, std::move(answer), reason::none});
                                });
        });
  }

  void ask(engine::carrier_question& question) {
    in.time_.after(in.time_.between(5ms, 100ms), [&world = in, weak = weak_from_this(), question] {
      auto self = weak.lock();
      if (const auto* look = std::get_if<engine::look_up>(&question)) {
        if (!self) return;
        carriers::call_page page =
            world.carrier_.list(look->integration, world.kind_of(look->integration), look->to, look->from, look->next);
        std::erase_if(page.calls, [&](const carriers::listed_call& call) {
          return !call.token.empty() && call.token != look->attempt.text();
        });
        self->tell(5ms, engine::looked_up{look->attempt, std::move(page)});
      } else if (const auto* fetch = std::get_if<engine::fetch_call>(&question)) {
        if (self) self->tell(5ms, engine::call_fetched{fetch->attempt, world.carrier_.fetch(fetch->call_ref)});
      } else if (const auto* end = std::get_if<engine::cancel_call>(&question)) {
        const auto how = world.carrier_.cancel(end->call_ref, end->ringing_only);
        if (self) self->tell(5ms, engine::call_canceled{end->attempt, end->call_ref, how});
      } else if (const auto* probe = std::get_if<engine::probe_account>(&question)) {
        if (self) self->tell(5ms, engine::account_probed{probe->integration, world.carrier_.usable()});
      }
    });
  }

  world& in;
  std::unique_ptr<engine::organisation> machine;
  steady_time armed_for{};
  std::map<integration_id, std::deque<std::shared_ptr<pending_send>>> unsent;
  std::map<attempt_id, std::shared_ptr<pending_send>> by_attempt;
  std::set<integration_id> waiting_for_start;
  std::map<integration_id, carriers::call_budget> lines;  // the carrier accounts' limits
  std::uint64_t epoch = 0;
  bool lost = false;
};

}  // namespace dialer::sim
