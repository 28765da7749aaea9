// How many calls can one core decide on?
//
// An engine::organisation, fed by events as its shard feeds it: 1,000 campaigns in eight workspaces, 4,000 lanes, 1,600
// caller IDs, the 250 M-number list, 655,000 opt-outs, two million attempts in the caps' history. Each decision is
// whole: whose turn, screen, caller ID, permit, intent in a batch, and after the batch's commit the call for the
// sender. Timed: step(tick), step(decisions_committed), step(contacts_loaded). Not timed, as others do it: making
// pages, writing batches, sending, closing the attempts (shown apart as cycles_per_second). Time is processor time of
// this thread. Reference: a loop over the same contacts that does nothing but test the do-not-call bit. Verified, for
// every contact of every round: nobody listed, opted out or at a cap is in an intent; nobody is decided twice; every
// contact handed over is decided or still queued.

#include <algorithm>

#include "bench/load/decide_world.hpp"
#include "bench/load/harness.hpp"
#include "bench/load/national_list.hpp"
#include "compliance/numbering_plan.hpp"
#include "engine/hash_tables.hpp"
#include "engine/organisation.hpp"

namespace dialer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 5;
constexpr std::uint64_t intents_per_round = 1'000'000;

[[noreturn]] void wrong(e164 number, const char* what) {
  throw wrong_result{number.text() + ' ' + what};
}

class dialing {
 public:
  dialing() : list_{open_national_list()} {
    engine::recovery found = world_.recovery();
    for (const auto& change : found.opt_outs) opted_out_.insert(change.number);
    for (const auto& past : found.history) capped_.insert(past.to);
    engine::organisation_options options;
    options.reserve = 900ms;
    options.region = [](e164 number) { return compliance::find_area_code(number.npa())->regions; };
    found.snapshot.rules = {{list_}, compliance::load_system_zone_rules()};
    machine_ = std::make_unique<engine::organisation>(options, std::move(found), now_);
    seen_.resize(std::size_t{decide_world::campaigns} * decide_world::lanes * decide_world::contacts_max);
  }

  /// Until every lane holds contacts: what happens once, when campaigns start.
  void warm_up() {
    for (int i = 0; i < 200; ++i) {
      now_.steady += 250ms;
      now_.utc += 250ms;
      cycle();
    }
    for (int i = 0; i < 400; ++i) cycle();
    deciding_ = releasing_ = loading_ = 0;
    check_round();
    checking_ = 0;
  }

  /// Decisions per second: the engine's, and those of the loop that tests one bit.
  round measure() {
    timed_ = 0;
    const double start = thread_cpu_seconds();
    intents_ = 0;
    decided_now_.clear();
    while (intents_ < intents_per_round) cycle();
    whole_ += thread_cpu_seconds() - start - checking_;
    checking_ = 0;
    total_ += intents_;

    check_round();
    std::vector<e164> numbers;
    for (const decided& each : decided_now_) numbers.push_back(world_.number_of(each.contact));
    std::uint64_t listed = 0;
    const double loop = thread_cpu_seconds();
    for (const e164 number : numbers) listed += list_->contains(number) ? 1 : 0;
    const double took = thread_cpu_seconds() - loop;
    require(listed > 0, "no contact was on the list");
    return {static_cast<double>(intents_) / timed_, static_cast<double>(numbers.size()) / took};
  }

  double decided_per_intent() const { return static_cast<double>(decided_now_.size()) / static_cast<double>(intents_); }
  double cycles_per_second() const { return static_cast<double>(total_) / whole_; }

  /// Nanoseconds a decision.
  double deciding_ns() const { return deciding_ / static_cast<double>(total_) * 1e9; }
  double releasing_ns() const { return releasing_ / static_cast<double>(total_) * 1e9; }
  double loading_ns() const { return loading_ / static_cast<double>(total_) * 1e9; }

  void check_all_accounted() {
    std::uint64_t queued = 0;
    for (const auto& campaign : machine_->view(now_).campaigns) queued += campaign.queued;
    require(handed_over_ == decided_ + queued, "contacts were lost: " + std::to_string(handed_over_) +
                                                   " handed over, " + std::to_string(decided_) + " decided, " +
                                                   std::to_string(queued) + " queued");
  }

 private:
  template <class Event>
  void step_timed(Event&& what, double& part) {
    const double start = thread_cpu_seconds();
    machine_->step(std::forward<Event>(what), now_, out_);
    const double took = thread_cpu_seconds() - start;
    timed_ += took;
    part += took;
  }

  void cycle() {
    now_.steady += 200us;
    now_.utc += 200us;
    step_timed(engine::tick{}, deciding_);
    load();
    engine::effects out = std::exchange(out_, {});
    for (engine::decision_batch& batch : out.decisions) {
      remember(batch);
      step_timed(engine::decisions_committed{batch.number, engine::commit_result::committed}, releasing_);
      std::vector<engine::send_call> sends = std::exchange(out_.sends, {});
      require(sends.size() == batch.intents.size(), "a committed intent did not become a call");
      intents_ += sends.size();
      machine_->step(engine::sends_taken{sends.front().integration, static_cast<std::uint32_t>(sends.size())}, now_,
                     out_);
      for (const engine::send_call& call : sends) end(call);
    }
    for (const engine::outcome_batch& batch : out.outcomes) {
      machine_->step(engine::outcomes_committed{batch.number, engine::commit_result::committed}, now_, out_);
    }
  }

  void load() {
    for (const engine::contact_request& request : out_.loads) {
      const double start = thread_cpu_seconds();
      engine::contacts_loaded loaded{true, world_.page(request)};
      checking_ += thread_cpu_seconds() - start;
      handed_over_ += loaded.page.contacts.size();
      step_timed(std::move(loaded), loading_);
    }
    out_.loads.clear();
  }

  // The carrier knows the number for invalid: the contact is done.
  void end(const engine::send_call& call) {
    carriers::create_answer answer;
    answer.what = carriers::answer_class::rejected;
    answer.react = carriers::reaction::fail_number;
    answer.outcome = disposition::invalid_number;
    answer.http_status = 400;
    machine_->step(engine::create_answered{call.attempt, std::move(answer), reason::none}, now_, out_);
  }

  void remember(const engine::decision_batch& batch) {
    for (const engine::intent& each : batch.intents) {
      if (!each.from) wrong(each.to, "is called without a caller ID");
      decided_now_.push_back({each.contact, each.to, reason::none});
    }
    for (const engine::contact_end& each : batch.ends) decided_now_.push_back({each.contact, {}, each.why});
    for (const engine::contact_wait& each : batch.waits) {
      decided_now_.push_back({each.contact.id, each.contact.number, each.why});
    }
  }

  // After the round, so that the tables looked into here do not push the engine's memory out of the caches.
  void check_round() {
    for (const decided& each : decided_now_) {
      const e164 number = world_.number_of(each.contact);
      const bool never = is_listed(number) || opted_out_.contains(number);
      const bool capped = capped_.contains(number);
      switch (each.why) {
        case reason::none:
          if (each.to != number) wrong(each.to, "is called and is not the contact's number");
          if (never) wrong(number, "is called though it is listed or has opted out");
          if (capped) wrong(number, "is called though it is at its cap");
          break;
        case reason::national_do_not_call:
        case reason::opted_out:
          if (!never) wrong(number, "was refused without a cause");
          break;
        case reason::attempt_cap_24h:
          if (!capped) wrong(number, "was put off without a cause");
          break;
        case reason::number_in_flight: break;
        default:
          if (compliance::number_fact(number) != each.why) wrong(number, "was refused without a cause");
      }
      if (seen_[each.contact.value]) wrong(number, "was decided twice");
      seen_[each.contact.value] = true;
    }
    decided_ += decided_now_.size();
  }

  struct decided {
    contact_id contact;
    e164 to;
    reason why;  // none: it became an intent
  };

  decide_world world_;
  std::shared_ptr<const compliance::do_not_call_list> list_;
  engine::flat_set<e164> opted_out_;
  engine::flat_set<e164> capped_;
  instant now_{steady_time{1h}, decide_world::start};
  std::unique_ptr<engine::organisation> machine_;
  engine::effects out_;

  std::vector<bool> seen_;
  std::vector<decided> decided_now_;
  std::uint64_t handed_over_ = 0;
  std::uint64_t decided_ = 0;
  std::uint64_t intents_ = 0;
  std::uint64_t total_ = 0;
  double timed_ = 0;     // the three parts of a round ...
  double deciding_ = 0;  // ... and each of all rounds
  double releasing_ = 0;
  double loading_ = 0;
  double whole_ = 0;
  double checking_ = 0;
};

void run(const std::filesystem::path& file) {
  dialing all;
  all.warm_up();
  report result{"decide", "decisions/s of one core", "a loop that only tests the do-not-call bit"};
  std::vector<double> decisions;
  for (int i = 0; i < rounds; ++i) {
    const round one = all.measure();
    decisions.push_back(one.engine);
    result.add(one);
  }
  all.check_all_accounted();
  result.note("decisions_per_second", median(decisions));
  result.note("deciding_ns", all.deciding_ns());
  result.note("releasing_ns", all.releasing_ns());
  result.note("loading_ns", all.loading_ns());
  result.note("contacts_decided_per_intent", all.decided_per_intent());
  result.note("cycles_per_second", all.cycles_per_second());
  result.note("peak_rss_mb", static_cast<double>(status_kb("VmHWM")) / 1024);
  result.finish(file);
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, dialer::bench::run);
}
