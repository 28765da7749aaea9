// Lanes: contacts of one campaign that share one place and so one calling window. A bounded look-ahead of each is held.

#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

constexpr std::uint32_t loads_out_max = 64;
constexpr std::chrono::milliseconds load_back_off{500};
// From the create request to the phone's ringing: a call that could begin to ring after hours is not placed.
constexpr std::chrono::seconds set_up{5};
// Contacts are announced when their import ends; those of one that was killed and is not resumed are found so.
constexpr std::chrono::minutes exhausted_again{10};

}  // namespace

lane_run* organisation::find_lane(const campaign_run& campaign, campaigns::lane_number number) const {
  return number < campaign.lanes.size() ? campaign.lanes[number].get() : nullptr;
}

void organisation::refresh_window(const campaign_run& campaign, lane_run& lane, instant now) const {
  // Before it was judged, too: of a clock that was fast and has been set back, it says nothing.
  if (lane.window_since <= now.utc && now.utc < lane.window_until) return;
  lane.window_since = now.utc;
  const auto window_at = [&](utc_time at) {
    return compliance::evaluate_window(lane.where, campaign.what.window, *rules_.zones, at);
  };
  lane.window = window_at(now.utc);
  if (lane.window.open) {
    const utc_time closes_at = lane.window.closes_at.value_or(now.utc);
    lane.window.closes_at = closes_at - set_up;
    if (*lane.window.closes_at <= now.utc) lane.window = window_at(closes_at);
  }
  // Looked at anew at least hourly: zone data can be reloaded.
  lane.window_until = now.utc + std::chrono::hours{1};
  if (lane.window.open && lane.window.closes_at)
    lane.window_until = std::min(lane.window_until, *lane.window.closes_at);
  if (!lane.window.open && lane.window.opens_at) lane.window_until = std::min(lane.window_until, *lane.window.opens_at);
}

// The lane whose turn it is, if it is there, whether or not it is open.
const lane_run* organisation::lane_due(const campaign_run& campaign) {
  return campaign.lane_at < campaign.lanes.size() ? campaign.lanes[campaign.lane_at].get() : nullptr;
}

// The next lane that is open and has a contact at hand: an urgent one, else in turn.
lane_run* organisation::next_lane(campaign_run& campaign, instant now) {
  if (campaign.has_urgent) {
    for (lane_run* lane : campaign.urgent) {
      if (lane->queue.empty()) continue;
      refresh_window(campaign, *lane, now);
      if (is_dialable(lane->window)) return lane;
    }
  }
  for (std::size_t tried = 0; tried < campaign.lanes.size(); ++tried) {
    const std::size_t at = campaign.lane_at;
    campaign.lane_at = at + 1 == campaign.lanes.size() ? 0 : at + 1;
    lane_run* lane = campaign.lanes[at].get();
    if (lane == nullptr || lane->queue.empty()) continue;
    refresh_window(campaign, *lane, now);
    if (is_dialable(lane->window)) return lane;
  }
  return nullptr;
}

bool organisation::wants_contacts(const lane_run& lane, instant now) const {
  if (lane.loading || !is_dialable(lane.window) || now.steady < lane.load_after) return false;
  if (lane.queue.size() >= lane.look_ahead / 2) return false;
  return !lane.fresh_exhausted || now.steady >= lane.exhausted_until || (lane.next_due && *lane.next_due <= now.utc);
}

void organisation::request_contacts(campaign_run& campaign, lane_run& lane, instant now, effects& out) {
  if (lane.queue.empty()) {
    lane.look_ahead = std::clamp(lane.look_ahead * 2, options_.look_ahead_min, options_.look_ahead_max);
  }
  // Waiting contacts whose commit is still out could be passed over by a later one already visible: stay before them,
  // and remember that something may be due that the answer can't know of.
  const utc_time floor = wait_floor();
  lane.asked_until = std::max(lane.asked_until, std::min(now.utc, floor));
  if (floor != utc_time::max()) lane.due_meanwhile = lane.next_due;
  lane.asked_count = static_cast<std::uint32_t>(lane.look_ahead - std::min(lane.look_ahead, lane.queue.size()));
  lane.loading = true;
  ++loads_out_;
  out.loads.push_back({owner_, campaign.what.id, lane.number, lane.fresh_after, lane.wait_after, lane.wait_after_id,
                       lane.asked_until, lane.asked_count});
}

// First come, first served, so that no lane waits behind others that are hungry again and again.
void organisation::note_hungry(run_index campaign, lane_run& lane) {
  if (std::exchange(lane.hungry, true)) return;
  hungry_.emplace_back(campaign, &lane);
}

void organisation::request_hungry(instant now, effects& out) {
  if (lost_ || draining_) return;
  while (!hungry_.empty() && loads_out_ < loads_out_max) {
    const auto [number, lane] = hungry_.front();
    hungry_.pop_front();
    lane->hungry = false;
    if (wants_contacts(*lane, now)) request_contacts(campaigns_[number], *lane, now, out);
  }
}

// The periodic look at all lanes: windows that opened, waiting contacts that fell due.
void organisation::scan_lanes(instant now) {
  for (run_index number = 0; number < campaigns_.size(); ++number) {
    campaign_run& campaign = campaigns_[number];
    if (!campaign.present || campaign.what.state != campaigns::campaign_state::running) continue;
    for (const auto& lane : campaign.lanes) {
      if (!lane) continue;
      refresh_window(campaign, *lane, now);
      if (wants_contacts(*lane, now)) note_hungry(number, *lane);
    }
  }
}

void organisation::on_event(contacts_loaded& what, instant now, effects&) {
  const auto found = campaign_index_.find(what.page.campaign);
  if (found == campaign_index_.end()) return;
  lane_run* lane = find_lane(campaigns_[found->second], what.page.lane);
  if (lane == nullptr || !lane->loading) return;
  lane->loading = false;
  --loads_out_;
  if (!what.ok) {
    lane->load_after = now.steady + load_back_off;
    return;
  }
  lane->queue.make_room(what.page.contacts.size());
  for (const campaigns::contact& contact : what.page.contacts) {
    if (contact.fresh) {
      lane->fresh_after = contact.id;
    } else {
      lane->wait_after = contact.due_at;
      lane->wait_after_id = contact.id;
    }
    lane->queue.push_back(contact);
  }
  lane->fresh_exhausted = what.page.fresh_exhausted;
  lane->exhausted_until = now.steady + exhausted_again;
  lane->next_due = what.page.next_due;
  if (what.page.contacts.size() >= lane->asked_count) lane->next_due = lane->asked_until;  // there may be more
  if (lane->due_meanwhile) {
    lane->next_due = std::min(lane->next_due.value_or(*lane->due_meanwhile), *lane->due_meanwhile);
    lane->due_meanwhile.reset();
  }
  if (!lane->queue.empty()) activate(found->second);
}

/// The row that lets a contact wait. Its due time lies beyond every load already asked for, so that none passes it
/// over.
contact_wait organisation::make_wait(const campaign_run& campaign, campaigns::contact contact, reason why,
                                     utc_time due) {
  contact.fresh = false;
  if (lane_run* lane = find_lane(campaign, contact.lane)) {
    due = std::max(due, lane->asked_until + std::chrono::microseconds{1});
    lane->next_due = std::min(lane->next_due.value_or(due), due);
    if (lane->loading) lane->due_meanwhile = std::min(lane->due_meanwhile.value_or(due), due);
  }
  contact.due_at = due;
  return {campaign.what.id, contact, why};
}

/// Just before the earliest due time whose row is not yet known to be durable.
utc_time organisation::wait_floor() const {
  utc_time floor = utc_time::max();
  for (const auto& earliest :
       {deciding_takes_.earliest_wait, committing_.earliest_wait, closing_earliest_wait_, closing_out_earliest_wait_}) {
    if (earliest) floor = std::min(floor, *earliest);
  }
  return floor == utc_time::max() ? floor : floor - std::chrono::microseconds{1};
}

}  // namespace dialer::engine
