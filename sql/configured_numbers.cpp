// What people set up of numbers: the numbers themselves, who uses them, what they need and cost.

#include <algorithm>

#include "sql/configuration.hpp"
#include "sql/generation.hpp"
#include "sql/phone_numbers.hpp"
#include "sql/snapshot.hpp"

namespace dialer::sql {

applied<phone_number_id> configuration::number(organisation_id in, const callerid::phone_number& wanted,
                                               const number_details& more) {
  lock_organisation(tx_, in);
  const auto before = find_number_record(tx_.on(), in, wanted.number);
  using enum callerid::number_status;
  // One that was given up is history: who has the number again has another one.
  const bool made = !before || (before->status == released && wanted.status != released);
  number_record record = made ? number_record{} : *before;
  const number_record known = record;
  static_cast<callerid::phone_number&>(record) = wanted;
  record.id = made ? phone_number_id{make_id_()} : known.id;
  if (record.country.empty()) record.country = known.country;
  record.friendly_name = more.friendly_name.value_or(known.friendly_name);
  record.fallback_agent = more.fallback_agent.value_or(known.fallback_agent);
  record.voicemail_message = more.voicemail_message.value_or(known.voicemail_message);
  if (made) {
    insert_number(tx_, in, record);
    return {record.id, change::created};
  }
  if (known.platform && check_bought(in, known, record)) return {record.id, change::updated};
  return {record.id, update_number(tx_, in, record) ? change::updated : change::none};
}

// What was bought is its carrier's word to settle, and given up where it was bought. True: it is given up.
bool configuration::check_bought(organisation_id in, const number_record& known, number_record& wanted) {
  using enum callerid::number_status;
  if (wanted.integration != known.integration) {
    throw configuration_error(
        "number " + known.number.text() +
        " was bought over another integration than the one it is listed under; list it under that "
        "one, or leave it out");
  }
  if (wanted.status == pending && known.status != pending) {
    throw configuration_error("number " + known.number.text() +
                              " was bought and its carrier has confirmed it; leave "
                              "out its status \"pending\"");
  }
  const bool gives_up = wanted.status == released && known.status != released;
  const auto order = read_order(tx_.on(), in, known.id);
  if (order && order->kind == order_kind::purchase) {
    if (gives_up) {
      throw configuration_error("number " + known.number.text() +
                                " is not confirmed by its carrier yet; release it once it is");
    }
    wanted.status = known.status;
  }
  if (gives_up) release_number(tx_, in, wanted, {});
  return gives_up;
}

change configuration::assignments(organisation_id in, agent_id agent, const std::vector<phone_number_id>& numbers) {
  lock_organisation(tx_, in);
  const params wanted = params{}.uuid(in).uuid(agent).uuid_array({numbers.begin(), numbers.end()});
  const int gone =
      tx_.run("DELETE FROM assignment WHERE org_id = $1 AND agent_id = $2 AND profile = 1 AND number_id <> ALL ($3)",
              wanted)
          .affected();
  const int come = tx_.run(
                          "INSERT INTO assignment (org_id, agent_id, number_id) SELECT DISTINCT $1, $2, n "
                          "FROM unnest($3) n ON CONFLICT (org_id, agent_id, number_id, profile) DO NOTHING",
                          wanted)
                       .affected();
  if (gone + come == 0) return change::none;
  raise_generation(tx_, in);
  return change::updated;
}

change configuration::number_users(organisation_id in, phone_number_id number, callerid::profile as,
                                   const std::vector<agent_id>& agents) {
  lock_organisation(tx_, in);
  const params wanted = params{}.uuid(in).uuid(number).int2(as).uuid_array({agents.begin(), agents.end()});
  const int gone =
      tx_.run("DELETE FROM assignment WHERE org_id = $1 AND number_id = $2 AND profile = $3 AND agent_id <> ALL ($4)",
              wanted)
          .affected();
  const int come = tx_.run(
                          "INSERT INTO assignment (org_id, agent_id, number_id, profile) SELECT DISTINCT $1, a, $2, $3 "
                          "FROM unnest($4) a ON CONFLICT (org_id, agent_id, number_id, profile) DO NOTHING",
                          wanted)
                       .affected();
  if (gone + come == 0) return change::none;
  raise_generation(tx_, in);
  return change::updated;
}

change configuration::number_restrictions(organisation_id in, std::vector<callerid::number_restriction> wanted) {
  lock_organisation(tx_, in);
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  if (read_number_restrictions(tx_.on(), in) == wanted) return change::none;
  tx_.run("DELETE FROM number_restriction WHERE org_id = $1", params{}.uuid(in));
  for (const callerid::number_restriction& one : wanted) {
    tx_.run("INSERT INTO number_restriction (org_id, country, type, demand) VALUES ($1, $2, $3, $4)",
            params{}.uuid(in).text(one.country).int2(one.type ? static_cast<int>(*one.type) : -1).int2(one.demand));
  }
  raise_generation(tx_, in);
  return change::updated;
}

change configuration::number_prices(organisation_id in, const std::vector<number_price>& wanted) {
  lock_organisation(tx_, in);
  std::vector<std::string> kept;
  for (const number_price& one : wanted) kept.push_back(one.country + " " + std::to_string(static_cast<int>(one.type)));
  int touched = tx_.run("DELETE FROM number_price WHERE org_id = $1 AND country || ' ' || type <> ALL ($2)",
                        params{}.uuid(in).text_array({kept.begin(), kept.end()}))
                    .affected();
  for (const number_price& one : wanted) {
    touched += tx_.run(
                      "INSERT INTO number_price AS t (org_id, country, type, purchase, monthly, currency) "
                      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, country, type) DO UPDATE SET "
                      "purchase = excluded.purchase, monthly = excluded.monthly, currency = excluded.currency "
                      "WHERE (t.purchase, t.monthly, t.currency) IS DISTINCT FROM "
                      "(excluded.purchase, excluded.monthly, excluded.currency)",
                      params{}
                          .uuid(in)
                          .text(one.country)
                          .int2(one.type)
                          .int8(one.purchase.minor)
                          .int8(one.monthly.minor)
                          .text(one.purchase.currency))
                   .affected();
  }
  return touched == 0 ? change::none : change::updated;
}

}  // namespace dialer::sql
