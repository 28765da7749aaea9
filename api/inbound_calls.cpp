#include "api/inbound_calls.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "api/campaign_words.hpp"
#include "api/sql_workers.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/inbound_call.hpp"
#include "sql/inbound_numbers.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

using callerid::inbound_outcome;
using carriers::carrier_kind;
using carriers::inbound_answer;
using carriers::inbound_step;

constexpr std::chrono::milliseconds read_within{1'500};
constexpr std::chrono::milliseconds respond_within{2'000};  // Telnyx repeats what is not acknowledged by then
constexpr std::size_t waiting_max = 256;
constexpr unsigned twilio_threads = 2;
constexpr unsigned telnyx_threads = 4;  // they wait for its answers to commands, too
constexpr int command_tries_max = 3;

std::size_t slot_of(carrier_kind kind) {
  return kind == carrier_kind::twilio ? 0 : 1;
}

/// What the last questions were answered with, for those that are asked again.
class recent_answers {
 public:
  static constexpr std::size_t kept_max = 4'096;

  std::optional<std::string> find(const std::string& key) {
    const std::lock_guard lock{mutex_};
    const auto found = answers_.find(key);
    return found == answers_.end() ? std::nullopt : std::optional{found->second};
  }
  /// False: somebody else has answered meanwhile.
  bool add(const std::string& key, const std::string& answer) {
    const std::lock_guard lock{mutex_};
    if (!answers_.emplace(key, answer).second) return false;
    order_.push_back(key);
    if (order_.size() > kept_max) {
      answers_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> answers_;
  std::deque<std::string> order_;
};

http_response twilio_response(std::string document) {
  return {.content_type = "application/xml; charset=utf-8", .body = std::move(document)};
}

inbound_answer answer_of(const callerid::inbound_decision& made, const callerid::called_number* number) {
  switch (made.what) {
    case inbound_outcome::agent:
      return {inbound_answer::kind::agent, number->agent->answer_url, carriers::rung_agent::first};
    case inbound_outcome::fallback:
      return {inbound_answer::kind::agent, number->fallback->answer_url, carriers::rung_agent::fallback};
    case inbound_outcome::voicemail: return {inbound_answer::kind::voicemail, number->voicemail_message};
    case inbound_outcome::nobody_available: return {inbound_answer::kind::busy, {}};
    case inbound_outcome::unknown_number:
    case inbound_outcome::number_not_active:
    case inbound_outcome::not_assigned: break;
  }
  return {inbound_answer::kind::not_in_service, {}};
}

std::string shown(e164 number) {
  return number ? number.masked() : "none";
}

std::string line_about(carrier_kind kind, const carriers::inbound_event& event, const callerid::inbound_decision& made,
                       const callerid::called_number* number) {
  using callerid::agent_obstacle;
  std::string line = "inbound call: carrier=" + std::string{find_name(carrier_names, kind)} +
                     " call=" + event.call_ref + " number=" + shown(event.to) + " from=" + shown(event.from) +
                     " outcome=" + std::string{to_string(made.what)};
  const auto* by = made.what == inbound_outcome::agent      ? &number->agent
                   : made.what == inbound_outcome::fallback ? &number->fallback
                                                            : nullptr;
  if (by != nullptr) line += " agent=" + (*by)->id.text();
  if (made.agent != agent_obstacle::none) line += " agent_is=" + std::string{to_string(made.agent)};
  if (made.fallback != agent_obstacle::none) line += " fallback_is=" + std::string{to_string(made.fallback)};
  return line;
}

sql::connect_options bounded(sql::connect_options database) {
  database.role = sql::tenant_role;
  database.call_timeout = read_within;
  database.key_lookups_only = true;
  return database;
}

}  // namespace

struct inbound_calls::impl {
  /// A question that passed the gate.
  struct question {
    carrier_kind kind;
    std::shared_ptr<const owned_account> over;
    carriers::inbound_event event;
    respond_function respond;
  };

  impl(inbound_settings given, inbound_ports with, const clock& time)
      : settings{std::move(given)},
        ports{std::move(with)},
        gate{settings.public_url, settings.body_bytes_max, ports.accounts, time, ports.warn},
        twilio{bounded(settings.database), twilio_threads, waiting_max},
        telnyx{bounded(settings.database), telnyx_threads, waiting_max} {}

  ~impl() {
    {
      const std::lock_guard lock{stop_mutex};
      stopping = true;
    }
    stopped.notify_all();
  }

  // --- on the listener's thread ---

  void handle(carrier_kind kind, const http_request& request, const respond_function& respond) {
    callback_gate::received callback;
    gate.receive(request, callback);
    callback_refusal why{};
    auto over = gate.admit(kind, callback, why);
    if (!over) return gate.refuse(kind, why, respond);
    auto event = kind == carrier_kind::twilio ? carriers::decode_twilio_inbound(callback.what)
                                              : carriers::decode_telnyx_inbound(callback.what);
    if (!event) return respond({.status = 204});
    if (kind == carrier_kind::twilio && event->step == inbound_step::over) {
      return respond(twilio_response(carriers::twilio_document(*event, {})));
    }
    if (const auto known = answers.find(key_of(*over, *event))) return repeat(kind, *known, respond);
    const auto asked = std::make_shared<question>(question{kind, std::move(over), std::move(*event), respond});
    auto& workers = kind == carrier_kind::twilio ? twilio : telnyx;
    if (!workers.submit([this, asked](sql::session& on) { settle(*asked, on); })) {
      gate.refuse(kind, callback_refusal::not_stored, respond);
    }
  }

  /// Twilio names its call, Telnyx its event. Within the account: what another one's holder chose as a name is theirs.
  static std::string key_of(const owned_account& over, const carriers::inbound_event& event) {
    return carriers::account_key(over.account) + "/" + event.event_key;
  }

  static void repeat(carrier_kind kind, const std::string& answer, const respond_function& respond) {
    respond(kind == carrier_kind::twilio ? twilio_response(answer) : http_response{.status = 204});
  }

  // --- on a worker's ---

  void settle(const question& asked, sql::session& on) {
    try {
      using enum inbound_step;
      const bool somebody_is_to_answer = asked.event.step == ringing || asked.event.step == unreached;
      const bool needs_number = somebody_is_to_answer || asked.event.step == answered;
      const auto number = needs_number ? read(asked, on) : std::nullopt;
      somebody_is_to_answer ? begin(asked, number) : go_on(asked, number);
    } catch (const std::exception& failed) {
      ports.warn("inbound call: can't be decided: " + std::string{failed.what()});
      gate.refuse(asked.kind, callback_refusal::not_stored, asked.respond);
    }
  }

  std::optional<callerid::called_number> read(const question& asked, sql::session& on) const {
    if (!asked.event.to) return std::nullopt;
    const sql::acting_for tenant{on, asked.over->organisation};
    auto number = sql::read_called_number(on, asked.over->organisation, asked.event.to);
    if (!number) return number;
    using carriers::rung_agent;
    if (number->agent) number->agent->unreached = asked.event.rung != rung_agent::none;
    if (number->fallback) number->fallback->unreached = asked.event.rung == rung_agent::fallback;
    for (const engine::organisation_view& view : ports.views()) {
      if (view.id != asked.over->organisation) continue;
      for (auto* agent : {&number->agent, &number->fallback}) {
        if (!*agent) continue;
        const auto busy = std::ranges::find(view.agents, (*agent)->id, &engine::agent_view::id);
        if (busy != view.agents.end()) (*agent)->live = busy->live;
      }
    }
    return number;
  }

  void begin(const question& asked, const std::optional<callerid::called_number>& number) {
    const callerid::called_number* known = number ? &*number : nullptr;
    const callerid::inbound_decision made = callerid::decide_inbound(known);
    const inbound_answer answer = answer_of(made, known);
    const bool twilio_asks = asked.kind == carrier_kind::twilio;
    std::string document = twilio_asks ? carriers::twilio_document(asked.event, answer) : std::string{};
    const std::string key = key_of(*asked.over, asked.event);
    if (!answers.add(key, document)) return repeat(asked.kind, answers.find(key).value_or(document), asked.respond);
    if (asked.event.step == inbound_step::unreached) {
      ++agents_unreached;
    } else {
      ++calls[slot_of(asked.kind)][static_cast<std::size_t>(made.what)];
    }
    ports.tell(line_about(asked.kind, asked.event, made, known));
    repeat(asked.kind, document, asked.respond);
    if (!twilio_asks) perform(asked, carriers::command_for(asked.event, answer));
  }

  /// The steps of a call that was answered for a voicemail message.
  void go_on(const question& asked, const std::optional<callerid::called_number>& number) {
    const bool repeated = !answers.add(key_of(*asked.over, asked.event), {});
    asked.respond({.status = 204});
    if (repeated) return;
    const bool silent = asked.event.step == inbound_step::answered && (!number || number->voicemail_message.empty());
    const inbound_answer answer{inbound_answer::kind::voicemail, number ? number->voicemail_message : ""};
    perform(asked, silent ? carriers::closing_command(asked.event) : carriers::command_for(asked.event, answer));
  }

  void perform(const question& asked, const carriers::telnyx_command& command) {
    if (command_is_done(asked, command)) return;
    const carriers::telnyx_command closing = carriers::closing_command(asked.event);
    if (closing.action != command.action) (void)command_is_done(asked, closing);
  }

  /// False: Telnyx did not do it, and the call is still there for all we know.
  bool command_is_done(const question& asked, const carriers::telnyx_command& command) {
    using carriers::command_result;
    carriers::command_answer answer;
    for (int tries = 0; tries < command_tries_max; ++tries) {
      if (tries != 0 && !pause()) break;
      try {
        answer = ports.command(asked.over->account, command);
      } catch (const std::exception& failed) {  // the account can't be used
        answer = {command_result::refused, failed.what()};
      }
      if (answer.result == command_result::done || answer.result == command_result::call_over) return true;
      if (answer.result == command_result::refused) break;
    }
    ++commands_failed;
    ports.warn("inbound call: carrier=telnyx call=" + asked.event.call_ref + " command=" + command.action +
               " was not done: " + answer.why);
    return false;
  }

  /// False: there is no time left.
  bool pause() {
    std::unique_lock lock{stop_mutex};
    return !stopped.wait_for(lock, settings.command_pause, [this] { return stopping; });
  }

  // Constant after construction.
  inbound_settings settings;
  inbound_ports ports;
  callback_gate gate;
  // Any thread.
  recent_answers answers;
  std::array<std::array<std::atomic<std::uint64_t>, callerid::inbound_outcome_slots>, 2> calls{};
  std::atomic<std::uint64_t> agents_unreached{0};
  std::atomic<std::uint64_t> commands_failed{0};
  std::mutex stop_mutex;
  std::condition_variable stopped;
  bool stopping = false;
  // Last: their threads use everything above.
  sql_workers twilio;
  sql_workers telnyx;
};

inbound_calls::inbound_calls(inbound_settings settings, inbound_ports ports, const clock& time)
    : impl_{std::make_unique<impl>(std::move(settings), std::move(ports), time)} {}

inbound_calls::~inbound_calls() = default;

std::vector<route> inbound_calls::routes() {
  const auto at = [this](carrier_kind kind) {
    route made{"POST", std::string{carriers::inbound_call_path(kind)},
               [my = impl_.get(), kind](const http_request& request, const respond_function& respond) {
                 my->handle(kind, request, respond);
               }};
    made.respond_within = respond_within;
    return made;
  };
  return {at(carrier_kind::twilio), at(carrier_kind::telnyx)};
}

inbound_stats inbound_calls::stats() const {
  inbound_stats all;
  for (std::size_t carrier = 0; carrier < all.calls.size(); ++carrier) {
    std::ranges::copy(impl_->calls[carrier], all.calls[carrier].begin());
  }
  all.agents_unreached = impl_->agents_unreached;
  all.commands_failed = impl_->commands_failed;
  all.refused = impl_->gate.refused();
  return all;
}

}  // namespace dialer::api
