#include "cli/engine_metrics.hpp"

#include <array>
#include <map>
#include <string>

namespace dialer::cli {

void write_metrics(const std::vector<engine::organisation_view>& views, api::metric_writer& out) {
  engine::attempt_counters sum;
  std::uint64_t open = 0;
  std::uint64_t in_doubt = 0;
  std::map<std::string, std::uint64_t> blocked;
  std::array<std::uint64_t, callerid::health_states> numbers{};
  for (const engine::organisation_view& view : views) {
    const engine::attempt_counters& c = view.counters;
    sum.intents += c.intents;
    sum.accepted += c.accepted;
    sum.rejected += c.rejected;
    sum.not_sent += c.not_sent;
    sum.in_doubt += c.in_doubt;
    sum.adopted += c.adopted;
    sum.absent += c.absent;
    sum.answered += c.answered;
    sum.double_dials += c.double_dials;
    sum.failed_commits += c.failed_commits;
    for (std::size_t i = 0; i < c.dispositions.size(); ++i) sum.dispositions[i] += c.dispositions[i];
    for (std::size_t i = 0; i < c.ended_undialed.size(); ++i) sum.ended_undialed[i] += c.ended_undialed[i];
    for (std::size_t i = 0; i < c.put_off.size(); ++i) sum.put_off[i] += c.put_off[i];
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] += view.numbers_by_health[i];
    open += view.open_attempts;
    in_doubt += view.in_doubt;
    for (const engine::campaign_view& campaign : view.campaigns) {
      if (campaign.blocked != reason::none) ++blocked[std::string{to_string(campaign.blocked)}];
    }
  }
  out.counter("dialer_intents_total", "Attempts whose intent is durable.", sum.intents);
  out.counter("dialer_attempts_accepted_total", "Creates that the carrier took.", sum.accepted);
  out.counter("dialer_attempts_rejected_total", "Creates that the carrier refused.", sum.rejected);
  out.counter("dialer_attempts_not_sent_total", "Intents that never reached the carrier.", sum.not_sent);
  out.counter("dialer_attempts_in_doubt_total", "Creates without a usable answer.", sum.in_doubt);
  out.counter("dialer_attempts_adopted_total", "Doubts that ended with the call found.", sum.adopted);
  out.counter("dialer_attempts_absent_total", "Doubts that ended with no such call at the carrier.", sum.absent);
  out.counter("dialer_calls_answered_total", "Calls answered by a person or a machine.", sum.answered);
  out.counter("dialer_double_dials_total", "Second calls found for one attempt; must stay 0.", sum.double_dials);
  out.counter("dialer_commits_failed_total", "Ledger commits that failed and were repeated.", sum.failed_commits);
  for (const disposition how : all_dispositions) {
    out.counter("dialer_attempts_ended_total", "Attempts by disposition.",
                sum.dispositions[static_cast<std::size_t>(how)], {{"disposition", std::string{to_string(how)}}});
  }
  for (const reason_text& why : all_reasons()) {
    const auto slot = static_cast<std::size_t>(why.value);
    if (sum.ended_undialed[slot] != 0) {
      out.counter("dialer_contacts_not_dialed_total", "Contacts that will never be dialed, by reason.",
                  sum.ended_undialed[slot], {{"reason", std::string{why.name}}});
    }
    if (sum.put_off[slot] != 0) {
      out.counter("dialer_contacts_put_off_total", "Decisions not to dial yet, by reason.", sum.put_off[slot],
                  {{"reason", std::string{why.name}}});
    }
  }
  out.gauge("dialer_attempts_open", "Attempts between their intent and their end.", static_cast<double>(open));
  out.gauge("dialer_attempts_doubtful", "Attempts whose fate the carrier is being asked for.",
            static_cast<double>(in_doubt));
  for (const auto& [why, campaigns] : blocked) {
    out.gauge("dialer_campaigns_blocked", "Campaigns that dial nothing now, by the limit in force.",
              static_cast<double>(campaigns), {{"reason", why}});
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    out.gauge("dialer_caller_ids", "Numbers that were shown, by their health.", static_cast<double>(numbers[i]),
              {{"health", std::string{callerid::to_string(static_cast<callerid::health>(i))}}});
  }
  for (const engine::organisation_view& view : views) {
    for (const engine::account_view& account : view.accounts) {
      // Names are unique in an organisation only.
      const api::metric_labels labels{{"integration", account.id.text()}, {"account", account.name}};
      out.gauge("dialer_account_calls_live", "Open attempts on a carrier account.", account.live, labels);
      out.gauge("dialer_account_calls_per_second_max", "The account's limit on call starts.", account.calls_per_second,
                labels);
    }
  }
}

}  // namespace dialer::cli
