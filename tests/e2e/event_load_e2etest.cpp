// Clients that follow events, and clients that never read them, are no burden on dialing.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iostream>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/e2e/books.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"
#include "tests/e2e/scenarios.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

constexpr unsigned rounds = 3;
constexpr std::chrono::seconds measured{4};
// A neighbour's work takes more than followers may, and comes and goes from one measurement to the next.
constexpr double share_kept = 0.97;
constexpr double share_kept_on_a_busy_machine = 0.7;
// What each connection may take of the service's memory, besides what the service has anyway.
constexpr std::uint64_t megaheard_max = 200;
constexpr std::uint64_t kiloheard_each = 40;

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

void make_room_for(std::size_t connections) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::max<rlim_t>(files.rlim_cur, std::min<rlim_t>(connections + 1'000, files.rlim_max));
  if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < connections + 1'000) fail("open files");
}

/// One connection that has asked for events.
class follower {
 public:
  /// `deaf`: with the least room for what nobody reads.
  follower(std::uint16_t port, const std::string& request, bool deaf) : socket_{socket(AF_INET, SOCK_STREAM, 0)} {
    if (socket_ < 0) fail("socket");
    const int room = 4096;
    if (deaf) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
    if (::send(socket_, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size())) fail("send");
  }
  ~follower() {
    if (socket_ >= 0) close(socket_);
  }
  follower(follower&& other) noexcept : socket_{std::exchange(other.socket_, -1)} {}
  follower& operator=(follower&&) = delete;
  int socket_number() const { return socket_; }
  /// Of what has come and was not read yet.
  bool was_let_in() const {
    std::array<char, 12> head{};
    return recv(socket_, head.data(), head.size(), MSG_DONTWAIT) == std::ssize(head) &&
           std::string_view{head.data(), head.size()} == "HTTP/1.1 200";
  }

 private:
  int socket_;
};

class followers {
 public:
  followers(std::uint16_t port, const std::string& key, std::size_t reading, std::size_t deaf)
      : epoll_{epoll_create1(0)}, heard_(reading) {
    const std::string request = "GET /v1/events HTTP/1.1\r\nHost: engine\r\nAuthorization: Bearer " + key + "\r\n\r\n";
    for (std::size_t n = 0; n < reading; ++n) {
      all_.emplace_back(port, request, false);
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      wanted.data.u64 = n;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, all_.back().socket_number(), &wanted);
    }
    for (std::size_t n = 0; n < deaf; ++n) deaf_.emplace_back(port, request, true);
    reader_ = std::jthread{[this](const std::stop_token& stop) { read(stop); }};
  }
  ~followers() {
    reader_.request_stop();
    reader_.join();
    close(epoll_);
  }
  followers(const followers&) = delete;
  followers& operator=(const followers&) = delete;

  /// Clients that were told how everything stands.
  std::size_t told() const { return told_; }
  std::size_t ended() const { return ended_; }
  std::size_t deaf_let_in() const {
    return static_cast<std::size_t>(std::ranges::count_if(deaf_, &follower::was_let_in));
  }

 private:
  void read(const std::stop_token& stop) {
    std::vector<char> piece(64 << 10);
    std::array<epoll_event, 256> ready{};
    while (!stop.stop_requested()) {
      const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 50);
      for (int i = 0; i < count; ++i) {
        const std::size_t n = ready[static_cast<std::size_t>(i)].data.u64;
        const ssize_t got = recv(all_[n].socket_number(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (got > 0) {
          if (!heard_[n] &&
              std::string_view{piece.data(), static_cast<std::size_t>(got)}.find("event: ") != std::string_view::npos) {
            heard_[n] = true;
            ++told_;
          }
        } else if (got == 0 || errno != EAGAIN) {
          epoll_ctl(epoll_, EPOLL_CTL_DEL, all_[n].socket_number(), nullptr);
          ++ended_;
        }
      }
    }
  }

  int epoll_;
  std::vector<follower> all_, deaf_;
  std::vector<bool> heard_;
  std::atomic<std::size_t> told_{0}, ended_{0};
  std::jthread reader_;
};

TEST(EventLoad, ThousandsFollowAndSomeNeverRead_DialingGoesOnAtItsRate) {
  const std::size_t clients = wanted.event_clients + wanted.event_deaf;
  make_room_for(clients);
  rig_options options = quick_rig(wanted.calls_per_second);
  const std::size_t calls = wanted.calls_per_second * (2 * rounds * (measured.count() + 2) + 20);
  options.campaigns = static_cast<unsigned>(calls / 40'000 + 1);
  rig installation{options};
  const std::string key = installation.make_key();
  for (const campaign_id each : installation.campaigns()) {
    installation.import(each, std::min<std::size_t>(calls, 40'000));
    installation.start_campaign(each);
  }
  process& engine = installation.start_engine({"--event-streams", std::to_string(clients + 16)});
  log_tail carriers{installation.log()};
  std::vector<utc_time> dialed;
  const auto dialed_by = [&](utc_time until) {
    for (const create& each : carriers.more()) dialed.push_back(each.at);
    return installation.time().now().utc >= until;
  };
  ASSERT_TRUE(eventually(10s, [&] { return !carriers.more().empty(); })) << installation.engine_words();
  const auto rate = [&] {
    const utc_time from = installation.time().now().utc;
    EXPECT_TRUE(eventually(measured + 30s, [&] { return dialed_by(from + measured + 100ms); }));
    const auto within = std::ranges::count_if(dialed, [&](utc_time at) { return at >= from && at < from + measured; });
    return static_cast<double>(within) / static_cast<double>(measured.count());
  };
  (void)rate();  // until it is as quick as it gets
  const std::uint64_t megaheard_before = peak_megabytes(engine.pid());
  std::vector<double> ratios;
  for (unsigned n = 0; n < rounds; ++n) {
    const double alone = rate();
    double beside = 0;
    {
      const followers all{installation.port(), key, wanted.event_clients, wanted.event_deaf};
      ASSERT_TRUE(eventually(60s, [&] { return all.told() == wanted.event_clients; }))
          << all.told() << " clients were told something\n"
          << installation.engine_words();
      beside = rate();
      EXPECT_EQ(all.ended(), 0U);
      EXPECT_EQ(all.deaf_let_in(), wanted.event_deaf);
    }
    ratios.push_back(beside / alone);
    std::cout << alone << " calls/s alone, " << beside << " beside " << wanted.event_clients << " followers and "
              << wanted.event_deaf << " that never read: " << ratios.back() << '\n';
  }
  ASSERT_TRUE(engine.running()) << installation.engine_words();
  std::ranges::sort(ratios);
  const std::uint64_t peak = peak_megabytes(engine.pid());
  std::cout << "median ratio " << ratios[rounds / 2] << "; the service's peak " << megaheard_before << " MB before, "
            << peak << " MB after\n";
  EXPECT_GE(ratios[rounds / 2], wanted.exact ? share_kept : share_kept_on_a_busy_machine);
  EXPECT_LT(peak, megaheard_max + clients * kiloheard_each / 1024);
  engine.signal(SIGTERM);
  EXPECT_EQ(engine.wait(15s), 0) << installation.engine_words();
}

}  // namespace
}  // namespace dialer::e2e
