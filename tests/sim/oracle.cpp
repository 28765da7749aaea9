// What must never happen, and what must have happened in the end, judged by two witnesses: the ledger and the carrier.

#include <algorithm>

#include "tests/sim/engine_process.hpp"
#include "tests/sim/world.hpp"
#include "tests/sim/zones.hpp"

namespace dialer::sim {

void world::check_create(attempt_id attempt, contact_id contact, integration_id account, e164 to, e164 from,
                         std::uint64_t epoch) {
  note(attempt.value);
  const bool of_the_undead = epoch != ledger_.epoch;
  const store::attempt_row* row = ledger_.find(attempt);
  if (row == nullptr) fail("a create left before its intent was durable");
  if (row->what.to != to || row->what.from != from || row->what.contact != contact ||
      row->what.integration != account) {
    fail("a create differs from its intent");
  }
  if (labelled_run_) {
    const callerid::health_record* health = ledger_.health_of(from);
    const bool rests = health != nullptr && health->state == callerid::health::resting;
    // What was decided just before may still leave.
    if (rests && time_.now().utc > health->since + 5s) fail("a call shows a number that rests");
    return;
  }
  for (const carrier::call& call : carrier_.calls()) {
    if (call.attempt == attempt) fail("one attempt was sent twice");
    if (call.to == to && call.ended > time_.elapsed() && !of_the_undead) fail("two calls to one number at once");
  }
  // A request of a replaced engine is the residue that SAFETY states: its new owner holds it in doubt.
  if (of_the_undead) {
    if (row->closed_at && row->closed_as == engine::outcome_kind::absent) fail("declared absent, then sent");
  } else if (row->closed_at) {
    fail("a create for an attempt that is closed");
  }
  for (const auto& [id, other] : ledger_.attempts()) {
    if (id != attempt && other.what.contact == contact && !other.closed_at) {
      fail("a contact is redialed while an earlier attempt is open");
    }
  }
  if (!of_the_undead) {
    const std::uint64_t applied = ledger_.applied_generation;
    const auto acknowledged = [&](const auto& changes, const auto& what) {
      const auto found = changes.find(what);
      return found != changes.end() && found->second <= applied;
    };
    if (acknowledged(opted_out_at_, to)) fail("a create for " + to.text() + " after its opt-out was acknowledged");
    if (acknowledged(paused_at_, row->what.campaign)) fail("a create after its campaign's pause was acknowledged");
    if (acknowledged(withdrawn_at_, from)) fail("a create with a caller ID whose withdrawal was acknowledged");
    const auto& config = ledger_.config;
    const auto campaign = std::ranges::find(config.campaigns, row->what.campaign, &campaigns::settings::id);
    const auto shown = std::ranges::find(config.numbers, from, &callerid::phone_number::number);
    const std::array<id128, 6> through{config.id,    campaign->workspace, campaign->agent,
                                       campaign->id, shown->id,           account};
    for (const id128& each : through) {
      if (acknowledged(frozen_at_, each)) fail("a create through what was frozen, and acknowledged to be");
    }
  }
  const std::size_t zone = row->what.lane;
  if (!may_ring(zone, row->what.decided_at)) fail("a decision outside the calling window");
  // Written while the window was open, it may arrive up to 5 ms after its end.
  if (!may_ring(zone, time_.now().utc) && !may_ring(zone, time_.now().utc - 5ms))
    fail("a create outside the calling window");
  check_caps(*row, of_the_undead);
  ++creates_;
}

// What the carrier held queued is taken back in time, unless the engine could not know or the carrier would not hear.
void world::check_start(const carrier::call& call) {
  saw("a queued call starts");
  const store::attempt_row* row = ledger_.find(call.attempt);
  const microseconds now = time_.elapsed();
  // Ten seconds our clock may be off, six a new engine takes to ask, and a cancel its way.
  constexpr microseconds slack{18s};
  const auto open = [&](microseconds at) { return may_ring(row->what.lane, time_.true_time(at)); };
  if (open(now) || open(now - slack)) return;
  const bool known = !row->call_ref.empty() && row->ref_known_at < now - slack;
  const bool lives = running_ && booted_at_ < now - slack;
  if (known && lives && !call.could_not_be_asked)
    fail("a queued call to " + call.to.text() + " starts after its window");
}

// Only an opt-out ends a conversation, and a call that the ledger has closed or never had.
void world::check_cut(const carrier::call& call) const {
  const store::attempt_row* row = ledger_.find(call.attempt);
  const bool is_its_call = !row->closed_at && row->call_ref == call.ref;
  if (is_its_call && !undead_ && !opted_out_at_.contains(call.to)) fail("hung up on " + call.to.text() + ", who talks");
}

// Caps are swept over the carrier's record, which no crash empties.
void world::check_caps(const store::attempt_row& row, bool of_the_undead) {
  const auto& config = ledger_.config;
  const auto account = std::ranges::find(config.accounts, row.what.integration, &carriers::account::id);
  const auto campaign = std::ranges::find(config.campaigns, row.what.campaign, &campaigns::settings::id);
  const auto agent = std::ranges::find(config.agents, campaign->agent, &engine::agent_record::id);
  const auto number = std::ranges::find(config.numbers, row.what.from, &callerid::phone_number::number);
  if (number == config.numbers.end() || number->integration != account->id) fail("a caller ID of another account");
  if (number->workspace != campaign->workspace) fail("a caller ID of another workspace");
  if (const e164 fixed = campaign->fixed_caller_id(); fixed && row.what.from != fixed) fail("not the one caller ID");

  const microseconds now = time_.elapsed();
  if (!of_the_undead) {  // its pace beside that of the new owner is the stated residue
    const std::chrono::seconds period = account->kind == carriers::carrier_kind::twilio ? 1s : 5s;
    auto& starts = starts_[account->id];
    std::erase_if(starts, [&](microseconds at) { return at <= now - period; });
    const double most = account->calls_per_second * static_cast<double>(period.count());
    if (static_cast<double>(starts.size()) >= most) fail("above the account's calls per second");
    starts.push_back(now);
  }

  struct {
    unsigned to_number = 0, account = 0, campaign = 0, agent = 0, caller_id = 0, caller_id_hour = 0, caller_id_day = 0;
  } use;
  for (const carrier::call& call : carrier_.calls()) {
    const campaign_id of = ledger_.find(call.attempt)->what.campaign;
    const bool live = call.ended > now;
    use.to_number += call.to == row.what.to;
    use.account += live && call.account == account->id;
    use.campaign += live && of == campaign->id;
    use.agent += live && std::ranges::find(config.campaigns, of, &campaigns::settings::id)->agent == campaign->agent;
    if (call.from != row.what.from) continue;
    use.caller_id += live;
    use.caller_id_hour += call.created > now - 1h;
    ++use.caller_id_day;
  }
  const auto above = [](unsigned used, unsigned cap) { return cap != 0 && used >= cap; };
  if (use.to_number >= campaign->attempts_per_number_24h) fail("above the attempts to one number in 24 hours");
  if (above(use.caller_id_hour, number->calls_per_hour_max)) fail("above the caller ID's calls in an hour");
  if (above(use.caller_id_day, number->calls_per_day_max)) fail("above the caller ID's calls in a day");
  if (of_the_undead) return;  // the lines of an engine that nobody has told are the stated residue
  if (above(use.account, account->concurrent_calls_max)) fail("above the account's concurrent calls");
  if (above(use.campaign, campaign->concurrent_calls_max)) fail("above the campaign's concurrent calls");
  if (above(use.agent, agent->concurrent_calls_max)) fail("above the agent's concurrent calls");
  if (above(use.caller_id, number->concurrent_calls_max)) fail("above the caller ID's concurrent calls");
}

// By the record alone: is there a contact that nothing keeps from being dialed now?
bool world::something_to_dial(bool circuits_may_be_open) const {
  const instant now = time_.now();
  for (const auto& account : running_->machine->view(now).accounts) {
    // These have pauses of their own, up to a minute long.
    if (account.blocked == reason::account_circuit_open && circuits_may_be_open) return false;
    if (account.blocked == reason::account_throttled) return false;
  }
  const auto& config = ledger_.config;
  for (const auto& number : config.numbers) {
    if (number.calls_per_hour_max != 0 || number.concurrent_calls_max != 0) return false;
  }
  const auto full = [&](std::uint32_t most, const auto& counts) {
    return most != 0 && std::ranges::count_if(ledger_.attempts(), [&](const auto& each) {
                          return !each.second.closed_at && counts(each.second.what);
                        }) >= static_cast<std::ptrdiff_t>(most);
  };
  for (const auto& account : config.accounts) {
    if (full(account.concurrent_calls_max, [&](const auto& what) { return what.integration == account.id; }))
      return false;
  }
  for (const auto& [id, contact] : ledger_.contacts()) {
    if (contact.lane >= 2 || opted_out_at_.contains(contact.number)) continue;
    const engine::contact_wait* wait = ledger_.wait_of(id);
    const bool due =
        contact.state == store::contact_state::fresh || (wait != nullptr && wait->contact.due_at <= now.utc);
    if (!due) continue;
    const auto campaign = std::ranges::find(config.campaigns, contact.campaign, &campaigns::settings::id);
    if (campaign->fixed_caller_id()) continue;  // the carrier may have refused the number after the last look at it
    const auto agent = std::ranges::find(config.agents, campaign->agent, &engine::agent_record::id);
    const auto of_agent = [&](const engine::intent& what) {
      return std::ranges::find(config.campaigns, what.campaign, &campaigns::settings::id)->agent == agent->id;
    };
    if (full(agent->concurrent_calls_max, of_agent)) continue;
    if (full(campaign->concurrent_calls_max, [&](const auto& what) { return what.campaign == campaign->id; })) continue;
    unsigned tried = 0;
    bool lately = false;  // a number rests for up to two minutes after a take-over
    for (const auto& [attempt, row] : ledger_.attempts()) {
      if (row.what.to != contact.number) continue;
      tried += row.closed_as != engine::outcome_kind::not_sent;
      lately |= !row.closed_at || row.what.decided_at > now.utc - 150s;
    }
    if (!lately && tried < campaign->attempts_per_number_24h) return true;
  }
  return false;
}

// What is still to come to its end; empty when nothing is. What can never be put right again throws.
std::string world::unsettled() {
  ledger_.check_conservation();
  // A contact that had to wait for a cap may be in a call right now; a doubt lasts up to six minutes.
  const auto under_way = [&](const store::attempt_row& row) {
    return row.what.decided_at > time_.now().utc - 7min ||
           std::ranges::any_of(carrier_.calls(), [&](const carrier::call& call) {
             return call.attempt == row.what.attempt && call.ended > time_.elapsed() - 2min;
           });
  };
  std::map<contact_id, bool> busy;
  for (const auto& [id, row] : ledger_.attempts()) {
    if (row.closed_at) continue;
    if (!under_way(row)) return "attempt " + id.text() + " is still open";
    busy[row.what.contact] = true;
  }
  std::map<attempt_id, const carrier::call*> calls;
  for (const carrier::call& call : carrier_.calls()) {
    if (!calls.emplace(call.attempt, &call).second) fail("an attempt with two calls");
    const store::attempt_row* row = ledger_.find(call.attempt);
    const bool accounted = !row->closed_at || row->closed_as == engine::outcome_kind::ended ||
                           row->kinds.contains(engine::outcome_kind::late);
    if (!accounted && call.denied) return "a call that was declared absent is not accounted for";
    if (!accounted) fail("a call that the ledger does not account for");
    if (row->closed_at && row->answered != call.was_answered() && !call.could_not_be_asked) {
      fail("call " + call.ref + (row->answered ? " is" : " is not") + " down as answered, and it was" +
           (row->answered ? " not" : ""));
    }
  }
  for (const auto& [id, row] : ledger_.attempts()) {
    const bool called = calls.contains(id);
    if (row.closed_as == engine::outcome_kind::ended && !called) fail("an ended attempt without a call");
    if (!row.call_ref.empty() && (!called || calls[id]->ref != row.call_ref)) {
      fail("attempt " + id.text() + " has taken the call " + row.call_ref + " of another");
    }
  }
  for (const auto& [id, row] : ledger_.contacts()) {
    const utc_time end = time_.now().utc;
    const bool ever_open = may_ring(row.lane, end) || may_ring(row.lane, end - time_.elapsed());
    if (!ever_open && row.state != store::contact_state::fresh) fail("a contact in a closed zone was touched");
    if (!may_ring(row.lane, end) || row.state == store::contact_state::done || busy.contains(id)) continue;
    const auto campaign = std::ranges::find(ledger_.config.campaigns, row.campaign, &campaigns::settings::id);
    const auto tried = std::ranges::count_if(ledger_.attempts(), [&](const auto& each) {
      return each.second.what.to == row.number && each.second.closed_as != engine::outcome_kind::not_sent;
    });
    const bool capped = tried >= campaign->attempts_per_number_24h;
    const bool no_caller_id =
        campaign->fixed_caller_id() || std::ranges::all_of(ledger_.config.numbers, [&](const auto& number) {
          return number.workspace != campaign->workspace || number.calls_per_hour_max != 0;
        });
    if (!capped && !no_caller_id) return "contact " + id.text() + " is not done";
  }
  if (ledger_.applied_generation != ledger_.config.generation) return "the last change is not confirmed";
  return {};
}

}  // namespace dialer::sim
