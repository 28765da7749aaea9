// How fast does the engine place calls when nothing has to be written down?
//
// An engine::shard with one organisation, everything on but the database: selection, the 250 M-number list, opt-outs,
// caps, caller IDs, permits, the account's budget, tokens, TLS, decoding of answers. Its ledger acknowledges at once.
// Reference: wrk with as many connections and requests of the same size, on the same server.
// Both share the machine's cores with the server. 64 connections, one thread each. Between rounds all calls end, so
// that each round finds the engine as the one before it did. Verified: as many calls were accepted as the server
// counted requests, and every contact of a round was called, refused, or given back because its permit ran out before a
// connection was free.

#include <fmt/core.h>

#include <atomic>
#include <thread>

#include "bench/load/bench_database.hpp"
#include "bench/load/carrier_stand_in.hpp"
#include "bench/load/decide_world.hpp"
#include "bench/load/harness.hpp"
#include "bench/load/national_list.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "engine/shard.hpp"

namespace dialer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 5;
constexpr int wrk_seconds = 4;
constexpr std::uint64_t contacts_per_round = 100'000;

/// Acknowledges at once and hands out as many contacts as are allowed.
class memory_ledger : public engine::ledger {
 public:
  memory_ledger(const decide_world& world, engine::event_sink& answers) : world_{world}, answers_{answers} {}

  void commit(engine::decision_batch&& batch) override {
    undialed_ += batch.ends.size() + batch.waits.size();
    for (const engine::intent& each : batch.intents) attempts_.push_back(each.attempt);
    answers_.answer(batch.owner, engine::decisions_committed{batch.number, engine::commit_result::committed});
  }
  void commit(engine::outcome_batch&& batch) override {
    std::uint64_t accepted = 0;
    for (const engine::outcome& row : batch.outcomes) {
      if (row.kind == engine::outcome_kind::accepted) ++accepted;
      if (row.kind == engine::outcome_kind::not_sent) ++not_sent_;
      if (row.kind == engine::outcome_kind::ended) ++ended_;
    }
    accepted_ += accepted;
    answers_.answer(batch.owner, engine::outcomes_committed{batch.number, engine::commit_result::committed});
  }
  void load(engine::contact_request&& request) override {
    request.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(request.count, allowed_ - given_));
    engine::contacts_loaded loaded{true, {request.campaign, request.lane, {}, false, {}}};
    if (request.count > 0) loaded.page = world_.page(request);
    given_ += loaded.page.contacts.size();
    answers_.answer(request.owner, std::move(loaded));
  }
  void load_changes(const engine::ownership&, const engine::change_request&) override {}
  void confirm_applied(const engine::ownership&, std::uint64_t) override {}
  void note_oldest_open(const engine::ownership&, attempt_id) override {}

  void allow(std::uint64_t more) { allowed_ += more; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t undialed() const { return undialed_; }
  std::uint64_t given() const { return given_; }
  std::uint64_t not_sent() const { return not_sent_; }
  std::uint64_t ended() const { return ended_; }
  /// Since the last time. REQUIRES: nothing is being dialed.
  std::vector<attempt_id> take_attempts() { return std::exchange(attempts_, {}); }

 private:
  const decide_world& world_;
  engine::event_sink& answers_;
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<std::uint64_t> given_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> undialed_{0};
  std::atomic<std::uint64_t> not_sent_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::vector<attempt_id> attempts_;
};

class to_shard : public engine::event_sink {
 public:
  void post(const organisation_id& to, engine::event&& what) override { shard->post(to, std::move(what)); }
  void answer(const engine::ownership& to, engine::event&& what) override { shard->answer(to, std::move(what)); }
  engine::shard* shard = nullptr;
};

void run(const std::filesystem::path& file) {
  const scratch_directory directory;
  carrier_stand_in server{directory.path()};
  const cli::system_clock time = cli::system_clock::starting_at(decide_world::start);
  const decide_world world;
  to_shard router;
  memory_ledger ledger{world, router};
  engine::shard shard{time, ledger, router, [](organisation_id) {}};
  router.shard = &shard;

  engine::recovery found = world.recovery();
  const organisation_id organisation = found.owner.organisation;
  carriers::account& account = found.snapshot.accounts.front();
  account.base_url = server.url();
  account.ca_file = server.ca_file();
  account.account_sid = carrier_stand_in::account_sid;
  account.secret = "0123456789abcdef0123456789abcdef";
  for (campaigns::settings& campaign : found.snapshot.campaigns) campaign.ring_timeout = 600s;  // no callbacks here
  auto queue = std::make_shared<engine::send_queue>(account);
  engine::sender_options sending;
  sending.callback_base_url = "https://dialer.example.com";
  shard.add_account(queue, sending, sending.connections_max);
  engine::organisation_options options;
  options.region = cli::region_of_number;
  found.snapshot.rules = {{open_national_list()}, compliance::load_system_zone_rules()};
  shard.adopt(options, std::move(found), {}, {queue});

  const auto hang_up = [&] {
    carriers::call_report over;
    over.phase = carriers::call_phase::ended;
    over.if_unanswered = disposition::answered;
    for (const attempt_id attempt : ledger.take_attempts()) {
      shard.post(organisation, engine::call_reported{attempt, over});
    }
    const double start = wall_seconds();
    while (ledger.ended() < ledger.accepted()) {
      std::this_thread::sleep_for(1ms);
      require(wall_seconds() - start < 60,
              fmt::format("in a minute only {} of {} calls came to their end", ledger.ended(), ledger.accepted()));
    }
  };
  const auto dial = [&](std::uint64_t contacts) {
    const auto dealt_with = [&] { return ledger.accepted() + ledger.undialed() + ledger.not_sent(); };
    const std::uint64_t goal = dealt_with() + contacts;
    const std::uint64_t accepted_before = ledger.accepted();
    const std::uint64_t requests_before = server.requests();
    ledger.allow(contacts);
    const double start = wall_seconds();
    while (dealt_with() < goal) {
      std::this_thread::sleep_for(1ms);
      require(wall_seconds() - start < 60, fmt::format("in a minute only {} calls were accepted, {} contacts refused, "
                                                       "{} calls not sent, {} of {} contacts asked for",
                                                       ledger.accepted() - accepted_before, ledger.undialed(),
                                                       ledger.not_sent(), ledger.given(), goal));
    }
    const double took = wall_seconds() - start;
    const std::uint64_t accepted = ledger.accepted() - accepted_before;
    const std::uint64_t requests = server.requests() - requests_before;
    require(accepted == requests, fmt::format("{} calls accepted, {} requests served", accepted, requests));
    return static_cast<double>(accepted) / took;
  };

  dial(contacts_per_round);  // look-ahead of all lanes, connections
  report result{"create-call-noledger", "calls/s", "wrk -t1 -c64 on the same server"};
  const auto body_bytes = static_cast<std::size_t>(server.mean_body_bytes());
  std::vector<double> calls;
  for (int round = 0; round < rounds; ++round) {
    hang_up();
    calls.push_back(dial(contacts_per_round));
    result.add({calls.back(), server.run_wrk(body_bytes, wrk_seconds)});
  }
  shard.stop();
  result.note("calls_per_second", median(calls));
  result.note("calls_not_sent_in_time", static_cast<double>(ledger.not_sent()));
  result.note("body_bytes", static_cast<double>(body_bytes));
  result.note("peak_rss_mb", static_cast<double>(status_kb("VmHWM")) / 1024);
  result.finish(file);
}

}  // namespace
}  // namespace dialer::bench

int main(int count, char** arguments) {
  return dialer::bench::run_benchmark(count, arguments, dialer::bench::run);
}
