#include "api/webhook_post.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cctype>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "carriers/http/https_pool.hpp"
#include "carriers/url.hpp"

namespace dialer::api {
namespace {

namespace asio = boost::asio;
namespace http = carriers::http;

constexpr std::size_t url_bytes_max = 2'000;

/// Of this process, at a time: each has a thread, which stays for as long as the resolver keeps it.
constexpr int lookups_max = 32;
std::atomic<int> lookups_under_way{0};

struct block {
  std::uint32_t network;
  unsigned bits;
};

// IANA's special-purpose registry (RFC 6890 and its updates), multicast and what is reserved.
constexpr std::array<block, 16> not_public{{{0x00000000, 8},
                                            {0x0a000000, 8},
                                            {0x64400000, 10},
                                            {0x7f000000, 8},
                                            {0xa9fe0000, 16},
                                            {0xac100000, 12},
                                            {0xc0000000, 24},
                                            {0xc0000200, 24},
                                            {0xc0586300, 24},
                                            {0xc0a80000, 16},
                                            {0xc6120000, 15},
                                            {0xc6336400, 24},
                                            {0xcb007100, 24},
                                            {0xe0000000, 4},
                                            {0xf0000000, 4},
                                            {0xffffffff, 32}}};

bool is_public(const asio::ip::address_v4& address) {
  const std::uint32_t value = address.to_uint();
  return std::ranges::none_of(not_public,
                              [value](const block& one) { return (value ^ one.network) >> (32 - one.bits) == 0; });
}

// Of version 6 only global unicast; not its ways of writing a version 4 address, nor its examples.
bool is_public(const asio::ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  const auto word = [&](std::size_t i) { return static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1]; };
  if ((bytes[0] & 0xe0) != 0x20) return false;              // 2000::/3
  if (word(0) == 0x2002) return false;                      // 6to4
  if (word(0) == 0x2001 && word(1) < 0x0200) return false;  // 2001::/23: Teredo, ORCHID, benchmarks
  return !(word(0) == 0x2001 && word(1) == 0x0db8) && word(0) != 0x3fff;
}

std::vector<std::string> resolve_by_system(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0) {
    throw std::runtime_error{host + ": " + gai_strerror(error)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, freeaddrinfo};
  std::vector<std::string> all;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
      all.emplace_back(text.data());
    }
  }
  return all;
}

/// What a thread that may be left behind has found.
struct lookup {
  std::mutex mutex;
  std::condition_variable_any done;
  bool is_done = false;
  std::vector<std::string> found;
  std::exception_ptr failed;
};

// The system's resolver can be neither interrupted nor given a bound.
std::vector<std::string> resolve(const webhook_post_options& options, const std::string& host,
                                 const std::stop_token& stop) {
  std::shared_ptr<void> place{nullptr, [](void*) { --lookups_under_way; }};
  if (++lookups_under_way > lookups_max) {
    throw std::runtime_error{host + ": its name was not resolved in time; too many names are being looked up"};
  }
  const auto shared = std::make_shared<lookup>();
  std::thread{[shared, host, how = options.resolve, place = std::move(place)] {
    std::vector<std::string> found;
    std::exception_ptr failed;
    try {
      found = how ? how(host) : resolve_by_system(host);
    } catch (...) {
      failed = std::current_exception();
    }
    const std::lock_guard lock{shared->mutex};
    shared->found = std::move(found);
    shared->failed = std::move(failed);
    shared->is_done = true;
    shared->done.notify_all();
  }}.detach();
  std::unique_lock lock{shared->mutex};
  if (!shared->done.wait_for(lock, stop, options.connect_within, [&] { return shared->is_done; })) {
    throw std::runtime_error{host + ": its name was not resolved in time"};
  }
  if (shared->failed) std::rethrow_exception(shared->failed);
  return shared->found;
}

bool is_allowed(const webhook_post_options& options, const std::string& numeric) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(numeric, error);
  return !error && ((options.allow_loopback && address.is_loopback()) || is_public_address(numeric));
}

// One bad address spoils all: a name that mixes them means to be tried again until the bad one comes up.
std::string address_of(const webhook_post_options& options, const std::string& host, const std::stop_token& stop) {
  boost::system::error_code error;
  std::vector<std::string> found{host};
  if (asio::ip::make_address(host, error); error) found = resolve(options, host, stop);
  if (found.empty()) throw std::runtime_error{host + " has no address"};
  for (const std::string& one : found) {
    if (!is_allowed(options, one)) throw std::runtime_error{host + " leads to an address that is not public"};
  }
  return found.front();
}

std::string request_of(const webhook_target& to, const webhook_message& message) {
  const bool numeric_v6 = to.host.find(':') != std::string::npos;
  std::string bytes = "POST " + to.path + " HTTP/1.1\r\nHost: " + (numeric_v6 ? "[" + to.host + "]" : to.host);
  if (to.port != 443) bytes += ":" + std::to_string(to.port);
  bytes += "\r\nUser-Agent: dialer\r\nContent-Type: application/json";
  if (!message.id.empty()) {
    bytes += "\r\nwebhook-id: " + message.id + "\r\nwebhook-timestamp: " + message.timestamp +
             "\r\nwebhook-signature: " + message.signature;
  }
  for (const auto& [name, value] : message.headers) bytes += "\r\n" + name + ": " + value;
  bytes += "\r\nContent-Length: " + std::to_string(message.body.size()) + "\r\n\r\n" + message.body;
  return bytes;
}

/// Hands out the messages in turn until one fails, or the time to begin them is over.
class batch final : public http::request_source {
 public:
  batch(const webhook_target& to, const std::vector<webhook_message>& messages)
      : to_{to}, messages_{messages}, answers_(messages.size(), webhook_answer{0, "", false}) {}

  std::uint64_t next_request(std::string& bytes) override {
    if (!wants_connection()) return 0;
    bytes = request_of(to_, messages_[next_]);
    ++out_;
    return ++next_;
  }
  void on_answer(std::uint64_t tag, const http::http_answer& answer) override {
    --out_;
    const bool answered = answer.how == http::delivery::answered;
    answers_[tag - 1] = {answered ? answer.status : 0, std::string(answer.error), true};
    if (!answered || answer.status >= 300) failed_ = true;
    finish_if_over();
  }
  bool wants_connection() const override { return !failed_ && next_ < messages_.size() && (!late_ || next_ == 0); }
  void on_connect_failure(std::string_view error) override {
    if (!failed_ && next_ < messages_.size()) answers_[next_] = {0, std::string(error), true};
    failed_ = true;
    finish_if_over();
  }

  void begin_no_more() {
    late_ = true;
    finish_if_over();
  }

  std::function<void()> over;
  std::vector<webhook_answer> take_answers() { return std::move(answers_); }

 private:
  void finish_if_over() {
    if (out_ == 0 && !wants_connection() && over) std::exchange(over, nullptr)();
  }

  const webhook_target& to_;
  const std::vector<webhook_message>& messages_;
  std::vector<webhook_answer> answers_;
  std::size_t next_ = 0;
  std::size_t out_ = 0;
  bool failed_ = false;
  bool late_ = false;
};

}  // namespace

bool is_public_address(std::string_view numeric) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(std::string(numeric), error);
  if (error) return false;
  return address.is_v4() ? is_public(address.to_v4()) : is_public(address.to_v6());
}

webhook_target parse_webhook_url(std::string_view text) {
  const auto refuse = [](const char* what) {
    return std::invalid_argument(std::string(what) + "; write it as https://host/path");
  };
  if (text.size() > url_bytes_max) throw refuse("has more than 2000 characters");
  const auto url = carriers::parse_url(text);
  if (!url) throw refuse("is no URL");
  if (url->scheme() != "https") throw refuse("is not https");
  if (url->has_userinfo()) throw refuse("holds credentials; the signature tells who sends");
  if (url->has_fragment()) throw refuse("has a fragment, which is never sent");
  webhook_target to;
  to.host = url->host_address();
  boost::system::error_code error;
  (void)asio::ip::make_address(to.host, error);
  if (!error && !is_public_address(to.host)) throw refuse("names an address that is not public");
  // Decoded: anything could stand in it, line ends too, and it goes into a header and a log.
  const auto of_a_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; };
  if (error && !std::ranges::all_of(to.host, of_a_name)) throw refuse("has a host that is no name");
  if (url->has_port()) {
    if (url->port_number() == 0) throw refuse("has no usable port");
    to.port = url->port_number();
  }
  to.path = std::string(url->encoded_target());
  if (!to.path.starts_with('/')) to.path.insert(0, "/");
  return to;
}

std::vector<webhook_answer> post_webhooks(const webhook_post_options& options, const webhook_target& to,
                                          const std::vector<webhook_message>& messages, const std::stop_token& stop) {
  if (stop.stop_requested()) return std::vector<webhook_answer>(messages.size(), webhook_answer{0, "", false});
  batch source{to, messages};
  http::pool_options how;
  how.host = to.host;
  how.port = to.port;
  how.ca_file = options.ca_file;
  how.connections_max = options.connections;
  how.connect_timeout = options.connect_within;
  how.request_timeout = options.answer_within;
  how.connect_address = address_of(options, to.host, stop);
  asio::io_context io{1};
  std::optional<http::https_pool> pool{std::in_place, io, how, source};
  asio::steady_timer begin_until{io, options.answer_within};
  begin_until.async_wait([&source](boost::system::error_code cancelled) {
    if (!cancelled) source.begin_no_more();
  });
  source.over = [&] {
    begin_until.cancel();
    asio::post(io, [&pool] {
      if (pool) pool->stop([] {});
    });
  };
  const std::stop_callback cut_off{stop, [&] {
                                     asio::post(io, [&] {
                                       begin_until.cancel();
                                       pool.reset();
                                     });
                                   }};
  pool->wake();
  io.run();
  return source.take_answers();
}

}  // namespace dialer::api
