#include "carriers/http/https_pool.hpp"

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "carriers/http/connect_pacer.hpp"
#include "carriers/http/connection.hpp"
#include "carriers/http/host_addresses.hpp"
#include "carriers/http/tls_client.hpp"

namespace dialer::carriers::http {

namespace asio = boost::asio;
namespace intrusive = boost::intrusive;
using steady = std::chrono::steady_clock;

namespace {

enum class phase : std::uint8_t { resolving, setting_up, idle, busy, closed };

/// A connection and what the pool knows about it. While open it stands in exactly one list, oldest first.
struct member : intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>> {
  member(tls_context& tls, response_limits limits) : link{tls, limits} {}

  connection link;
  phase now = phase::resolving;
  bool tls_up = false;
  std::size_t index = 0;            ///< in members_
  std::size_t addresses_tried = 0;  ///< in this set-up
  std::uint64_t tag = 0;            ///< of the request in flight
  steady::time_point since{};       ///< start of the phase that its list's deadline counts from
};
using member_list = intrusive::list<member, intrusive::constant_time_size<false>>;

using io_executor = asio::io_context::executor_type;
using descriptor = asio::posix::basic_stream_descriptor<io_executor>;
using timer = asio::basic_waitable_timer<steady, asio::wait_traits<steady>, io_executor>;

pool_options checked(pool_options options) {
  const auto refuse = [](const char* what) { throw std::runtime_error{std::string{"https_pool: "} + what}; };
  if (options.host.empty() || options.host.size() > 253) refuse("host must have 1 to 253 characters");
  if (options.connections_max == 0) refuse("connections_max must be at least 1");
  if (options.handshakes_per_second == 0) refuse("handshakes_per_second must be at least 1");
  if (options.connect_timeout.count() <= 0) refuse("connect_timeout must be above 0");
  if (options.request_timeout.count() <= 0) refuse("request_timeout must be above 0");
  if (options.idle_retire.count() <= 0) refuse("idle_retire must be above 0");
  return options;
}

int make_epoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
  return fd;
}

/// Deadlines are looked at this often: late by at most a sixteenth of the shortest.
steady::duration tick_of(const pool_options& options) {
  const auto shortest = std::min({options.connect_timeout, options.request_timeout, options.idle_retire});
  return std::clamp(shortest / 16, std::chrono::milliseconds{1}, std::chrono::milliseconds{250});
}

}  // namespace

// Readiness: all sockets are watched, edge-triggered and once for all, by one epoll set of the pool, and Asio watches
// that set. Asio's own async_wait would rearm each socket with an epoll_ctl, an allocation and a lock per request; this
// way a request costs no call into Asio at all.
struct https_pool::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& io, pool_options options, request_source& source)
      : io_{io},
        options_{checked(std::move(options))},
        source_{source},
        tls_{options_.host, options_.ca_file, options_.connections_max},
        addresses_{io, options_.connect_address.empty() ? options_.host : options_.connect_address, options_.port},
        pacer_{options_.handshakes_per_second, std::random_device{}()},
        watch_{io.get_executor(), make_epoll()},
        tick_timer_{io.get_executor()},
        connect_timer_{io.get_executor()},
        tick_{tick_of(options_)} {}

  // --- entered from outside -------------------------------------------------------------------------------------

  void wake() {
    if (woken_.exchange(true, std::memory_order_acq_rel)) return;
    asio::post(io_, [self = shared_from_this()] {
      self->woken_.store(false, std::memory_order_release);
      self->enter();
      self->feed();
    });
  }

  void warm(std::size_t n) {
    warm_left_ = std::min(n, options_.connections_max);
    wake();
  }

  void stop(std::function<void()> stopped) {
    stopping_ = true;
    stopped_ = std::move(stopped);
    connect_timer_.cancel();
    for (std::size_t i = members_.size(); i-- > 0;) {
      if (members_[i]->now != phase::busy) close(*members_[i]);
    }
    finish_stop_if_empty();
  }

  /// The pool is gone: nothing may call the source any more.
  void abandon() {
    stopping_ = true;
    stopped_ = nullptr;
    while (!members_.empty()) close(*members_.back());
    release_io();
  }

  // --- entered from the io_context --------------------------------------------------------------------------------

  /// Every handler starts here.
  void enter() {
    closed_.clear();
    now_ = steady::now();
  }

  void watch() {
    watch_.async_wait(descriptor::wait_read, [self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->on_watch();
    });
  }

  void on_watch() {
    if (!watch_.is_open()) return;
    enter();
    const int n = ::epoll_wait(watch_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      on_ready(*static_cast<member*>(event.data.ptr), event.events);
    }
    watch();  // sees at once what did not fit into this batch
  }

  void on_ready(member& m, std::uint32_t events) {
    switch (m.now) {
      case phase::setting_up: return advance_setup(m);
      case phase::idle:
        if (!m.link.silent()) close_stale(m);
        return;
      case phase::busy: return advance_exchange(m, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
      case phase::resolving:
      case phase::closed:  // earlier in the same batch of events
        return;
    }
  }

  void on_tick() {
    enter();
    const auto overdue = [this](member_list& list, steady::duration limit) {
      return !list.empty() && list.front().since + limit <= now_;
    };
    while (overdue(setting_up_, options_.connect_timeout)) {
      setup_failed(setting_up_.front(), setting_up_.front().now == phase::resolving ? "resolving timed out"
                                        : setting_up_.front().link.reached()        ? "TLS handshake timed out"
                                                                                    : "connect timed out");
    }
    while (overdue(busy_, options_.request_timeout)) {
      request_failed(busy_.front(), busy_.front().link.fully_sent() ? "no complete answer in time"
                                                                    : "the request could not be sent in time");
    }
    while (overdue(idle_, options_.idle_retire)) close(idle_.front());
    open_connections();
    ticking_ = false;
    keep_ticking();
  }

  void keep_ticking() {
    if (ticking_ || members_.empty()) return;
    ticking_ = true;
    tick_timer_.expires_after(tick_);
    tick_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->on_tick();
    });
  }

  void on_resolved(std::string_view error) {
    if (stopping_) return;
    enter();
    // With older addresses to go on, a failed refresh is no news. Failures below may change the list: take one at a
    // time.
    for (std::size_t i = members_.size(); i-- > 0;) {
      if (i >= members_.size() || members_[i]->now != phase::resolving) continue;
      if (addresses_.count() != 0) {
        try_addresses(*members_[i]);
      } else {
        setup_failed(*members_[i], error);
      }
    }
    open_connections();
  }

  // --- requests -----------------------------------------------------------------------------------------------

  /// Offers every idle connection to the source, the most recently used first, until it has nothing to send.
  void feed() {
    while (!stopping_ && !idle_.empty()) {
      member& m = idle_.back();
      if (!m.link.silent()) {
        close_stale(m);
      } else if (!ask(m)) {
        return settle_idle(m);
      }
    }
    open_connections();
  }

  /// True: the source gave a request, and whatever became of it is done or under way. The connection is known to be
  /// silent, and stands in no list while the source is asked.
  bool ask(member& m) {
    m.unlink();
    m.now = phase::busy;
    request_.clear();
    m.tag = source_.next_request(request_);
    if (m.tag == 0) return false;
    ++stats_.requests;
    m.since = now_;
    busy_.push_back(m);
    if (m.link.send(request_) == connection::progress::failed) request_failed(m, m.link.error());
    return true;
  }

  /// `since` stays: the peer's patience runs from the last exchange, not from our last look.
  void settle_idle(member& m) {
    if (stopping_) return close(m);
    m.now = phase::idle;
    idle_.push_back(m);
  }

  void advance_exchange(member& m, bool hung_up) {
    switch (m.link.advance_exchange(spare_)) {
      case connection::progress::waiting: return;
      case connection::progress::failed: return request_failed(m, m.link.error());
      case connection::progress::done: break;
    }
    ++stats_.answers;
    m.since = now_;
    http_answer answer;
    m.link.describe(answer);
    source_.on_answer(m.tag, answer);
    const bool reusable = m.link.finish_exchange(spare_) && !hung_up;
    if (!reusable || stopping_) {
      close(m);
    } else if (!ask(m)) {
      return settle_idle(m);
    }
    open_connections();
  }

  void request_failed(member& m, std::string_view error) {
    http_answer answer;
    answer.how = m.link.fully_sent() ? delivery::unknown : delivery::not_sent;
    answer.bytes_sent = m.link.bytes_sent();
    answer.error = error;
    ++(m.link.fully_sent() ? stats_.unknown : stats_.not_sent);
    m.unlink();
    pause_if_useless(m);
    source_.on_answer(m.tag, answer);
    close(m);
  }

  // --- connections ----------------------------------------------------------------------------------------------

  /// Opens connections as long as they are wanted and the budget allows; comes back by itself when it does again.
  void open_connections() {
    while (!stopping_ && members_.size() < options_.connections_max && wants_another()) {
      if (!pacer_.try_take(now_)) return open_later();
      if (warm_left_ != 0) --warm_left_;
      open();
    }
  }

  /// One at a time while nothing works; otherwise at most as many under way as are up, so that a single request does
  /// not open the whole pool and a real load doubles it with every round trip.
  bool wants_another() const {
    const std::size_t setting_up = members_.size() - tls_up_;
    if (pacer_.probing() && setting_up != 0) return false;
    if (warm_left_ != 0) return true;
    return idle_.empty() && setting_up < std::max<std::size_t>(2, tls_up_) && source_.wants_connection();
  }

  void open_later() {
    if (waiting_to_open_) return;
    waiting_to_open_ = true;
    connect_timer_.expires_at(pacer_.next_at());
    connect_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      self->waiting_to_open_ = false;
      if (error || self->stopping_) return;
      self->enter();
      self->open_connections();
    });
  }

  void open() {
    member& m = *members_.emplace_back(
        std::make_unique<member>(tls_, response_limits{.body_bytes_max = options_.answer_bytes_max}));
    m.index = members_.size() - 1;
    m.since = now_;
    setting_up_.push_back(m);
    keep_ticking();
    addresses_.refresh(now_, [self = shared_from_this()](std::string_view error) { self->on_resolved(error); });
    if (addresses_.count() != 0) try_addresses(m);
  }

  /// Goes through the addresses until one does not fail at once.
  void try_addresses(member& m) {
    m.now = phase::setting_up;
    while (m.addresses_tried < addresses_.count()) {
      ++m.addresses_tried;
      const host_addresses::endpoint address = addresses_.next();
      const auto size = static_cast<socklen_t>(address.size());
      if (m.link.begin(address.data(), size, options_.request_timeout) == connection::progress::failed) continue;
      epoll_event event{};
      event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
      event.data.ptr = &m;
      if (::epoll_ctl(watch_.native_handle(), EPOLL_CTL_ADD, m.link.fd(), &event) == 0) return;
      return setup_failed(m, "epoll_ctl: " + std::generic_category().message(errno));
    }
    setup_failed(m, m.link.error());
  }

  void advance_setup(member& m) {
    switch (m.link.advance_setup()) {
      case connection::progress::waiting: return;
      case connection::progress::failed:
        if (!m.link.reached()) return try_addresses(m);
        return setup_failed(m, m.link.error());
      case connection::progress::done: break;
    }
    ++(m.link.resumed() ? stats_.handshakes_resumed : stats_.handshakes_full);
    m.tls_up = true;
    ++tls_up_;
    pacer_.on_success();
    m.since = now_;
    m.unlink();
    settle_idle(m);
    feed();
  }

  void setup_failed(member& m, std::string_view error) {
    ++stats_.connect_failures;
    pacer_.on_failure(m.since, now_);
    addresses_.distrust();
    const std::string kept{error};  // may point into what is closed now
    close(m);
    source_.on_connect_failure(kept);
    open_connections();
  }

  /// A peer that hangs up right after each handshake (TLS 1.3 refuses clients that late) must not be stormed either.
  void pause_if_useless(const member& m) {
    if (!m.link.heard()) pacer_.on_failure(m.since, now_);
  }

  void close_stale(member& m) {
    ++stats_.stale_closed;
    pause_if_useless(m);
    close(m);
  }

  /// Last thing done with a member; its memory stays until the current batch of events is through.
  void close(member& m) {
    m.unlink();
    m.now = phase::closed;
    m.link.close();
    if (m.tls_up) --tls_up_;
    const std::size_t index = m.index;
    closed_.push_back(std::move(members_[index]));
    if (index + 1 != members_.size()) {
      members_[index] = std::move(members_.back());
      members_[index]->index = index;
    }
    members_.pop_back();
    if (stopping_) finish_stop_if_empty();
  }

  void finish_stop_if_empty() {
    if (!members_.empty() || !stopped_) return;
    asio::post(io_, [self = shared_from_this(), stopped = std::exchange(stopped_, nullptr)] {
      self->closed_.clear();
      self->release_io();
      stopped();
    });
  }

  void release_io() {
    boost::system::error_code ignored;
    watch_.close(ignored);
    tick_timer_.cancel();
    connect_timer_.cancel();
    addresses_.cancel();
  }

  const pool_stats& stats() {
    stats_.connections_open = tls_up_;
    stats_.connections_idle = idle_.size();
    return stats_;
  }

  asio::io_context& io_;
  const pool_options options_;
  request_source& source_;
  tls_context tls_;
  host_addresses addresses_;
  connect_pacer pacer_;
  descriptor watch_;
  timer tick_timer_, connect_timer_;
  const steady::duration tick_;

  std::vector<std::unique_ptr<member>> members_;  ///< all that are open or being set up
  std::vector<std::unique_ptr<member>> closed_;   ///< events of the current batch may still point to them
  member_list setting_up_, busy_, idle_;
  std::size_t tls_up_ = 0;
  std::size_t warm_left_ = 0;
  answer_buffer_stack spare_;
  std::string request_;  ///< reused for every request
  std::array<epoll_event, 128> events_{};
  steady::time_point now_ = steady::now();  ///< read once per batch of events
  pool_stats stats_;
  bool ticking_ = false;
  bool waiting_to_open_ = false;
  bool stopping_ = false;
  std::function<void()> stopped_;
  std::atomic<bool> woken_{false};
};

https_pool::https_pool(asio::io_context& io, pool_options options, request_source& source)
    : impl_{std::make_shared<impl>(io, std::move(options), source)} {
  impl_->watch();
}

https_pool::~https_pool() {
  impl_->abandon();
}

void https_pool::wake() {
  impl_->wake();
}
void https_pool::warm(std::size_t n) {
  impl_->warm(n);
}
void https_pool::stop(std::function<void()> stopped) {
  impl_->stop(std::move(stopped));
}
const pool_stats& https_pool::stats() const {
  return impl_->stats();
}

}  // namespace dialer::carriers::http
