#include "sql/organisation_report.hpp"

#include <algorithm>
#include <functional>

namespace dialer::sql {
namespace {

template <std::size_t N>
void add(std::array<std::uint64_t, N>& to, const std::array<std::uint64_t, N>& from) {
  std::ranges::transform(to, from, to.begin(), std::plus{});
}

void count_contacts(campaign_totals& to, const result& rows, int i) {
  const std::uint64_t count = rows.number(i, 5);
  to.contacts.contacts += count;
  to.contacts.attempts += rows.number(i, 6);
  to.tried += rows.number(i, 7);
  if (rows.integer(i, 1) != 1) {
    to.contacts.misplaced += count;
    return;
  }
  const auto stage = rows.enumerator<contact_stage>(i, 2);
  const auto how = static_cast<std::size_t>(rows.integer(i, 3));
  const auto why = static_cast<std::size_t>(rows.integer(i, 4));
  to.contacts.by_stage.at(static_cast<std::size_t>(stage)) += count;
  if (stage == contact_stage::waiting) {
    to.waiting_by_reason.at(why) += count;
  } else if (stage == contact_stage::done) {
    if (why != 0) {
      to.contacts.done_without_attempt.at(why) += count;
    } else {
      to.contacts.done_by_disposition.at(how) += count;
    }
  }
}

}  // namespace

campaign_totals& campaign_totals::operator+=(const campaign_totals& other) {
  contacts.contacts += other.contacts.contacts;
  contacts.attempts += other.contacts.attempts;
  contacts.misplaced += other.contacts.misplaced;
  add(contacts.by_stage, other.contacts.by_stage);
  add(contacts.done_by_disposition, other.contacts.done_by_disposition);
  add(contacts.done_without_attempt, other.contacts.done_without_attempt);
  add(waiting_by_reason, other.waiting_by_reason);
  add(attempts_by_disposition, other.attempts_by_disposition);
  tried += other.tried;
  answered += other.answered;
  answered_s += other.answered_s;
  return *this;
}

std::map<campaign_id, campaign_totals> read_totals(session& on, organisation_id organisation) {
  std::map<campaign_id, campaign_totals> all;
  const params key = params{}.uuid(organisation);
  // A few rows, of a long reading: under the statement's time limit, so that a large ledger holds nobody else up.
  const result contacts = on.run(
      "SELECT campaign_id, fresh::int + open::int + waiting::int + done::int, CASE WHEN fresh THEN 0 WHEN open THEN 1 "
      "WHEN waiting THEN 2 ELSE 3 END, coalesce(disposition, 0::smallint), why, count(*), sum(attempts)::bigint, "
      "count(*) FILTER (WHERE attempts > 0) FROM contact_state WHERE org_id = $1 GROUP BY 1, 2, 3, 4, 5",
      key);
  for (int i = 0; i < contacts.rows(); ++i) count_contacts(all[contacts.wide<campaign_id>(i, 0)], contacts, i);
  const result attempts = on.run(
      "SELECT i.campaign_id, coalesce(late.disposition, closed.disposition, 0::smallint), "
      "coalesce(late.answered, closed.answered, false), count(*), "
      "sum(coalesce(late.duration_s, closed.duration_s, 0))::bigint FROM intent i "
      "LEFT JOIN outcome closed ON closed.org_id = i.org_id AND closed.attempt_id = i.attempt_id AND closed.kind "
      "BETWEEN 10 AND 13 "
      "LEFT JOIN outcome late ON late.org_id = i.org_id AND late.attempt_id = i.attempt_id AND late.kind = 14 "
      "WHERE i.org_id = $1 GROUP BY 1, 2, 3",
      key);
  for (int i = 0; i < attempts.rows(); ++i) {
    campaign_totals& to = all[attempts.wide<campaign_id>(i, 0)];
    to.attempts_by_disposition.at(static_cast<std::size_t>(attempts.integer(i, 1))) += attempts.number(i, 3);
    if (!attempts.boolean(i, 2)) continue;
    to.answered += attempts.number(i, 3);
    to.answered_s += attempts.number(i, 4);
  }
  return all;
}

}  // namespace dialer::sql
