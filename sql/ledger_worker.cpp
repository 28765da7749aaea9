#include "sql/ledger_worker.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <variant>

#include "carriers/call_report_text.hpp"

namespace dialer::sql {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_in_a_commit = 512;
constexpr auto resolve_again = 200ms;

struct changes_job {
  engine::ownership owner;
  engine::change_request what;
};

struct confirmation {
  engine::ownership owner;
  std::uint64_t generation = 0;
};

struct open_mark {
  engine::ownership owner;
  attempt_id oldest;
};

struct stop {};

using outcome_job = std::variant<stop, engine::outcome_batch>;
using write_job = std::variant<stop, engine::decision_batch, confirmation, open_mark>;
using read_job = std::variant<stop, engine::contact_request, changes_job>;

struct event_job {
  bool stop = false;
  received_event event;
  carriers::call_report report;
  std::function<void(bool)> stored;
};

}  // namespace

struct ledger_worker::impl {
  impl(ledger_options with, engine::event_sink& sink)
      : options{std::move(with)},
        answers{sink},
        decider{[this] { write_decisions(); }},
        closer{[this] { write_outcomes(); }},
        reader{[this] { read(); }},
        inbox{[this] { receive(); }} {}

  ~impl() {
    stopping = true;
    writes.enqueue(sql::stop{});
    outcomes.enqueue(sql::stop{});
    reads.enqueue(sql::stop{});
    events.enqueue(event_job{true, {}, {}, {}});
    {
      const std::lock_guard lock{pause_mutex};
      pause.notify_all();
    }
    decider.join();
    closer.join();
    reader.join();
    inbox.join();
  }

  // --- decisions and outcomes ---

  void write_decisions() {
    postgres_ledger ledger{options};
    write_job job;
    for (;;) {
      writes.wait_dequeue(job);
      if (std::holds_alternative<sql::stop>(job)) return;
      if (auto* decisions = std::get_if<engine::decision_batch>(&job)) {
        commit<engine::decisions_committed>(ledger, *decisions);
      } else if (const auto* mark = std::get_if<open_mark>(&job)) {
        note(ledger, *mark);
      } else {
        confirm(ledger, std::get<confirmation>(job));
      }
    }
  }

  // Apart from the decisions: while one waits for the disk, the other is written.
  void write_outcomes() {
    postgres_ledger ledger{options};
    outcome_job job;
    for (;;) {
      outcomes.wait_dequeue(job);
      if (std::holds_alternative<sql::stop>(job)) return;
      commit<engine::outcomes_committed>(ledger, std::get<engine::outcome_batch>(job));
    }
  }

  template <class Answer, class Batch>
  void commit(postgres_ledger& ledger, const Batch& batch) {
    engine::commit_result result = ledger.commit(batch);
    while (result == engine::commit_result::unknown && !stopping) {
      result = ledger.resolve(batch);
      if (result == engine::commit_result::unknown) wait(resolve_again);
    }
    note_health(result != engine::commit_result::failed && result != engine::commit_result::unknown);
    if (result != engine::commit_result::unknown) {
      answers.answer(batch.owner, Answer{batch.number, result});
    }
  }

  // A confirmation that failed would leave somebody waiting for a 200 that never comes: it is repeated.
  void confirm(postgres_ledger& ledger, const confirmation& what) {
    try {
      ledger.confirm_applied(what.owner, what.generation);
    } catch (const sql_error&) {
      note_health(false);
      wait(resolve_again);
      if (!stopping) writes.enqueue(what);
    }
  }

  // Not repeated: the next one says more, and an older mark only costs the next take-over time.
  void note(postgres_ledger& ledger, const open_mark& what) {
    try {
      ledger.note_oldest_open(what.owner, what.oldest);
    } catch (const sql_error&) {
      note_health(false);
    }
  }

  // --- loads ---

  void read() {
    postgres_ledger ledger{options};
    read_job job;
    for (;;) {
      reads.wait_dequeue(job);
      if (std::holds_alternative<sql::stop>(job)) return;
      if (const auto* request = std::get_if<engine::contact_request>(&job)) {
        load(ledger, *request);
      } else {
        load_changes(ledger, std::get<changes_job>(job));
      }
    }
  }

  void load(postgres_ledger& ledger, const engine::contact_request& request) {
    engine::contacts_loaded loaded;
    try {
      loaded.page = ledger.load(request);
    } catch (const sql_error&) {
      loaded.ok = false;
      loaded.page.campaign = request.campaign;
      loaded.page.lane = request.lane;
    }
    note_health(loaded.ok);
    answers.answer(request.owner, std::move(loaded));
  }

  void load_changes(postgres_ledger& ledger, const changes_job& request) {
    engine::changes_loaded loaded;
    try {
      loaded.changes = ledger.changes_since(request.owner.organisation, request.what);
    } catch (const std::exception&) {
      loaded.ok = false;
    }
    note_health(loaded.ok);
    answers.answer(request.owner, std::move(loaded));
  }

  // --- the inbox ---

  void receive() {
    postgres_ledger ledger{options};
    std::vector<event_job> batch(events_in_a_commit);
    for (;;) {
      const std::size_t count = events.wait_dequeue_bulk(batch.begin(), events_in_a_commit);
      std::vector<received_event> rows;
      for (std::size_t i = 0; i < count; ++i) {
        if (!batch[i].stop) rows.push_back(std::move(batch[i].event));
      }
      bool stored = true;
      try {
        if (!rows.empty()) ledger.append_events(rows);
      } catch (const sql_error&) {
        stored = false;
      }
      note_health(stored);
      std::size_t row = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if (batch[i].stop) continue;
        const received_event& about = rows[row++];
        // Repeats too: one that finds itself stored may be the first of which the answer is known, and the organisation
        // has heard of none before.
        if (stored) {
          answers.post(about.organisation, engine::call_reported{about.event.attempt, std::move(batch[i].report)});
        }
        batch[i].stored(stored);
        batch[i] = {};
      }
      if (rows.size() != count) return;
    }
  }

  void note_health(bool well) { healthy.store(well, std::memory_order_relaxed); }

  void wait(std::chrono::milliseconds time) {
    std::unique_lock lock{pause_mutex};
    pause.wait_for(lock, time, [this] { return stopping.load(); });
  }

  ledger_options options;
  engine::event_sink& answers;
  moodycamel::BlockingConcurrentQueue<write_job> writes;
  moodycamel::BlockingConcurrentQueue<outcome_job> outcomes;
  moodycamel::BlockingConcurrentQueue<read_job> reads;
  moodycamel::BlockingConcurrentQueue<event_job> events;
  std::atomic<bool> stopping{false};
  std::atomic<bool> healthy{true};
  std::mutex pause_mutex;
  std::condition_variable pause;
  std::thread decider;  // last: they use everything above
  std::thread closer;
  std::thread reader;
  std::thread inbox;
};

ledger_worker::ledger_worker(ledger_options options, engine::event_sink& answers)
    : impl_{std::make_unique<impl>(std::move(options), answers)} {}

ledger_worker::~ledger_worker() = default;

void ledger_worker::commit(engine::decision_batch&& batch) {
  impl_->writes.enqueue(std::move(batch));
}
void ledger_worker::commit(engine::outcome_batch&& batch) {
  impl_->outcomes.enqueue(std::move(batch));
}
void ledger_worker::load(engine::contact_request&& request) {
  impl_->reads.enqueue(request);
}

void ledger_worker::load_changes(const engine::ownership& owner, const engine::change_request& what) {
  impl_->reads.enqueue(changes_job{owner, what});
}

void ledger_worker::confirm_applied(const engine::ownership& owner, std::uint64_t generation) {
  impl_->writes.enqueue(confirmation{owner, generation});
}

void ledger_worker::note_oldest_open(const engine::ownership& owner, attempt_id oldest) {
  impl_->writes.enqueue(open_mark{owner, oldest});
}

void ledger_worker::store(const organisation_id& organisation, attempt_id attempt, carriers::callback&& what,
                          std::function<void(bool)> stored) {
  event_job job;
  job.event = {organisation, {attempt, std::move(what.event_key), carriers::serialize_report(what.report)}};
  job.report = std::move(what.report);
  job.stored = std::move(stored);
  impl_->events.enqueue(std::move(job));
}

bool ledger_worker::healthy() const {
  return impl_->healthy.load(std::memory_order_relaxed);
}

}  // namespace dialer::sql
