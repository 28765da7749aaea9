#include "tests/sql/organisation.hpp"

#include <array>

namespace dialer::sql::test {
namespace {

campaigns::settings test_campaign() {
  campaigns::settings settings;
  settings.name = "Spring";
  return settings;
}

}  // namespace

id128 make_test_id() {
  static std::uint64_t last = 0;
  return make_id128(morning, 1, ++last);
}

// From the range reserved for fiction, which has a hundred numbers per area code: the id picks area code and number.
e164 number_of(std::uint64_t contact) {
  return e164::from_digits(10'000'000'000 + (200 + contact / 100 % 700) * 10'000'000 + 5'550'100 + contact % 100 +
                           contact / 70'000 * 1'000'000'000'000);
}

const char* place_of(unsigned lane) {
  static constexpr std::array places{"US US-NY America/New_York number", "US US-CA America/Los_Angeles number",
                                     "US US-IL America/Chicago number"};
  return places.at(lane);
}

small_organisation::small_organisation(const std::string& target, const std::string& name)
    : database{target}, on{connect(database)} {
  transaction tx{on};
  configuration config{tx, make_test_id};
  id = config.organisation(name, callerid::sharing_policy::workspace).id;
  workspace = config.workspace(id, {{}, "Main", 1}).id;
  agent = config.agent(id, {{}, workspace, "Ann", true, "https://agent.example.com/answer", 0}).id;
  integration_record account;
  account.account.name = "twilio";
  account.account.base_url = "https://127.0.0.1:1";
  account.account.account_sid = "AC" + name;
  account.secret_ref = "env:TWILIO_TOKEN";
  integration = config.integration(id, account).id;
  callerid::phone_number shown;
  shown.workspace = workspace;
  shown.integration = integration;
  shown.number = e164::from_digits(12125550199);
  shown.status = callerid::number_status::active;
  shown.capabilities = voice;
  shown.outbound_enabled = true;
  number = config.number(id, shown).id;
  config.assignments(id, agent, {number});
  campaigns::settings settings = test_campaign();
  settings.workspace = workspace;
  settings.agent = agent;
  campaign = config.campaign(id, settings).id;
  tx.commit();
  change_campaign_state(on, id, campaign, campaign_action::start);
}

connect_options small_organisation::connection() const {
  connect_options options;
  options.target = database;
  return options;
}

ledger_options small_organisation::for_ledger() const {
  return {connection(), [](const std::string& reference, const secret_place&) { return "secret of " + reference; }};
}

std::vector<campaigns::imported_contact> small_organisation::contacts(std::uint64_t first, std::uint64_t count,
                                                                      unsigned lanes) const {
  std::vector<campaigns::imported_contact> made;
  for (std::uint64_t n = first; n < first + count; ++n) {
    campaigns::imported_contact one;
    one.id = contact_id{n};
    one.number = number_of(n);
    one.place = place_of(static_cast<unsigned>(n % lanes));
    one.row = n;
    one.name = "Contact";
    one.variables = "{}";
    made.push_back(std::move(one));
  }
  return made;
}

void small_organisation::import(std::uint64_t first, std::uint64_t count, unsigned lanes) {
  contact_store store{connection(), id, campaign, "rows from " + std::to_string(first)};
  campaigns::import_progress progress;
  progress.byte_offset = progress.rows = progress.accepted = count;
  progress.finished = true;
  store.commit(contacts(first, count, lanes), progress);
}

std::uint64_t small_organisation::generation() {
  return on.run("SELECT generation FROM org_owner WHERE org_id = $1", params{}.uuid(id)).number(0, 0);
}

attempt_id attempt_of(std::uint64_t n) {
  static const std::uint64_t first = id_sequence{0}.next(morning);
  return attempt_id{first + n};
}

engine::intent intent_for(const small_organisation& of, std::uint64_t attempt, std::uint64_t contact) {
  engine::intent one;
  one.attempt = attempt_of(attempt);
  one.campaign = of.campaign;
  one.contact = contact_id{contact};
  one.to = number_of(contact);
  one.from = e164::from_digits(12125550199);
  one.integration = of.integration;
  one.decided_at = morning;
  return one;
}

engine::outcome outcome_of(const engine::intent& what, engine::outcome_kind kind, bool contact_done) {
  engine::outcome one;
  one.attempt = what.attempt;
  one.campaign = what.campaign;
  one.contact = what.contact;
  one.kind = kind;
  one.at = morning + std::chrono::seconds{static_cast<int>(kind)};
  one.contact_done = contact_done;
  if (kind == engine::outcome_kind::ended) one.ended_as = contact_done ? disposition::answered : disposition::no_answer;
  if (kind == engine::outcome_kind::accepted) one.call_ref = "CA" + what.attempt.text();
  return one;
}

engine::contact_wait wait_after(const engine::intent& what, utc_time due) {
  engine::contact_wait one;
  one.campaign = what.campaign;
  one.contact.id = what.contact;
  one.contact.number = what.to;
  one.contact.last_caller_id = what.from;
  one.contact.due_at = due;
  one.contact.lane = what.lane;
  one.contact.attempts = what.attempt_number;
  one.contact.fresh = false;
  return one;
}

}  // namespace dialer::sql::test
