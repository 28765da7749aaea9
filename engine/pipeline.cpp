// The way of one contact, in the order of the steps:
//   select (whose turn, which lane) -> screen (may we?) -> pick a caller ID (as whom?) -> permit (still?) -> intent.
// What follows - the durable intent, the send, the answer - comes back as events: commits.cpp, attempts.cpp.

#include "compliance/prefetch.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

// Contacts looked at together, so that the memory accesses of their checks overlap.
constexpr std::size_t prefetch_batch = 32;

std::size_t size_of(const decision_batch& batch) {
  return batch.intents.size() + batch.ends.size() + batch.waits.size();
}

template <class Object>
void prefetch_object(const Object& object) {
  const auto* bytes = reinterpret_cast<const char*>(&object);
  for (std::size_t at = 0; at < sizeof(Object); at += 64) compliance::prefetch_line(bytes + at);
}

callerid::policy to_pick_policy(campaigns::caller_id_policy policy) {
  switch (policy) {
    case campaigns::caller_id_policy::sticky: return callerid::policy::sticky;
    case campaigns::caller_id_policy::local_presence: return callerid::policy::local_presence;
    case campaigns::caller_id_policy::least_used_today: return callerid::policy::least_used_today;
  }
  return callerid::policy::sticky;
}

}  // namespace

void organisation::schedule(instant now) {
  while (may_decide(now) && size_of(deciding_) < options_.batch_max) {
    const std::size_t room = std::min<std::size_t>(total_room(now), options_.batch_max - size_of(deciding_));
    select(std::min(room, prefetch_batch), now);
    if (candidates_.empty()) return;
    for (const candidate& next : candidates_) gate_.prefetch(next.contact.number);
    const std::size_t decided_before = size_of(deciding_);
    for (candidate& next : candidates_) {
      // Once one contact of a lane is put back, the later ones follow it: the lane's order is its cursor's meaning.
      next.put_back = next.lane->held || !advance(next, now);
      next.lane->held |= next.put_back;
    }
    for (auto next = candidates_.rbegin(); next != candidates_.rend(); ++next) {
      if (next->put_back) next->lane->queue.push_front(next->contact);
      next->lane->held = false;
    }
    if (size_of(deciding_) == decided_before) return;
  }
}

// Chooses whose turns come next and starts the memory accesses of looking at them: a thousand campaigns and their lanes
// are in no cache, and one after the other their misses would cost more than all the rest of a decision.
void organisation::take_turns(std::size_t count) {
  turns_.clear();
  while (turns_.size() < count) {
    const auto turn = shares_.next();
    if (!turn) break;
    prefetch_object(campaigns_[*turn]);
    turns_.push_back(*turn);
  }
  for (const index turn : turns_) compliance::prefetch_line(campaigns_[turn].lanes.data() + campaigns_[turn].lane_at);
  for (const index turn : turns_) {
    if (const lane_run* lane = lane_due(campaigns_[turn])) prefetch_object(*lane);
  }
  for (const index turn : turns_) {
    if (const lane_run* lane = lane_due(campaigns_[turn])) compliance::prefetch_line(lane->queue.head());
  }
}

// Takes up to `count` contacts from lanes, in fair order.
void organisation::select(std::size_t count, instant now) {
  candidates_.clear();
  std::size_t passed_over = 0;
  while (candidates_.size() < count && passed_over < shares_.active()) {
    take_turns(count - candidates_.size());
    if (turns_.empty()) return;
    for (const index turn : turns_) {
      campaign_run& campaign = campaigns_[turn];
      if (!campaign.active) continue;  // it had several turns and was blocked at the first
      if (const reason why = campaign_block(campaign, now); why != reason::none) {
        campaign.blocked = why;
        // A full account empties within milliseconds: such a campaign keeps its place in the round.
        if (why == reason::account_cps) {
          ++passed_over;
        } else {
          block(turn, why, why == reason::campaign_rate ? campaign.next_start : now.steady);
        }
        continue;
      }
      lane_run* lane = next_lane(campaign, now);
      if (lane == nullptr) {
        block(turn, reason::none, now.steady);
        continue;
      }
      campaign.blocked = reason::none;
      passed_over = 0;
      candidates_.push_back({turn, lane, lane->queue.front(), false});
      lane->queue.pop_front();
      if (!lane->loading && lane->queue.size() < lane->look_ahead / 2) hungry_.emplace_back(turn, lane);
    }
  }
}

// Decides one contact. False: the contact stays where it was, because what stands in the way is not its own.
bool organisation::advance(const candidate& next, instant now) {
  const campaigns::settings& settings = campaigns_[next.campaign].what;
  if (next.contact.attempts >= settings.attempts_per_contact_max) {
    end_undialed(next, reason::attempts_exhausted, now);
    return true;
  }
  const compliance::subject subject{next.contact.id,
                                    next.contact.number,
                                    &next.lane->window,
                                    {settings.attempts_per_number_24h, settings.attempts_per_number_7d}};
  const compliance::verdict may = gate_.screen(subject, org_rules_, now);
  if (may.what == compliance::verdict::kind::never || may.why == reason::no_time_zone) {
    end_undialed(next, may.why, now);
    return true;
  }
  if (may.what == compliance::verdict::kind::not_yet) {
    const bool own = may.why == reason::attempt_cap_24h || may.why == reason::attempt_cap_7d;
    if (own && may.until) {
      // The attempt under way may yet turn out never to have been sent: a day is not lost to it.
      if (numbers_in_flight_.contains(next.contact.number)) return wait_for_number(next, now);
      put_off(next, may.why, *may.until);
      return true;
    }
    if (may.why == reason::window_closed || may.why == reason::window_never_opens) {
      next.lane->window_until = now.utc;  // evaluated anew before the next contact
    } else {
      block(next.campaign, may.why, now.steady + std::chrono::seconds{1});
    }
    return false;
  }
  if (numbers_in_flight_.contains(next.contact.number)) return wait_for_number(next, now);
  return place_call(next, now);
}

bool organisation::wait_for_number(const candidate& next, instant now) {
  put_off(next, reason::number_in_flight, now.utc + options_.number_busy_again);
  return true;
}

// Picks account and caller ID, takes every budget or none, and writes the intent into the batch.
bool organisation::place_call(const candidate& next, instant now) {
  campaign_run& campaign = campaigns_[next.campaign];
  if (const reason why = campaign_block(campaign, now); why != reason::none) {
    campaign.blocked = why;
    return false;
  }
  const campaigns::contact& contact = next.contact;
  const callerid::policy policy = to_pick_policy(campaign.what.caller_id);

  reason why_not = reason::account_cps;
  std::optional<utc_time> until;
  for (std::size_t tried = 0; tried < campaign.accounts.size(); ++tried) {
    const index account_number = campaign.accounts[(campaign.account_at + tried) % campaign.accounts.size()];
    account_run& account = accounts_[account_number];
    if (room_of(account, now) == 0) continue;
    const auto picked = pools_.pick(campaign.what.agent, account.what.id, policy, contact.number,
                                    contact.last_caller_id, now.utc, why_not, until);
    if (!picked) continue;
    const e164 caller_id = pools_.number(picked->number);

    const compliance::subject subject{contact.id,
                                      contact.number,
                                      &next.lane->window,
                                      {campaign.what.attempts_per_number_24h, campaign.what.attempts_per_number_7d}};
    auto permit = gate_.permit(subject, org_rules_, {caller_id, account.what.id, options_.send_within}, now);
    if (!std::holds_alternative<dial_permit>(permit)) return false;

    campaign.account_at = (campaign.account_at + tried + 1) % campaign.accounts.size();
    if (campaign.what.calls_per_second_max > 0) {
      const auto spacing =
          std::chrono::microseconds{static_cast<std::int64_t>(1e6 / campaign.what.calls_per_second_max)};
      campaign.next_start = std::max(campaign.next_start, now.steady - spacing) + spacing;
    }
    pools_.take(picked->number, now.utc);
    history_.record(contact.number, now.utc);
    numbers_in_flight_.insert(contact.number);
    ++campaign.live;
    ++agents_[campaign.agent].live;
    ++account.live;
    ++account.unsent;

    attempt_run& attempt = open(attempt_id{attempt_ids_.next(now.utc)});
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
    attempt.contact = contact;
    attempt.campaign = next.campaign;
    attempt.account = account_number;
    attempt.agent = campaign.agent;
    attempt.caller_id = picked->number;
    attempt.permit.emplace(std::move(std::get<dial_permit>(permit)));

    deciding_.intents.push_back(attempt.what);
    deciding_takes_.attempts.push_back(attempt.what.attempt);
    touch(next);
    return true;
  }
  const bool own_limit = why_not == reason::no_caller_id || why_not == reason::caller_id_caps;
  if (own_limit) {
    // The pools change with time (caps) or with a snapshot; ask again when either may have happened.
    const auto wait = until ? std::max(*until - now.utc, std::chrono::microseconds{0}) : std::chrono::seconds{1};
    block(next.campaign, why_not, now.steady + std::min<std::chrono::microseconds>(wait, std::chrono::seconds{60}));
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
  deciding_takes_.contacts.push_back(next);
  if (!next.contact.fresh) return;
  next.lane->through = next.contact.id;
  if (!next.lane->moved) {
    next.lane->moved = true;
    moved_lanes_.emplace_back(next.campaign, next.lane);
  }
}

}  // namespace dialer::engine
