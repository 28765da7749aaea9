// What a carrier's answers say about an account, its caller IDs and its pace.

#include <algorithm>
#include <chrono>

#include "carriers/codec.hpp"
#include "engine/organisation.hpp"

namespace dialer::engine {
namespace {

constexpr std::uint32_t misunderstood_max = 5;    // of the latest answers, then a person has to look
constexpr std::uint32_t closed_in_a_row_max = 5;  // area codes: not their fault any more
constexpr std::chrono::minutes prefix_stays_closed{30};
constexpr std::chrono::seconds probe_every{10};
constexpr std::chrono::seconds ceiling_holds{30};
constexpr std::chrono::seconds rate_rests{5};

/// Destinations that a carrier takes or refuses together: an area code under +1, elsewhere the first five digits.
std::uint64_t prefix_of(e164 number) {
  std::uint64_t prefix = number.digits();
  while (prefix >= (number.is_nanp() ? 10'000U : 100'000U)) prefix /= 10;
  return prefix;
}

}  // namespace

// What an answer says about the account, the caller ID and the pace; the attempt itself is apart.
void organisation::apply_reaction(attempt_run& attempt, const carriers::create_answer& answer, instant now,
                                  effects& out) {
  account_run& account = accounts_[attempt.account];
  if (answer.circuit) {
    account.breaker.on_fault(now.steady);
  } else if (answer.http_status != 0) {
    account.breaker.on_good();
  }
  if (answer.what == carriers::answer_class::accepted) {
    account.understood.note(true);
    account.closed_in_a_row = 0;
  }
  if (answer.react == carriers::reaction::throttle_rate) {
    out.slowdowns.push_back({account.what.id, answer.retry_after});
    if (answer.retry_after) account.held_until = std::max(account.held_until, now.steady + *answer.retry_after);
  } else {
    apply_reaction(attempt, answer.react, now);
  }
  if (answer.what == carriers::answer_class::accepted && answer.queue_time > options_.queue_time_max) {
    out.slowdowns.push_back({account.what.id, std::nullopt});
  }
}

// Whether it was said at once or after the call had been taken.
void organisation::apply_reaction(attempt_run& attempt, carriers::reaction react, instant now) {
  account_run& account = accounts_[attempt.account];
  switch (react) {
    case carriers::reaction::throttle_rate:
      account.held_until = std::max(account.held_until, now.steady + rate_rests);
      break;
    case carriers::reaction::throttle_concurrency:
      account.ceiling = std::max<std::uint32_t>(account.live - 1, 1);
      account.ceiling_until = now.steady + ceiling_holds;
      break;
    case carriers::reaction::caller_id:
      if (account.refused_caller_ids.insert(attempt.what.from).second) rebuild_pools();
      break;
    case carriers::reaction::rest_caller_id: rest_caller_id(attempt, now); break;
    case carriers::reaction::stop_account: stop(account, now); break;
    case carriers::reaction::config:
      account.understood.note(false);
      if (account.understood.bad() >= misunderstood_max) stop(account, now);
      break;
    case carriers::reaction::close_prefix:
      account.closed_prefixes[prefix_of(attempt.what.to)] = now.steady + prefix_stays_closed;
      // One area code after the other: the account may not call the country at all.
      if (attempt.what.to.is_nanp() && ++account.closed_in_a_row >= closed_in_a_row_max) stop(account, now);
      break;
    default: break;
  }
}

bool organisation::is_closed(account_run& account, e164 number, instant now) const {
  if (account.closed_prefixes.empty()) return false;
  const auto found = account.closed_prefixes.find(prefix_of(number));
  if (found == account.closed_prefixes.end()) return false;
  if (now.steady < found->second) return true;
  account.closed_prefixes.erase(found);
  return false;
}

// Until a probe finds the account usable again.
void organisation::stop(account_run& account, instant now) {
  account.stopped = true;
  account.probe_at = now.steady + probe_every;
  ++changes_applied_;
}

void organisation::on_event(account_probed& what, instant now, effects&) {
  const auto found = account_index_.find(what.integration);
  if (found == account_index_.end()) return;
  account_run& account = accounts_[found->second];
  if (what.usable) {
    account.stopped = false;
    account.understood.forgive();
    account.closed_in_a_row = 0;
  } else {
    account.probe_at = now.steady + probe_every;
  }
}

}  // namespace dialer::engine
