#include "engine/shard.hpp"

#include <concurrentqueue/concurrentqueue.h>
#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <thread>

namespace dialer::engine {
namespace {

constexpr std::size_t mail_bulk = 256;
constexpr std::chrono::milliseconds views_every{100};
constexpr std::chrono::milliseconds ticks_every{250};

struct mail {
  organisation_id to;
  std::uint64_t epoch = 0;  // under which alone it is meant; 0: any
  event what;
};

}  // namespace

struct shard::impl {
  // An organisation with what its effects need.
  struct resident {
    std::unique_ptr<organisation> machine;
    flat_map<integration_id, std::shared_ptr<send_queue>> queues;
    flat_map<attempt_id, std::shared_ptr<send_ticket>> unanswered;  // for vetoes
  };

  impl(const clock& time_source, ledger& ledger_port, event_sink& sink, std::function<void(organisation_id)> on_lost)
      : time{time_source},
        records{ledger_port},
        router{sink},
        lost{std::move(on_lost)},
        work{boost::asio::make_work_guard(io)},
        tick_timer{io},
        thread{[this] { io.run(); }} {
    boost::asio::post(io, [this] { arm_tick(); });
  }

  // --- mail ---

  void post(const organisation_id& to, event&& what) { put({to, 0, std::move(what)}); }

  void put(mail&& letter) {
    mailbox.enqueue(std::move(letter));
    wake();
  }

  void wake() {
    if (!wake_posted.exchange(true, std::memory_order_acq_rel)) {
      boost::asio::post(io, [this] { read_mail(); });
    }
  }

  void read_mail() {
    wake_posted.store(false, std::memory_order_release);
    mail batch[mail_bulk];
    for (;;) {
      const std::size_t count = mailbox.try_dequeue_bulk(batch, mail_bulk);
      if (count == 0) break;
      const instant now = time.now();
      for (std::size_t i = 0; i < count; ++i) {
        const auto home = residents.find(batch[i].to);
        if (home != residents.end()) home->second.machine->prefetch(batch[i].what);
      }
      for (std::size_t i = 0; i < count; ++i) deliver(batch[i], now);
      settle_all();
    }
    arm_tick();
  }

  void deliver(mail& letter, instant now) {
    const auto found = residents.find(letter.to);
    if (found == residents.end()) return;
    if (letter.epoch != 0 && letter.epoch != found->second.machine->owner().epoch) return;
    if (const auto* answered = std::get_if<create_answered>(&letter.what)) {
      found->second.unanswered.erase(answered->attempt);
    }
    found->second.machine->step(std::move(letter.what), now, pending);
    carry_out(found->second);
  }

  void settle_all() {
    const instant now = time.now();
    for (auto& [id, home] : residents) {
      home.machine->step(tick{}, now, pending);
      carry_out(home);
    }
    for (const organisation_id& id : std::exchange(gone, {})) {
      const auto home = residents.find(id);
      if (home == residents.end()) continue;
      // What was not written yet is no longer ours to write.
      for (const auto& [attempt, ticket] : home->second.unanswered) ticket->veto();
      residents.erase(home);
      lost(id);
    }
    publish_views(now);
    if (drained && all_drained()) std::exchange(drained, nullptr)();
  }

  // --- effects ---

  void carry_out(resident& home) {
    if (pending.empty()) return;  // the most frequent event: a carrier's answer, whose outcome waits for its batch
    const organisation_id id = home.machine->owner().organisation;
    for (decision_batch& batch : pending.decisions) records.commit(std::move(batch));
    for (outcome_batch& batch : pending.outcomes) records.commit(std::move(batch));
    for (contact_request& request : pending.loads) records.load(std::move(request));
    for (send_call& call : pending.sends) send(home, std::move(call));
    for (const veto_send& veto : pending.vetoes) this->veto(home, veto);
    for (carrier_question& question : pending.questions) ask(home, std::move(question));
    for (const slow_account& slow : pending.slowdowns) slow_down(home, slow);
    if (pending.load_changes) records.load_changes(home.machine->owner(), *pending.load_changes);
    if (pending.confirm_applied) records.confirm_applied(home.machine->owner(), *pending.confirm_applied);
    if (pending.oldest_open) records.note_oldest_open(home.machine->owner(), *pending.oldest_open);
    for (send_queue* queue : touched) queue->wake_all();
    touched.clear();
    if (pending.ownership_lost) gone.push_back(id);
    pending.clear();
  }

  static integration_id integration_of(const carrier_question& question) {
    return std::visit([](const auto& ask) { return ask.integration; }, question);
  }

  // The account can't be asked; the organisation asks again when it is due.
  static event no_answer_to(const carrier_question& question) {
    if (const auto* ask = std::get_if<look_up>(&question)) return looked_up{ask->attempt, {}};
    if (const auto* fetch = std::get_if<fetch_call>(&question)) return call_fetched{fetch->attempt, std::nullopt};
    if (const auto* end = std::get_if<cancel_call>(&question)) {
      return call_canceled{end->attempt, end->call_ref, carriers::cancel_result::failed};
    }
    return account_probed{std::get<probe_account>(question).integration, false};
  }

  void touch(send_queue* queue) {
    if (std::find(touched.begin(), touched.end(), queue) == touched.end()) touched.push_back(queue);
  }

  void send(resident& home, send_call&& call) {
    const auto queue = home.queues.find(call.integration);
    const ownership& owner = home.machine->owner();
    if (queue == home.queues.end()) {
      carriers::create_answer answer;
      answer.what = carriers::answer_class::not_sent;
      answer.react = carriers::reaction::none;
      post(owner.organisation, sends_taken{call.integration, 1});
      post(owner.organisation, create_answered{call.attempt, std::move(answer), reason::no_account});
      return;
    }
    const carriers::attempt_token token{owner.organisation, call.campaign,
                                        call.attempt,       call.contact,
                                        owner.epoch,        std::chrono::floor<std::chrono::seconds>(time.now().utc)};
    const attempt_id attempt = call.attempt;
    auto ticket = std::make_shared<send_ticket>(std::move(call), token);
    home.unanswered.emplace(attempt, ticket);
    queue->second->calls.enqueue(std::move(ticket));
    touch(queue->second.get());
  }

  void veto(resident& home, const veto_send& what) {
    const auto ticket = home.unanswered.find(what.attempt);
    if (ticket == home.unanswered.end() || !ticket->second->veto()) return;  // its answer is on the way
    carriers::create_answer answer;
    answer.what = carriers::answer_class::not_sent;
    answer.react = carriers::reaction::none;
    post(home.machine->owner().organisation, create_answered{what.attempt, std::move(answer), what.why});
  }

  void ask(resident& home, carrier_question&& what) {
    const auto queue = home.queues.find(integration_of(what));
    if (queue == home.queues.end()) {
      post(home.machine->owner().organisation, no_answer_to(what));
      return;
    }
    queue->second->questions.enqueue({home.machine->owner().organisation, std::move(what)});
    touch(queue->second.get());
  }

  void slow_down(resident& home, const slow_account& slow) {
    const auto queue = home.queues.find(slow.integration);
    if (queue == home.queues.end()) return;
    const steady_time now = time.now().steady;
    if (slow.hold) {
      queue->second->budget.hold(now + *slow.hold);
    } else {
      queue->second->budget.slow_down(now, std::chrono::seconds{30});
    }
  }

  // --- senders ---

  void retire(const send_queue* of) {
    const auto found = std::ranges::find(senders, of, [](const auto& each) { return &each->queue(); });
    if (found == senders.end()) return;
    sender* const last = leaving.emplace_back(std::move(*found)).get();
    senders.erase(found);
    last->stop([this, last] { std::erase_if(leaving, [&](const auto& each) { return each.get() == last; }); });
  }

  // --- time ---

  // Only ever brought forward: a timer set anew after every letter would cost a system call each time.
  void arm_tick() {
    const steady_time now = time.now().steady;
    steady_time next = now + (views_old ? std::max(views_at - now, steady_time::duration{0}) : ticks_every);
    for (const auto& [id, home] : residents) next = std::min(next, home.machine->next_tick());
    if (next >= ticks_at) return;
    ticks_at = next;
    tick_timer.expires_after(std::max(next - now, std::chrono::microseconds{0}));
    tick_timer.async_wait([this](boost::system::error_code error) {
      if (error) return;
      ticks_at = steady_time::max();
      settle_all();
      arm_tick();
    });
  }

  void publish_views(instant now) {
    views_old = now.steady < views_at;
    if (views_old) return;
    views_at = now.steady + views_every;
    std::vector<organisation_view> fresh;
    for (const auto& [id, home] : residents) fresh.push_back(home.machine->view(now));
    const std::lock_guard lock{views_mutex};
    views.swap(fresh);
  }

  bool all_drained() const {
    return std::all_of(residents.begin(), residents.end(),
                       [](const auto& entry) { return entry.second.machine->drained(); });
  }

  const clock& time;
  ledger& records;
  event_sink& router;
  std::function<void(organisation_id)> lost;

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  boost::asio::steady_timer tick_timer;
  steady_time ticks_at = steady_time::max();  // what the timer is set to
  moodycamel::ConcurrentQueue<mail> mailbox;
  std::atomic<bool> wake_posted{false};
  std::atomic<bool> came_round{true};

  flat_map<organisation_id, resident> residents;
  std::vector<std::unique_ptr<sender>> senders;
  std::vector<std::unique_ptr<sender>> leaving;  // that wait for their last answers
  effects pending;
  std::vector<send_queue*> touched;
  std::vector<organisation_id> gone;  // turned out to be owned by somebody else
  std::function<void()> drained;

  mutable std::mutex views_mutex;
  std::vector<organisation_view> views;
  steady_time views_at{};
  bool views_old = false;  // something happened since they were published

  std::thread thread;  // last: everything else is made before it runs
};

shard::shard(const clock& time, ledger& records, event_sink& router, std::function<void(organisation_id)> lost)
    : impl_{std::make_unique<impl>(time, records, router, std::move(lost))} {}

shard::~shard() {
  stop();
}

void shard::post(const organisation_id& to, event&& what) {
  impl_->post(to, std::move(what));
}

void shard::answer(const ownership& asked_by, event&& what) {
  impl_->put({asked_by.organisation, asked_by.epoch, std::move(what)});
}

void shard::add_account(const std::shared_ptr<send_queue>& queue, const sender_options& options,
                        std::size_t warm_connections) {
  // Made here, so that an account that can't be used is its bringer's trouble and not this thread's end.
  auto joining = std::make_unique<sender>(impl_->io, queue, options, impl_->time, impl_->router);
  boost::asio::post(impl_->io, [this, joining = std::move(joining), warm_connections]() mutable {
    impl_->retire(&joining->queue());
    joining->warm(warm_connections);
    impl_->senders.push_back(std::move(joining));
  });
}

void shard::remove_account(std::shared_ptr<send_queue> queue) {
  boost::asio::post(impl_->io, [this, queue = std::move(queue)] { impl_->retire(queue.get()); });
}

void shard::adopt(organisation_options options, recovery found, std::vector<call_reported> reports,
                  std::vector<std::shared_ptr<send_queue>> queues) {
  const auto done = std::make_shared<std::promise<void>>();  // outlives whoever is the last to look at it
  const std::future<void> adopted = done->get_future();
  boost::asio::post(impl_->io, [&, done] {
    impl::resident home;
    const organisation_id id = found.owner.organisation;
    const instant now = impl_->time.now();
    for (auto& queue : queues) {
      const integration_id account = queue->account()->id;
      remember_starts(queue->budget, account, found.starts, options.send_within, now);
      home.queues.emplace(account, std::move(queue));
    }
    home.machine = std::make_unique<organisation>(std::move(options), std::move(found), now);
    impl::resident& settled = impl_->residents.insert_or_assign(id, std::move(home)).first->second;
    // Before the first tick: what is over must not be asked for, hung up or held against a limit.
    for (call_reported& report : reports) {
      settled.machine->step(std::move(report), now, impl_->pending);
      impl_->carry_out(settled);
    }
    impl_->settle_all();
    impl_->arm_tick();
    done->set_value();
  });
  adopted.wait();
}

void shard::add_queue(const organisation_id& to, std::shared_ptr<send_queue> queue) {
  boost::asio::post(impl_->io, [this, to, queue = std::move(queue)] {
    const auto home = impl_->residents.find(to);
    if (home != impl_->residents.end()) home->second.queues.insert_or_assign(queue->account()->id, queue);
  });
}

bool shard::turns() {
  if (!impl_->came_round.exchange(false)) return false;
  boost::asio::post(impl_->io, [this] { impl_->came_round = true; });
  return true;
}

std::vector<organisation_view> shard::views() const {
  const std::lock_guard lock{impl_->views_mutex};
  return impl_->views;
}

void shard::drain(std::function<void()> drained) {
  boost::asio::post(impl_->io, [this, drained = std::move(drained)]() mutable {
    impl_->drained = std::move(drained);
    for (auto& [id, home] : impl_->residents) {
      home.machine->step(drain_requested{}, impl_->time.now(), impl_->pending);
      impl_->carry_out(home);
    }
    impl_->settle_all();
  });
}

void shard::stop() {
  if (!impl_->thread.joinable()) return;
  boost::asio::post(impl_->io, [this] {
    impl_->tick_timer.cancel();
    impl_->ticks_at = steady_time::max();  // while senders wait for their last answers, outcomes go on
    auto left = std::make_shared<std::size_t>(impl_->senders.size() + impl_->leaving.size());
    const auto done = [this, left] {
      if (*left == 0 || --*left == 0) {
        impl_->work.reset();
        impl_->io.stop();
      }
    };
    if (*left == 0) done();
    for (auto& each : impl_->senders) each->stop(done);
    for (auto& each : impl_->leaving) each->stop(done);
  });
  impl_->thread.join();
}

}  // namespace dialer::engine
