#include "carriers/http/exchange.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

namespace dialer::carriers::http {
namespace {

constexpr std::size_t padding = 64;  // readable bytes behind every body

pool_options with_one_connection(pool_options options) {
  options.connections_max = 1;
  return options;
}

}  // namespace

kept_answer::kept_answer(const http_answer& answer)
    : how{answer.how},
      status{answer.status},
      body{answer.body},
      content_type{answer.content_type},
      retry_after{answer.retry_after},
      rate_limit_reset{answer.rate_limit_reset},
      date{answer.date},
      error{answer.error},
      bytes_sent{answer.bytes_sent} {
  body.append(padding, '\0');
}

kept_answer::operator http_answer() const {
  http_answer answer;
  answer.how = how;
  answer.status = status;
  answer.body = std::string_view{body}.substr(0, body.size() - padding);
  answer.content_type = content_type;
  answer.retry_after = retry_after;
  answer.rate_limit_reset = rate_limit_reset;
  answer.date = date;
  answer.error = error;
  answer.bytes_sent = bytes_sent;
  return answer;
}

struct exchange::impl final : request_source {
  explicit impl(pool_options options)
      : connect_timeout{options.connect_timeout},
        patience{io},
        pool{io, with_one_connection(std::move(options)), *this} {}

  ~impl() override {
    bool stopped = false;
    pool.stop([&stopped] { stopped = true; });
    while (!stopped && io.run_one() != 0) {
    }
  }

  std::uint64_t next_request(std::string& bytes) override {
    if (!waiting) return 0;
    bytes = std::move(*waiting);
    waiting.reset();
    return 1;
  }
  void on_answer(std::uint64_t, const http_answer& received) override { answer.emplace(received); }
  bool wants_connection() const override { return waiting.has_value(); }
  void on_connect_failure(std::string_view error) override { not_sent(error); }

  /// Only while it is still here: what the pool has taken ends in on_answer.
  void not_sent(std::string_view error) {
    if (!waiting) return;
    waiting.reset();
    http_answer nothing;
    nothing.how = delivery::not_sent;
    nothing.error = error;
    answer.emplace(nothing);
  }

  const std::chrono::milliseconds connect_timeout;
  boost::asio::io_context io{1};
  boost::asio::steady_timer patience;
  std::uint64_t asked = 0;
  std::optional<std::string> waiting;  ///< the request, until a connection takes it
  std::optional<kept_answer> answer;
  https_pool pool;
};

exchange::exchange(pool_options options) : impl_{std::make_unique<impl>(std::move(options))} {}
exchange::~exchange() = default;

kept_answer exchange::ask(std::string request) {
  impl& here = *impl_;
  here.answer.reset();
  here.waiting = std::move(request);
  // The pool pauses between attempts at a host that does not answer; nobody waits for that here.
  here.patience.expires_after(here.connect_timeout);
  here.patience.async_wait([&here, now = ++here.asked](boost::system::error_code error) {
    if (!error && now == here.asked) here.not_sent("no connection in time");
  });
  here.pool.wake();
  while (!here.answer) here.io.run_one();
  here.patience.cancel();
  return *std::exchange(here.answer, std::nullopt);
}

}  // namespace dialer::carriers::http
