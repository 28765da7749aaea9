#include "tests/sim/store.hpp"

#include <algorithm>

namespace dialer::sim {
namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw violation{"ledger: " + what};
}

}  // namespace

void store::add_contact(campaign_id campaign, campaigns::lane_number lane, contact_id id, e164 number) {
  contacts_[id] = {campaign, lane, number, contact_state::fresh, 0, {}, {}};
}

engine::recovery store::take_over() {
  ++epoch;
  engine::recovery found;
  found.owner = {config.id, epoch, 1};
  found.snapshot = *changes({}).snapshot;
  found.opt_outs = changes({}).opt_outs;
  const utc_time now = time_.now().utc;
  for (const auto& [id, row] : attempts_) {
    found.last_attempt = std::max(found.last_attempt, id.value);
    if (!row.closed_at && id >= open_from_) {
      engine::open_attempt open{row.what, {}, row.call_ref};
      if (!row.kinds.empty()) open.last_kind = *row.kinds.rbegin();
      found.open.push_back(std::move(open));
    }
    const bool never_dialed = row.closed_as == engine::outcome_kind::not_sent;
    if (!never_dialed && row.what.decided_at > now - std::chrono::days{7}) {
      found.history.push_back({row.what.to, row.what.from, row.what.decided_at, !row.closed_at, row.ended_as,
                               row.duration_s, row.what.campaign, row.closed_utc});
    }
  }
  for (const auto& [id, row] : attempts_) {
    const bool never_written =
        row.closed_as == engine::outcome_kind::not_sent && row.closed_why != reason::account_throttled;
    if (!never_written && row.what.decided_at > now - std::chrono::seconds{15}) {
      found.starts.push_back({row.what.integration, row.what.decided_at});
    }
    if (row.closed_as == engine::outcome_kind::absent && !row.kinds.contains(engine::outcome_kind::late)) {
      found.absent.push_back(
          {id, row.what.campaign, row.what.contact, row.what.integration, row.what.to, row.closed_utc});
    }
  }
  std::ranges::sort(found.absent, {}, &engine::absent_attempt::closed_at);
  for (const engine::open_attempt& open : found.open) {
    for (const auto& [id, row] : attempts_) {
      const bool near = row.what.decided_at > open.what.decided_at - std::chrono::hours{1} && id < open.what.attempt;
      if (row.closed_at && !row.call_ref.empty() && row.what.to == open.what.to && near) {
        found.known_calls.push_back({row.what.to, row.call_ref});
      }
    }
  }
  return found;
}

void store::check_number(std::uint64_t batch) const {
  require(!sealed_.contains({epoch, batch}), "a batch sent again under a number that was declared failed");
}

engine::commit_result store::commit(const engine::decision_batch& batch) {
  if (batch.owner.epoch != epoch) return engine::commit_result::not_owner;
  check_number(batch.number);
  if (batch.generation != config.generation) return engine::commit_result::stale_generation;
  // Fresh contacts that this batch touches, per lane: they must be exactly those between the cursors.
  std::map<std::pair<campaign_id, campaigns::lane_number>, std::set<contact_id>> touched;
  const auto touch = [&](contact_id id, bool from_wait) {
    const contact_row& row = contacts_.at(id);
    require(row.state == (from_wait ? contact_state::waiting : contact_state::fresh),
            "a decision about contact " + id.text() + ", which is not where the batch says");
    if (!from_wait) touched[{row.campaign, row.lane}].insert(id);
  };
  for (const engine::intent& intent : batch.intents) {
    touch(intent.contact, intent.from_wait);
    for (const attempt_id id : open_) {
      const engine::intent& other = attempts_.at(id).what;
      require(other.contact != intent.contact, "two open attempts for one contact");
      require(other.to != intent.to, "two open attempts for one number");
    }
    if (const callerid::health_record* health = health_of(intent.from)) {
      const bool rests = health->state == callerid::health::retired ||
                         (health->state == callerid::health::resting && intent.decided_at < *health->until);
      require(!rests || intent.decided_at <= health->since, "an intent that shows a number known to rest");
    }
    require(!opt_outs_.contains(intent.to), "an intent for an opted-out number");
    require(!attempts_.contains(intent.attempt), "an attempt id used twice");
    require(intent.attempt >= open_from_, "an intent below the mark, which no take-over would find");
    if (intent.from_wait) take_wait(intent.contact);
    contacts_.at(intent.contact).state = contact_state::open;
    require(intent.attempt_number == contacts_.at(intent.contact).attempts + 1, "attempts are miscounted");
    attempts_[intent.attempt] = {intent, time_.elapsed(), {}, {}, {}, {}, {}, {}, {}, false, false, {}, 0};
    open_.insert(intent.attempt);
    saw("intent");
  }
  for (const engine::contact_end& end : batch.ends) {
    touch(end.contact, end.from_wait);
    if (end.from_wait) take_wait(end.contact);
    contacts_.at(end.contact).state = contact_state::done;
    contacts_.at(end.contact).ended_undialed = end.why;
    saw("end " + std::string{to_string(end.why)});
  }
  std::set<contact_id> replaced{batch.waits_gone.begin(), batch.waits_gone.end()};
  for (const engine::contact_wait& wait : batch.waits) {
    const bool from_wait = replaced.contains(wait.contact.id);
    touch(wait.contact.id, from_wait);
    if (from_wait) take_wait(wait.contact.id);
    contacts_.at(wait.contact.id).state = contact_state::waiting;
    put_wait(wait);
    saw("put off " + std::string{to_string(wait.why)});
  }
  for (const engine::lane_cursor& cursor : batch.cursors) {
    const std::pair lane{cursor.campaign, cursor.lane};
    contact_id& through = cursors_[lane];
    require(cursor.through > through, "a cursor that does not move forward");
    for (auto at = contacts_.upper_bound(through); at != contacts_.end() && at->first <= cursor.through; ++at) {
      const auto& [id, row] = *at;
      if (row.campaign != cursor.campaign || row.lane != cursor.lane) continue;
      require(touched[lane].contains(id), "the cursor passes over contact " + id.text());
    }
    through = cursor.through;
  }
  for (const auto& [lane, ids] : touched) {
    require(cursors_[lane] >= *ids.rbegin(), "a fresh contact is decided beyond its lane's cursor");
  }
  conserve();
  return engine::commit_result::committed;
}

engine::commit_result store::commit(const engine::outcome_batch& batch) {
  if (batch.owner.epoch != epoch) return engine::commit_result::not_owner;
  check_number(batch.number);
  std::map<contact_id, const engine::contact_wait*> waits;
  for (const engine::contact_wait& wait : batch.waits) waits[wait.contact.id] = &wait;
  for (const engine::outcome& row : batch.outcomes) {
    attempt_row& attempt = attempts_.at(row.attempt);
    require(attempt.kinds.insert(row.kind).second, "one outcome written twice");
    saw("outcome " + std::to_string(static_cast<int>(row.kind)));
    if (attempt.call_ref.empty()) attempt.ref_known_at = time_.elapsed();
    if (!row.call_ref.empty()) attempt.call_ref = row.call_ref;
    if (!engine::is_closing(row.kind) || row.kind == engine::outcome_kind::late) continue;
    require(!attempt.closed_at, "an attempt closed twice");
    attempt.closed_at = time_.elapsed();
    open_.erase(row.attempt);
    attempt.closed_as = row.kind;
    attempt.closed_why = row.why;
    attempt.closed_utc = row.at;
    attempt.answered = row.answered;
    attempt.ended_as = row.ended_as;
    attempt.duration_s = row.duration_s;
    contact_row& contact = contacts_.at(attempt.what.contact);
    require(contact.state == contact_state::open, "an attempt closed whose contact is not open");
    require(row.contact_done != waits.contains(attempt.what.contact), "a contact that neither ends nor goes on");
    if (row.contact_done) {
      contact.state = contact_state::done;
      contact.ended_as = row.ended_as;
    } else {
      contact.state = contact_state::waiting;
      contact.attempts = waits[attempt.what.contact]->contact.attempts;
      put_wait(*waits[attempt.what.contact]);
    }
  }
  for (const callerid::health_record& record : batch.numbers) {
    number_health_[record.number] = record;
    saw("number " + std::string{callerid::to_string(record.state)});
  }
  conserve();
  return engine::commit_result::committed;
}

void store::end_rests() {
  for (auto& [number, record] : number_health_) {
    const utc_time now = std::max(time_.now().utc, record.since + std::chrono::seconds{1});
    record = {number, callerid::health::healthy, now, {}, {}, 0, now, {}, "a person said so"};
  }
  ++config.settings_version;
  ++config.generation;
}

void store::note_oldest_open(const engine::ownership& owner, attempt_id oldest) {
  if (owner.epoch != epoch || oldest <= open_from_) return;
  for (const auto& [id, row] : attempts_) {
    require(row.closed_at || id >= oldest, "the mark passes over attempt " + id.text() + ", which is open");
  }
  require(attempts_.rbegin()->first >= oldest, "the mark is ahead of every intent");
  open_from_ = oldest;
  saw("mark moved");
}

void store::put_wait(const engine::contact_wait& wait) {
  waits_[{wait.campaign, wait.contact.lane}][{wait.contact.due_at, wait.contact.id}] = wait;
  require(wait_due_.emplace(wait.contact.id, wait.contact.due_at).second, "a contact that waits twice");
}

void store::take_wait(contact_id id) {
  const contact_row& row = contacts_.at(id);
  require(wait_due_.contains(id), "a contact taken from a wait it is not in");
  waits_[{row.campaign, row.lane}].erase({wait_due_.at(id), id});
  wait_due_.erase(id);
}

const engine::contact_wait* store::wait_of(contact_id id) const {
  const auto due = wait_due_.find(id);
  if (due == wait_due_.end()) return nullptr;
  const contact_row& row = contacts_.at(id);
  return &waits_.at({row.campaign, row.lane}).at({due->second, id});
}

engine::contact_page store::load(const engine::contact_request& request) const {
  engine::contact_page page{request.campaign, request.lane, {}, true, {}};
  if (const auto lane = waits_.find({request.campaign, request.lane}); lane != waits_.end()) {
    for (const auto& [key, wait] : lane->second) {
      if (key <= wait_key{request.wait_after, request.wait_after_id}) continue;
      if (key.due_at > request.now) {
        page.next_due = key.due_at;
        break;
      }
      if (page.contacts.size() < request.count) page.contacts.push_back(wait.contact);
    }
  }
  for (auto at = contacts_.upper_bound(request.after); at != contacts_.end(); ++at) {
    const auto& [id, row] = *at;
    if (row.campaign != request.campaign || row.lane != request.lane) continue;
    if (page.contacts.size() >= request.count) {
      page.fresh_exhausted = false;
      break;
    }
    campaigns::contact contact;
    contact.id = id;
    contact.number = row.number;
    contact.lane = row.lane;
    page.contacts.push_back(contact);
  }
  return page;
}

engine::change_set store::changes(const engine::change_request& what) const {
  engine::change_set set{config.generation, {}, {}};
  if (what.settings_version != config.settings_version) {
    set.snapshot = std::make_unique<engine::organisation_snapshot>(config);
    for (const auto& [number, record] : number_health_) set.snapshot->number_health.push_back(record);
    for (engine::lane_record& lane : set.snapshot->lanes) {
      const auto cursor = cursors_.find({lane.campaign, lane.lane});
      if (cursor != cursors_.end()) lane.through = cursor->second;
    }
  }
  for (const auto& [number, generation] : opt_outs_) {
    if (generation > what.above) set.opt_outs.push_back({number, true});
  }
  return set;
}

void store::conserve() {
  if (++commits_ % conserves_every == 0) check_conservation();
}

void store::check_conservation() const {
  std::map<contact_id, int> open;
  for (const auto& [id, row] : attempts_) {
    if (!row.closed_at) ++open[row.what.contact];
  }
  for (const auto& [id, row] : contacts_) {
    const auto cursor = cursors_.find({row.campaign, row.lane});
    const bool above = cursor == cursors_.end() || id > cursor->second;
    require(above == (row.state == contact_state::fresh), "contact " + id.text() + " and its lane's cursor disagree");
    require((row.state == contact_state::open) == (open.contains(id) && open[id] == 1), "open attempts disagree");
    require((row.state == contact_state::waiting) == wait_due_.contains(id), "waiting rows disagree");
  }
}

}  // namespace dialer::sim
