#include "tests/engine/stage.hpp"

namespace dialer::engine {
namespace {

using namespace std::chrono_literals;

class one_zone : public compliance::zone_rules {
 public:
  bool knows(std::string_view zone) const override { return zone == "Test/Noon"; }
  std::optional<compliance::zone_offset> offset_at(std::string_view, utc_time at) const override {
    return compliance::zone_offset{0s, at + std::chrono::hours{24 * 30}};
  }
  std::string version() const override { return "test"; }
};

}  // namespace

stage::stage() {
  options.outcome_delay = 0ms;
  now.steady = steady_time{1000s};
  now.utc = std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + 12h;
  auto& is = found_config;
  is.rules.zones = std::make_shared<one_zone>();
  is.id = organisation_id{id128{1, 1}};
  is.generation = 1;
  is.workspaces = {{workspace_id{id128{2, 1}}, "workspace", 1}};
  is.agents = {{agent_id{id128{3, 1}}, is.workspaces[0].id, "agent", true, "https://agent.example/answer", 0}};
  carriers::account account;
  account.id = integration_id{id128{4, 1}};
  account.base_url = "https://127.0.0.1:1";
  account.calls_per_second = 100;
  is.accounts = {account};
  callerid::phone_number shown;
  shown.id = phone_number_id{id128{5, 1}};
  shown.workspace = is.workspaces[0].id;
  shown.integration = account.id;
  shown.number = e164::from_digits(caller_id_digits);
  shown.status = callerid::number_status::active;
  shown.capabilities = voice;
  shown.outbound_enabled = true;
  shown.calls_per_day_max = 0;
  shown.calls_per_hour_max = 0;
  is.numbers = {shown};
  is.assignments = {{shown.id, is.agents[0].id, shown.workspace}};
  campaigns::settings campaign;
  campaign.id = campaign_id{id128{6, 1}};
  campaign.workspace = is.workspaces[0].id;
  campaign.agent = is.agents[0].id;
  campaign.state = campaigns::campaign_state::running;
  is.campaigns = {campaign};
  compliance::place place;
  place.country = "US";
  place.zones = {"Test/Noon"};
  place.source = compliance::place_source::time_zone;
  is.lanes = {{campaign.id, 0, place, contact_id{}}};
  found.owner = {is.id, 1, 1};
}

campaigns::contact& stage::add_contact(std::uint64_t line) {
  campaigns::contact contact;
  contact.id = contact_id{contacts.size() + 1};
  contact.number = number(line);
  return contacts.emplace_back(contact);
}

intent stage::add_open(std::optional<outcome_kind> newest, const std::string& ref, std::chrono::seconds ago) {
  intent open;
  open.attempt = attempt_id{77};
  open.campaign = found_config.campaigns[0].id;
  open.contact = contact_id{9};
  open.to = number(1);
  open.from = e164::from_digits(caller_id_digits);
  open.integration = found_config.accounts[0].id;
  open.decided_at = now.utc - ago;
  found.open.push_back({open, newest, ref});
  return open;
}

void stage::start() {
  found.snapshot = found_config;
  machine = std::make_unique<organisation>(options, std::move(found), now);
  tell(tick{});
}

void stage::tell(event what) {
  std::vector<event> next;
  next.push_back(std::move(what));
  while (!next.empty()) {
    effects out;
    event first = std::move(next.front());
    next.erase(next.begin());
    machine->step(std::move(first), now, out);
    machine->step(tick{}, now, out);
    take(out, next);
  }
}

void stage::wait(std::chrono::microseconds length) {
  const steady_time until = now.steady + length;
  while (now.steady < until) {
    const auto step = std::min<std::chrono::microseconds>(
        std::chrono::duration_cast<std::chrono::microseconds>(until - now.steady), 250ms);
    now.steady += step;
    now.utc += step;
    tell(tick{});
  }
}

void stage::answer_batches() {
  for (event& each : std::exchange(held_answers_, {})) tell(std::move(each));
}

void stage::take(effects& out, std::vector<event>& next) {
  std::vector<event>& answers = ledger_answers ? next : held_answers_;
  for (decision_batch& batch : out.decisions) {
    answers.emplace_back(decisions_committed{batch.number, decisions_end});
    if (decisions_end == commit_result::committed) {
      for (const intent& each : batch.intents) take_wait(each.contact);
      for (const contact_end& each : batch.ends) take_wait(each.contact);
      for (const contact_id each : batch.waits_gone) take_wait(each);
      ends.insert(ends.end(), batch.ends.begin(), batch.ends.end());
      waits.insert(waits.end(), batch.waits.begin(), batch.waits.end());
      for (const contact_wait& each : batch.waits) put_wait(each);
    }
    decisions.push_back(std::move(batch));
  }
  for (outcome_batch& batch : out.outcomes) {
    answers.emplace_back(outcomes_committed{batch.number, outcomes_end});
    outcome_batches.push_back(batch.number);
    if (outcomes_end != commit_result::committed) continue;
    outcomes.insert(outcomes.end(), batch.outcomes.begin(), batch.outcomes.end());
    number_health.insert(number_health.end(), batch.numbers.begin(), batch.numbers.end());
    waits.insert(waits.end(), batch.waits.begin(), batch.waits.end());
    for (const contact_wait& each : batch.waits) put_wait(each);
  }
  for (const contact_request& request : out.loads) next.emplace_back(load(request));
  if (out.load_changes) next.emplace_back(changes_loaded{true, {found_config.generation, snapshot(), {}}});
  for (send_call& call : out.sends) {
    if (senders_take) next.emplace_back(sends_taken{call.integration, 1});
    sends.push_back(std::move(call));
  }
  vetoes.insert(vetoes.end(), out.vetoes.begin(), out.vetoes.end());
  questions.insert(questions.end(), out.questions.begin(), out.questions.end());
  slowdowns.insert(slowdowns.end(), out.slowdowns.begin(), out.slowdowns.end());
  if (out.oldest_open) oldest_open.push_back(*out.oldest_open);
  if (out.confirm_applied) confirmed.push_back(*out.confirm_applied);
}

intent stage::last() const {
  for (auto batch = decisions.rbegin(); batch != decisions.rend(); ++batch) {
    if (!batch->intents.empty()) return batch->intents.back();
  }
  return {};
}

void stage::put_wait(const contact_wait& wait) {
  waiting_.emplace(std::pair{wait.contact.due_at, wait.contact.id}, wait.contact);
}

void stage::take_wait(contact_id id) {
  std::erase_if(waiting_, [&](const auto& each) { return each.second.id == id; });
}

contacts_loaded stage::load(const contact_request& request) {
  contacts_loaded loaded;
  loaded.page = {request.campaign, request.lane, {}, true, {}};
  if (request.campaign != found_config.campaigns[0].id) return loaded;
  for (const auto& [key, contact] : waiting_) {
    if (key <= std::pair{request.wait_after, request.wait_after_id}) continue;
    if (contact.due_at > request.now) {
      loaded.page.next_due = contact.due_at;
      break;
    }
    if (loaded.page.contacts.size() < request.count) loaded.page.contacts.push_back(contact);
  }
  for (const campaigns::contact& contact : contacts) {
    if (contact.lane == request.lane && contact.id > request.after && loaded.page.contacts.size() < request.count)
      loaded.page.contacts.push_back(contact);
  }
  return loaded;
}

void stage::answer(attempt_id attempt, carriers::answer_class what, carriers::reaction react, int status,
                   disposition outcome, bool circuit) {
  create_answered told{attempt, {}, reason::none};
  told.answer.what = what;
  told.answer.react = react;
  told.answer.http_status = status;
  told.answer.outcome = outcome;
  told.answer.circuit = circuit;
  tell(std::move(told));
}

void stage::veto_answered(attempt_id attempt, reason why) {
  create_answered told{attempt, {}, why};
  told.answer.what = carriers::answer_class::not_sent;
  told.answer.react = carriers::reaction::none;
  tell(std::move(told));
}

void stage::accept(attempt_id attempt, const std::string& ref, std::chrono::milliseconds queue_time) {
  create_answered told{attempt, {}, reason::none};
  told.answer.what = carriers::answer_class::accepted;
  told.answer.react = carriers::reaction::none;
  told.answer.http_status = 201;
  told.answer.call_ref = ref;
  told.answer.queue_time = queue_time;
  tell(std::move(told));
}

void stage::report(attempt_id attempt, const std::string& ref, carriers::call_phase phase, disposition how) {
  call_reported told{attempt, {}};
  told.report.call_ref = ref;
  told.report.phase = phase;
  told.report.if_answered = how;
  told.report.if_unanswered = how;
  tell(std::move(told));
}

}  // namespace dialer::engine
