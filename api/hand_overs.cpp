#include "api/hand_overs.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "api/sql_workers.hpp"
#include "carriers/agent_address.hpp"
#include "carriers/callback_url.hpp"
#include "carriers/hand_over.hpp"
#include "sql/attempt_agent.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

using carriers::call_task;
using carriers::command_result;

constexpr std::chrono::milliseconds read_within{1'500};
constexpr std::chrono::seconds store_within{2};
constexpr unsigned threads = 8;      // each waits for an agent
constexpr unsigned at_once_max = 3;  // ... of one organisation: the others are for the others
constexpr std::size_t waiting_max = 1'024;
constexpr std::size_t waiting_of_one_max = 256;
constexpr int command_tries_max = 3;
constexpr int post_tries_max = 2;  // somebody is listening to silence

/// What was learned of the last calls, by a name. One thread at a time.
template <class Value>
class recent {
 public:
  static constexpr std::size_t kept_max = 16'384;

  Value* find(const std::string& key) {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }
  void set(const std::string& key, Value value) {
    if (!values_.insert_or_assign(key, std::move(value)).second) return;
    order_.push_back(key);
    if (order_.size() <= kept_max) return;
    values_.erase(order_.front());
    order_.pop_front();
  }
  std::optional<Value> take(const std::string& key) {
    auto node = values_.extract(key);  // its place in the order runs out by itself
    return node.empty() ? std::nullopt : std::optional{std::move(node.mapped())};
  }

 private:
  std::unordered_map<std::string, Value> values_;
  std::deque<std::string> order_;
};

sql::connect_options bounded(sql::connect_options database) {
  database.role = sql::tenant_role;
  database.call_timeout = read_within;
  database.key_lookups_only = true;
  return database;
}

bool took_it(const agent_answer& answer) {
  return answer.status >= 200 && answer.status < 300;
}

/// May be over with the next try.
bool may_pass(const agent_answer& answer) {
  return answer.status == 0 || answer.status == 408 || answer.status == 429 || answer.status >= 500;
}

}  // namespace

struct hand_overs::impl {
  enum class standing : std::uint8_t { under_way, settled };
  using arrival = std::chrono::steady_clock::time_point;

  /// What one organisation has to do here.
  struct line {
    std::deque<sql_workers::work> waiting;
    unsigned under_way = 0;
  };

  impl(hand_over_settings given, hand_over_ports with, callback_inbox& box)
      : settings{std::move(given)},
        ports{std::move(with)},
        inbox{box},
        workers{std::in_place, bounded(settings.database), threads, waiting_max} {}

  void stop() {
    {
      const std::lock_guard lock{mutex};
      stopping = true;
    }
    stopped.notify_all();
    workers.reset();
  }

  /// The mutex is held. False when it is to be refused.
  bool submit(const organisation_id& whose, sql_workers::work what) {
    if (stopping) return false;
    line& of = lines[whose];
    if (of.under_way < at_once_max) return start(whose, of, std::move(what));
    if (of.waiting.size() >= waiting_of_one_max) return false;
    of.waiting.push_back(std::move(what));
    return true;
  }

  bool start(const organisation_id& whose, line& of, sql_workers::work what) {
    const bool started = workers->submit([this, whose, first = std::move(what)](sql::session& on) {
      for (sql_workers::work mine = first; mine; mine = next(whose)) mine(on);
    });
    if (started) ++of.under_way;
    return started;
  }

  /// After one of its own is done, the organisation's next goes behind those of others that wait for a thread. What
  /// can't wait there is the asking thread's to do.
  sql_workers::work next(const organisation_id& whose) {
    const std::lock_guard lock{mutex};
    line& of = lines.at(whose);
    sql_workers::work waiting;
    if (!of.waiting.empty()) {
      waiting = std::move(of.waiting.front());
      of.waiting.pop_front();
      if (stopping || !start(whose, of, waiting)) return waiting;
    }
    if (--of.under_way == 0 && of.waiting.empty()) lines.erase(whose);
    return {};
  }

  void act(stored_callback&& what, respond_function&& respond) {
    if (what.event.task == call_task::none) {
      respond({.status = 204});
      tell_agent(std::move(what));
      return;
    }
    const std::string key = key_of(what);
    const auto asked = std::make_shared<stored_callback>(std::move(what));
    int status = 503;  // as long as it is not settled
    {
      const std::lock_guard lock{mutex};
      if (const standing* known = events.find(key)) {
        if (*known == standing::settled) status = 204;
      } else if (submit(asked->over->organisation, [this, asked, key, respond, came = now()](sql::session& on) {
                   const bool settled = settle(*asked, came, on);
                   {
                     const std::lock_guard again{mutex};
                     settled ? events.set(key, standing::settled) : void(events.take(key));
                   }
                   respond({.status = settled ? 204 : 503});
                 })) {
        events.set(key, standing::under_way);
        return;
      }
    }
    respond({.status = status});
  }

  static std::string key_of(const stored_callback& what) {
    return carriers::account_key(what.over->account) + "/" + what.event.event_key;
  }

  /// False: it is to be asked for again.
  bool settle(const stored_callback& what, arrival came, sql::session& on) {
    if (what.event.task == call_task::hang_up) return hang_up(what, "the SIP agent did not answer");
    if (is_late(came)) return abandon(what, "too many of the organisation's calls waited for their agents");
    try {
      std::optional<std::string> address;
      {
        const sql::acting_for tenant{on, what.over->organisation};
        address = sql::read_agent_address(on, what.over->organisation, what.token.attempt);
      }
      const std::string why = !address                             ? "the attempt is not in the ledger"
                              : carriers::is_sip_address(*address) ? transfer(what, *address)
                                                                   : pass_on(what, *address);
      if (!why.empty()) return abandon(what, why);
    } catch (const std::exception& failed) {
      return abandon(what, failed.what());
    }
    ++handed_over;
    return true;
  }

  /// Why it could not be done; empty: it was.
  std::string transfer(const stored_callback& what, const std::string& address) {
    const carriers::command_answer answer = command(what, carriers::transfer_to_agent(what.event, address));
    // Whoever answered may have hung up by now; then there is nobody to hand over.
    return answer.result == command_result::done || answer.result == command_result::call_over ? "" : answer.why;
  }

  std::string pass_on(const stored_callback& what, const std::string& address) {
    const agent_post request = post_for(what, carriers::place_token(address).before + what.event.token);
    agent_answer answer;
    for (int tries = 0; tries < post_tries_max; ++tries) {
      if (tries != 0 && !pause()) break;
      answer = ports.post(what.over->account, request);
      if (took_it(answer) || !may_pass(answer)) break;
    }
    if (!took_it(answer)) {
      return "its application answered " +
             (answer.status == 0 ? "nothing: " + answer.error : "HTTP " + std::to_string(answer.status));
    }
    const std::lock_guard lock{mutex};
    agents.set(what.event.report.call_ref, request.url);
    return {};
  }

  static agent_post post_for(const stored_callback& what, std::string url) {
    return {std::move(url),
            {{"telnyx-timestamp", what.telnyx_timestamp}, {"telnyx-signature-ed25519", what.telnyx_signature}},
            what.body};
  }

  /// What else comes to us and not to the application that has the call. Nothing hangs on it.
  void tell_agent(stored_callback&& what) {
    const std::lock_guard lock{mutex};
    const std::string& call_ref = what.event.report.call_ref;
    const std::string* known = agents.find(call_ref);
    if (known == nullptr) return;
    std::string url = *known;
    if (what.event.report.phase == carriers::call_phase::ended) agents.take(call_ref);
    const auto told = std::make_shared<std::pair<stored_callback, std::string>>(std::move(what), std::move(url));
    (void)submit(told->first.over->organisation, [this, told, came = now()](sql::session&) {
      if (is_late(came)) return;
      try {
        (void)ports.post(told->first.over->account, post_for(told->first, told->second));
      } catch (const std::exception&) {  // its hand-over said why
      }
    });
  }

  /// Before the call is ended: its end alone would look like that of a talk.
  bool abandon(const stored_callback& what, const std::string& why) {
    auto written = std::make_shared<std::promise<void>>();
    auto wait = written->get_future();
    inbox.store(what.over->organisation, what.token.attempt, carriers::abandoned(what.event),
                [written](bool) { written->set_value(); });
    (void)wait.wait_for(store_within);
    return hang_up(what, why);
  }

  bool hang_up(const stored_callback& what, const std::string& why) {
    const carriers::command_answer answer = command(what, carriers::hang_up_abandoned(what.event));
    const bool over = answer.result == command_result::done || answer.result == command_result::call_over;
    if (over) ++abandoned;
    ports.warn("answered call was not handed to its agent: call=" + what.event.report.call_ref + " reason=" + why +
               (over ? " and was ended" : " and could not be ended: " + answer.why));
    return over;
  }

  carriers::command_answer command(const stored_callback& what, const carriers::telnyx_command& told) {
    carriers::command_answer answer;
    for (int tries = 0; tries < command_tries_max; ++tries) {
      if (tries != 0 && !pause()) break;
      try {
        answer = ports.command(what.over->account, told);
      } catch (const std::exception& failed) {  // the account can't be used
        answer = {command_result::refused, failed.what()};
      }
      if (answer.result != command_result::again) break;
    }
    return answer;
  }

  static arrival now() { return std::chrono::steady_clock::now(); }
  bool is_late(arrival came) const { return now() - came > settings.wait_max; }

  /// False: there is no time left.
  bool pause() {
    std::unique_lock lock{mutex};
    return !stopped.wait_for(lock, settings.pause, [this] { return stopping; });
  }

  // Constant after construction.
  hand_over_settings settings;
  hand_over_ports ports;
  callback_inbox& inbox;
  // Any thread.
  std::atomic<std::uint64_t> handed_over{0};
  std::atomic<std::uint64_t> abandoned{0};
  std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;
  recent<standing> events;     // by account and event
  recent<std::string> agents;  // URL with its token, by call
  std::unordered_map<organisation_id, line> lines;
  // Last: their threads use everything above.
  std::optional<sql_workers> workers;
};

hand_overs::hand_overs(hand_over_settings settings, hand_over_ports ports, callback_inbox& inbox)
    : impl_{std::make_shared<impl>(std::move(settings), std::move(ports), inbox)} {}

hand_overs::~hand_overs() {
  impl_->stop();
}

carrier_callbacks::actor hand_overs::actor() {
  return [weak = std::weak_ptr<impl>{impl_}](stored_callback what, respond_function respond) {
    if (const auto alive = weak.lock()) {
      alive->act(std::move(what), std::move(respond));
    } else {
      respond({.status = 503});
    }
  };
}

hand_over_stats hand_overs::stats() const {
  return {.handed_over = impl_->handed_over, .abandoned = impl_->abandoned};
}

}  // namespace dialer::api
