// The way of one contact, in the order of the steps:
//   select (whose turn, which lane) -> screen (may we?) -> pick a caller ID (as whom?) -> permit (still?) -> intent.
// What follows - the durable intent, the send, the answer - comes back as events: commits.cpp, attempts.cpp.

#include <span>

#include "compliance/prefetch.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

constexpr std::size_t select_max = 128;  // contacts selected together, so that their memory accesses overlap
constexpr std::uint32_t quantum_max = 8;
// For a destination that one account refuses: when another could be free, and when none is left to try.
constexpr std::chrono::seconds refused_here_again{10};
constexpr std::chrono::minutes refused_again{10};

std::size_t size_of(const decision_batch& batch) {
  return batch.intents.size() + batch.ends.size() + batch.waits.size();
}

template <class Object>
void prefetch_hot(const Object& object) {
  const auto* bytes = reinterpret_cast<const char*>(&object);
  for (std::size_t line = 0; line < Object::hot_lines; ++line) compliance::prefetch_line(bytes + line * 64);
}

callerid::policy to_pick_policy(campaigns::caller_id_policy policy) {
  switch (policy) {
    case campaigns::caller_id_policy::sticky: return callerid::policy::sticky;
    case campaigns::caller_id_policy::local_presence: return callerid::policy::local_presence;
    case campaigns::caller_id_policy::least_used_today: return callerid::policy::least_used_today;
    case campaigns::caller_id_policy::weighted: return callerid::policy::weighted;
    case campaigns::caller_id_policy::fixed: return callerid::policy::fixed;
  }
  return callerid::policy::sticky;
}

}  // namespace

void organisation::schedule(instant now) {
  if (!refill_due(now)) return;
  shares_.set_quantum(quantum());
  while (may_decide(now) && size_of(deciding_) < options_.batch_max) {
    const std::size_t room = std::min<std::size_t>(total_room(now), options_.batch_max - size_of(deciding_));
    select(std::min(room, select_max), now);
    if (candidates_.empty()) return;
    const std::size_t decided_before = size_of(deciding_);
    const std::size_t dialed_before = deciding_.intents.size();
    gate_.look_up(numbers_at_hand_, now, known_);
    for (std::size_t at = 0; at < candidates_.size(); ++at) {
      candidate& next = candidates_[at];
      // Once one contact of a lane is put back, the later ones follow it: the lane's order is its cursor's meaning.
      next.put_back = next.lane->held || !advance(next, known_[at], now);
      next.lane->held |= next.put_back;
    }
    for (auto next = candidates_.rbegin(); next != candidates_.rend(); ++next) {
      if (next->put_back) next->lane->queue.push_front(next->contact);
      next->lane->held = false;
    }
    // All at once, so that their memory accesses overlap; until then numbers_in_flight_ knows the numbers.
    for (const intent& dialed : std::span{deciding_.intents}.subspan(dialed_before)) {
      callees_.record(dialed.to, dialed.decided_at);
    }
    if (size_of(deciding_) == decided_before) return;
  }
}

// A tenth of a second's calls, shared out in rounds: with many campaigns on a slow account one contact each, with few
// on a fast one several in a row.
std::uint32_t organisation::quantum() const {
  const auto active = static_cast<std::uint32_t>(std::max<std::size_t>(shares_.active(), 1));
  return std::clamp(calls_per_tenth_ / active, 1U, quantum_max);
}

// Chooses whose turns come next and starts the memory accesses of looking at them: a thousand campaigns and their lanes
// are in no cache, and one after the other their misses would cost more than all the rest of a decision.
void organisation::take_turns(std::size_t count) {
  turns_.clear();
  for (; count > 0; --count) {
    const auto turn = shares_.next();
    if (!turn) break;
    if (!turns_.empty() && turns_.back().campaign == *turn) {
      ++turns_.back().count;
      continue;
    }
    prefetch_hot(campaigns_[*turn]);
    turns_.push_back({*turn, 1});
  }
  for (const turns& of : turns_) {
    compliance::prefetch_line(campaigns_[of.campaign].lanes.data() + campaigns_[of.campaign].lane_at);
  }
  for (const turns& of : turns_) {
    if (const lane_run* lane = lane_due(campaigns_[of.campaign])) prefetch_hot(*lane);
  }
  for (const turns& of : turns_) {
    if (const lane_run* lane = lane_due(campaigns_[of.campaign])) lane->queue.prefetch(of.count);
  }
}

// Takes up to `count` contacts from lanes, in fair order.
void organisation::select(std::size_t count, instant now) {
  candidates_.clear();
  numbers_at_hand_.clear();
  std::size_t passed_over = 0;
  while (candidates_.size() < count && passed_over < shares_.active()) {
    take_turns(count - candidates_.size());
    if (turns_.empty()) return;
    for (const turns& of : turns_) {
      campaign_run& campaign = campaigns_[of.campaign];
      if (!campaign.active) continue;  // it had turns before and was blocked there
      if (const reason why = campaign_block(campaign, now); why != reason::none) {
        campaign.blocked = why;
        // A full account empties within milliseconds: such a campaign keeps its place in the round.
        if (why == reason::account_cps) {
          ++passed_over;
        } else {
          block(of.campaign, why, why == reason::campaign_rate ? campaign.next_start() : now.steady);
        }
        continue;
      }
      campaign.blocked = reason::none;
      passed_over = 0;
      take_contacts(of, now);
    }
  }
}

// The contacts of one campaign's turns: from one lane as long as it has any.
void organisation::take_contacts(const turns& of, instant now) {
  campaign_run& campaign = campaigns_[of.campaign];
  for (std::uint32_t left = of.count; left > 0;) {
    lane_run* lane = next_lane(campaign, now);
    if (lane == nullptr) {
      block(of.campaign, reason::none, now.steady);
      return;
    }
    for (; left > 0 && !lane->queue.empty(); --left) {
      candidates_.push_back({of.campaign, lane, lane->queue.front(), false});
      numbers_at_hand_.push_back(candidates_.back().contact.number);
      lane->queue.pop_front();
    }
    if (!lane->loading && lane->queue.size() < lane->look_ahead / 2) note_hungry(of.campaign, *lane);
  }
}

// Decides one contact. False: the contact stays where it was, because what stands in the way is not its own. `known`
// holds for numbers that no other contact at hand is called on: those are in flight by then.
bool organisation::advance(const candidate& next, const compliance::number_record& known, instant now) {
  const campaign_run& campaign = campaigns_[next.campaign];
  const compliance::screening judged = gate_.screen(
      subject_of(campaign.what, next.contact.id, next.contact.number, next.lane->window, campaign.countries), known,
      org_rules_, now);
  const contact_step step =
      judge(campaign.what, next.contact.attempts, judged.result(), numbers_in_flight_.contains(next.contact.number));
  switch (step.what) {
    case contact_step::kind::dial: return place_call(next, judged, now);
    case contact_step::kind::put_off:
      put_off(next, step.why, step.until.value_or(now.utc + options_.number_busy_again));
      return true;
    case contact_step::kind::end: end_undialed(next, step.why, now); return true;
    case contact_step::kind::lane_closed: next.lane->window_until = now.utc; return false;  // evaluated anew
    case contact_step::kind::campaign_held:
      block(next.campaign, step.why, now.steady + std::chrono::seconds{1});
      return false;
  }
  return false;
}

// Picks account and caller ID, takes every budget or none, and writes the intent into the batch.
bool organisation::place_call(const candidate& next, const compliance::screening& judged, instant now) {
  campaign_run& campaign = campaigns_[next.campaign];
  if (const reason why = own_limit(campaign, now); why != reason::none) {
    campaign.blocked = why;
    return false;
  }
  const campaigns::contact& contact = next.contact;
  const callerid::policy policy = to_pick_policy(campaign.what.caller_id);
  const e164 fixed = campaign.what.fixed_caller_id();

  reason why_not = reason::account_cps;
  std::optional<utc_time> until;  // the first of the accounts' numbers frees
  bool others_full = false;       // accounts that were not asked for a caller ID: of those that dial, and ...
  bool others_blocked = false;    // ... of those that something stands in the way of
  bool refused_here = false;      // an account does not take this destination
  for (std::size_t tried = 0; tried < campaign.accounts.size(); ++tried) {
    const run_index account_number = campaign.accounts[(campaign.account_at + tried) % campaign.accounts.size()];
    account_run& account = accounts_[account_number];
    if (is_closed(account, contact.number, now)) {
      refused_here = true;
      continue;
    }
    if (room_of(account, now) == 0) {
      (account_block(account, now) == reason::none ? others_full : others_blocked) = true;
      continue;
    }
    std::optional<utc_time> frees;
    const auto picked = pools_.pick(campaign.what.agent, account.what.id, policy, contact.number,
                                    fixed ? fixed : contact.last_caller_id, now.utc, why_not, frees);
    if (!picked) {
      if (frees) until = std::min(until.value_or(*frees), *frees);
      continue;
    }
    const e164 caller_id = pools_.number(picked->number);

    campaign.account_at = (campaign.account_at + tried + 1) % campaign.accounts.size();
    if (campaign.what.calls_per_second_max > 0) {
      campaign.last_start = std::max(campaign.next_start(), now.steady - campaign.spacing());
    }
    pools_.take(picked->number, now.utc);
    ++campaign.live;
    ++agents_[campaign.agent].live;
    ++account.live;
    ++account.unsent;
    ++account.unanswered;

    attempt_run& attempt = open(attempt_id{attempt_ids_.next(now.utc)});
    numbers_in_flight_[contact.number] = attempt.what.attempt;
    attempt.what.campaign = campaign.what.id;
    attempt.what.contact = contact.id;
    attempt.what.to = contact.number;
    attempt.what.from = caller_id;
    attempt.what.integration = account.what.id;
    attempt.what.decided_at = now.utc;
    attempt.what.lane = contact.lane;
    attempt.what.attempt_number = static_cast<std::uint16_t>(contact.attempts + 1);
    attempt.what.from_wait = !contact.fresh;
    attempt.what.why = picked->why;
    attempt.unanswered = true;
    attempt.contact = contact;
    attempt.campaign = next.campaign;
    attempt.account = account_number;
    attempt.agent = campaign.agent;
    attempt.caller_id = picked->number;
    attempt.permit = compliance::gate::permit(judged, {caller_id, account.what.id, options_.send_within});

    deciding_.intents.push_back(attempt.what);
    deciding_takes_.attempts.push_back(&attempt);
    touch(next);
    return true;
  }
  if (refused_here) {
    // What others of the lane may do is not held up by it.
    const bool elsewhere_later = others_full || others_blocked || waits_for_number(why_not);
    put_off(next, reason::carrier_refuses_destination,
            now.utc + (elsewhere_later ? refused_here_again : refused_again));
    return true;
  }
  const bool own_limit = why_not == reason::no_caller_id || waits_for_number(why_not);
  if (own_limit && !others_full) {
    // The pools change with time (caps) or with a snapshot, another account may come back: ask again by then.
    const auto wait = until ? std::max(*until - now.utc, std::chrono::microseconds{0}) : std::chrono::seconds{1};
    const std::chrono::seconds longest{others_blocked ? 1 : 60};
    block(next.campaign, why_not, now.steady + std::min<std::chrono::microseconds>(wait, longest));
    campaign.number_frees = until;
  } else {
    campaign.blocked = reason::account_cps;
  }
  return false;
}

void organisation::put_off(const candidate& next, reason why, utc_time until) {
  if (!next.contact.fresh) deciding_.waits_gone.push_back(next.contact.id);
  contact_wait wait = make_wait(campaigns_[next.campaign], next.contact, why, until);
  const utc_time due = wait.contact.due_at;
  deciding_takes_.earliest_wait = std::min(deciding_takes_.earliest_wait.value_or(due), due);
  deciding_.waits.push_back(std::move(wait));
  deciding_takes_.put_off.push_back(why);
  touch(next);
}

void organisation::end_undialed(const candidate& next, reason why, instant now) {
  deciding_.ends.push_back(
      {campaigns_[next.campaign].what.id, next.contact.id, next.contact.lane, !next.contact.fresh, why, now.utc});
  deciding_takes_.ended.push_back(why);
  touch(next);
}

// The contact goes into the batch being decided, and with it, when it is fresh, the lane's cursor.
void organisation::touch(const candidate& next) {
  if (deciding_takes_.contacts.empty()) deciding_takes_.decided_under = changes_applied_;
  deciding_takes_.contacts.push_back(next);
  if (!next.contact.fresh) return;
  next.lane->through = next.contact.id;
  if (!next.lane->moved) {
    next.lane->moved = true;
    moved_lanes_.emplace_back(next.campaign, next.lane);
  }
}

}  // namespace dialer::engine
