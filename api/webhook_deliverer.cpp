#include "api/webhook_deliverer.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/instants.hpp"
#include "api/webhook_signature.hpp"
#include "sql/configuration.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds idle{1'000};
constexpr seconds window_min{2};
constexpr std::chrono::hours window_max{24};
// How far a place is passed by before it is stored with nothing found there.
constexpr std::chrono::minutes worth_storing{1};
constexpr int gone = 410;

const char* how_it_ended(engine::outcome_kind kind) {
  switch (kind) {
    case engine::outcome_kind::rejected: return "rejected";
    case engine::outcome_kind::absent: return "absent";
    case engine::outcome_kind::late: return "late";
    default: return "ended";
  }
}

std::string envelope(const char* type, utc_time at, json::object data) {
  return json::serialize(json::object{{"type", type}, {"timestamp", to_text(at)}, {"data", std::move(data)}});
}

sql::delivery_record message_of(const sql::told_outcome& one) {
  const engine::outcome& what = one.what;
  json::object data{{"attempt_id", what.attempt.text()},
                    {"campaign_id", what.campaign.text()},
                    {"contact_id", what.contact.text()},
                    {"external_id", one.external_id},
                    {"to", one.to.text()},
                    {"from", one.from.text()},
                    {"number", one.number},
                    {"state", how_it_ended(what.kind)},
                    {"disposition", nullptr},
                    {"answered", what.answered},
                    {"duration_s", what.duration_s},
                    {"call_ref", what.call_ref},
                    {"carrier_code", what.carrier_code},
                    {"contact_done", what.contact_done}};
  if (what.ended_as) data["disposition"] = std::string(to_string(*what.ended_as));
  return {"msg_" + what.attempt.text() + "_" + how_it_ended(what.kind),
          envelope("attempt.ended", what.at, std::move(data))};
}

sql::delivery_record message_of(const sql::told_campaign& one) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(one.changed_at.time_since_epoch()).count();
  return {"msg_" + one.campaign.text() + "_" + std::to_string(micros),
          envelope("campaign.state", one.changed_at,
                   {{"campaign_id", one.campaign.text()},
                    {"workspace_id", one.workspace.text()},
                    {"name", one.name},
                    {"state", std::string(sql::to_string(one.state))}})};
}

}  // namespace

void write_metrics(const webhook_stats& stats, metric_writer& out) {
  out.counter("dialer_webhooks_delivered_total", "Messages that their endpoints took.", stats.delivered);
  out.counter("dialer_webhooks_failed_total", "Tries to deliver a message that failed.", stats.failed);
  out.counter("dialer_webhooks_given_up_total", "Messages that were tried for three days and dropped.", stats.given_up);
}

webhook_deliverer::webhook_deliverer(const clock& time, secret_keys secrets, post_function post, std::uint64_t seed,
                                     std::function<void(const std::string&)> warn)
    : time_{time}, secrets_{std::move(secrets)}, post_{std::move(post)}, warn_{std::move(warn)}, random_{seed} {}

milliseconds webhook_deliverer::jittered(seconds wait) {
  const std::lock_guard lock{mutex_};
  return wait + milliseconds{random_.below(static_cast<std::uint64_t>(milliseconds{wait}.count() / 10) + 1)};
}

milliseconds webhook_deliverer::turn(sql::session& on, const sql::enabled_webhook& of, endpoint& state,
                                     const std::stop_token& stop) {
  const sql::webhook_claim claim{on, of};
  if (!claim.held()) return idle;
  instant now = time_.now();
  if (!state.breaker.allows(now.steady, 0)) return idle;
  sql::claimed_webhook claimed;
  const bool more = take_up(on, of, state, claimed);
  if (claimed.what.url.empty()) return idle;  // off meanwhile
  // A breaker that is about to close risks one.
  const auto due = sql::read_due(on, of, now.utc, state.breaker.is_open() ? 1 : batch_max);
  if (due.empty()) return more ? milliseconds{0} : idle;
  std::vector<webhook_answer> answers;
  try {
    answers = post_(parse_webhook_url(claimed.what.url), sign(of, claimed.what, due, now.utc), stop);
  } catch (const sql::sql_error&) {
    throw;
  } catch (const std::exception& error) {
    if (stop.stop_requested()) return idle;
    // Not to be resolved, not public, or its secret can't be opened: as good as no answer.
    warn_(of.id.text() + ": " + error.what());
    answers.assign(due.size(), webhook_answer{0, error.what(), false});
    answers.front().tried = true;
  }
  settle(on, of, claimed.what, state, due, answers, time_.now());
  const bool all_done = std::ranges::all_of(answers, &webhook_answer::tried);
  return more || (all_done && due.size() == static_cast<std::size_t>(batch_max)) ? milliseconds{0} : idle;
}

// True: there is more to read.
bool webhook_deliverer::take_up(sql::session& on, const sql::enabled_webhook& of, endpoint& state,
                                sql::claimed_webhook& claimed) {
  const utc_time now = time_.now().utc;
  sql::transaction tx{on};
  const auto locked = sql::lock_webhook(tx, of);
  if (!locked) return false;
  claimed = *locked;
  if (claimed.what.waiting >= waiting_max) return false;
  sql::webhook_cursor through = claimed.cursor;
  std::vector<sql::delivery_record> found;
  if (sql::has(claimed.what.kinds, sql::webhook_kind::campaign_state)) {
    for (const sql::told_campaign& one : sql::read_changed_campaigns(on, of.organisation, through.campaigns_at)) {
      found.push_back(message_of(one));
      through.campaigns_at = one.changed_at;
    }
  }
  const utc_time settled = now - settled_after;
  const utc_time until = std::min(through.at + state.window, settled);
  bool more = false;
  if (sql::has(claimed.what.kinds, sql::webhook_kind::attempt_ended) && until > through.at) {
    const auto outcomes = sql::read_outcomes(on, of.organisation, through, until, page);
    for (const sql::told_outcome& one : outcomes) found.push_back(message_of(one));
    const bool full = outcomes.size() == static_cast<std::size_t>(page);
    if (!outcomes.empty()) {
      const engine::outcome& last = outcomes.back().what;
      through.at = last.at;
      through.attempt = last.attempt;
      through.kind = last.kind;
    } else if (const utc_time passed = std::min(until, now - late_max); passed > through.at) {
      through.at = passed;
      through.attempt = {};
      through.kind = {};
    }
    if (full) state.window = std::max<seconds>(state.window / 2, window_min);
    if (outcomes.empty() && until < settled) state.window = std::min<seconds>(state.window * 2, window_max);
    more = full || until < settled;
  }
  if (found.empty() && through.at < claimed.cursor.at + worth_storing) return more;
  sql::take_up(tx, of, found, through, now);
  tx.commit();
  return more;
}

std::vector<webhook_message> webhook_deliverer::sign(const sql::enabled_webhook& of, const sql::webhook_record& what,
                                                     const std::vector<sql::delivery_record>& due, utc_time now) const {
  const auto timestamp = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  const sealed_place place{of.organisation, of.id};
  std::vector<std::string> secrets{secrets_.open(what.secret, place)};
  if (what.previous_until && now < *what.previous_until) {
    secrets.push_back(secrets_.open(what.previous_secret, place));
  }
  std::vector<webhook_message> messages;
  for (const sql::delivery_record& one : due) {
    std::string signature;
    for (const std::string& secret : secrets) {
      signature += (signature.empty() ? "" : " ") + sign_webhook(secret, one.message, timestamp, one.body);
    }
    messages.push_back({one.message, std::to_string(timestamp), std::move(signature), one.body});
  }
  return messages;
}

void webhook_deliverer::settle(sql::session& on, const sql::enabled_webhook& of, const sql::webhook_record& what,
                               endpoint& state, const std::vector<sql::delivery_record>& due,
                               const std::vector<webhook_answer>& answers, instant now) {
  std::vector<std::string_view> over;
  for (std::size_t i = 0; i < due.size(); ++i) {
    if (!answers[i].tried) continue;
    if (answers[i].status == gone) {
      warn_(of.id.text() + ": answered 410, so it is told no more");
      return sql::mark_gone(on, of, what.url);
    }
    if (answers[i].status >= 200 && answers[i].status < 300) {
      state.breaker.on_good();
      ++delivered_;
      over.push_back(due[i].message);
      continue;
    }
    state.breaker.on_fault(now.steady);
    ++failed_;
    if (static_cast<std::size_t>(due[i].attempts) < retry_after.size()) {
      const auto wait = jittered(retry_after[static_cast<std::size_t>(due[i].attempts)]);
      sql::put_off_delivery(on, of, due[i].message, now.utc + wait);
    } else {
      ++given_up_;
      over.push_back(due[i].message);
    }
  }
  if (!over.empty()) sql::forget_deliveries(on, of, over);
}

}  // namespace dialer::api
