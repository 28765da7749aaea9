#include "carriers/simulator/callback_client.hpp"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "carriers/simulator/http_wire.hpp"

namespace dialer::carriers::simulator {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// A URL taken apart; nullopt unless it is http or https with a host.
struct web_address {
  bool tls = false;
  std::string host;
  std::string port;
  std::string authority;  ///< as written, for the Host header
  std::string target;

  static std::optional<web_address> parse(std::string_view url) {
    web_address out;
    out.tls = url.starts_with("https://");
    if (!out.tls && !url.starts_with("http://")) return std::nullopt;
    url.remove_prefix(out.tls ? 8 : 7);
    const auto end = std::min(url.find_first_of("/?"), url.size());
    auto authority = url.substr(0, end);
    out.target = url.substr(end);
    if (out.target.empty() || out.target.front() == '?') out.target.insert(0, 1, '/');
    if (const auto user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
    out.authority = authority;
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    auto host = authority.substr(0, has_port ? colon : authority.size());
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    out.host = host;
    out.port = has_port ? std::string(authority.substr(colon + 1)) : out.tls ? "443" : "80";
    return out.host.empty() ? std::nullopt : std::optional<web_address>{std::move(out)};
  }
};

struct job {
  std::size_t source = 0;
  callback_post post;
  web_address address;
};

}  // namespace

struct callback_client::impl : std::enable_shared_from_this<impl> {
  class connection;
  struct host {
    std::deque<job> queue;
    std::vector<std::shared_ptr<connection>> idle;
    std::size_t connections = 0;  // busy and idle
  };

  impl(asio::io_context& io_, callback_client_options options_, result_handler on_result_)
      : io{io_}, options{std::move(options_)}, on_result{std::move(on_result_)} {
    if (options.ca_file.empty()) {
      tls.set_verify_mode(asio::ssl::verify_none);
    } else {
      error_code error;
      tls.load_verify_file(options.ca_file, error);
      if (error)
        throw std::runtime_error("cannot read the callbacks' authority " + options.ca_file + ": " + error.message());
      tls.set_verify_mode(asio::ssl::verify_peer);
    }
  }

  void report(const job& done, callback_result result) {
    if (on_result) on_result(done.source, done.post.id, result);
  }
  void dispatch(host& target);

  asio::io_context& io;
  callback_client_options options;
  result_handler on_result;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::map<std::string, host, std::less<>> hosts;  // nodes stay where they are: connections point at them
};

/// One connection to one host: takes a job, posts it, reports, takes the next.
class callback_client::impl::connection : public std::enable_shared_from_this<connection> {
 public:
  connection(std::shared_ptr<impl> client, host& target)
      : client_{std::move(client)},
        target_{target},
        socket_{client_->io},
        timer_{client_->io},
        resolver_{client_->io} {}

  void run(job next) {
    job_ = std::move(next);
    fresh_ = !open_;
    if (open_) {
      write();
    } else {
      connect();
    }
  }

 private:
  using result = callback_result;

  /// A handler for one step: it does nothing if the deadline has fired meanwhile.
  template <class Handler>
  auto step(Handler handler) {
    return [self = shared_from_this(), epoch = epoch_, handler](error_code error, auto&&... rest) {
      if (self->epoch_ == epoch) handler(error, std::forward<decltype(rest)>(rest)...);
    };
  }

  void set_deadline(std::chrono::milliseconds after, callback_outcome outcome) {
    timer_.expires_after(after);
    timer_.async_wait(step([this, outcome](error_code error) {
      if (!error) fail(outcome);
    }));
  }

  void connect() {
    ++epoch_;
    socket_ = tcp::socket{client_->io};
    set_deadline(job_.post.connect_timeout, callback_outcome::connect_failed);
    error_code not_numeric;
    const auto address = asio::ip::make_address(job_.address.host, not_numeric);
    const auto port = std::atoi(job_.address.port.c_str());
    if (!not_numeric) {
      socket_.async_connect(tcp::endpoint{address, static_cast<std::uint16_t>(port)},
                            step([this](error_code error) { connected(error); }));
      return;
    }
    resolver_.async_resolve(
        job_.address.host, job_.address.port, step([this](error_code error, const tcp::resolver::results_type& found) {
          if (error) return fail(callback_outcome::connect_failed);
          asio::async_connect(socket_, found,
                              step([this](error_code failed, const tcp::endpoint&) { connected(failed); }));
        }));
  }

  void connected(error_code error) {
    if (error) return fail(callback_outcome::connect_failed);
    error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    stream_.reset();
    if (!job_.address.tls) return ready();
    stream_.emplace(socket_, client_->tls);
    SSL_set_tlsext_host_name(stream_->native_handle(), job_.address.host.c_str());
    if (!client_->options.ca_file.empty()) {
      stream_->set_verify_callback(asio::ssl::host_name_verification{job_.address.host}, ignored);
    }
    stream_->async_handshake(asio::ssl::stream_base::client, step([this](error_code failed) {
                               if (failed) return fail(callback_outcome::connect_failed);
                               ready();
                             }));
  }

  void ready() {
    open_ = true;
    write();
  }

  void write() {
    ++epoch_;
    set_deadline(job_.post.timeout, callback_outcome::no_answer);
    answer_begun_ = false;
    output_ = "POST " + job_.address.target + " HTTP/1.1\r\nHost: " + job_.address.authority +
              "\r\nContent-Type: " + job_.post.content_type +
              "\r\nContent-Length: " + std::to_string(job_.post.body.size()) + "\r\n" + job_.post.headers + "\r\n" +
              job_.post.body;
    const auto written = step([this](error_code error, std::size_t) {
      if (error) return lost();
      read();
    });
    if (stream_) {
      asio::async_write(*stream_, asio::buffer(output_), written);
    } else {
      asio::async_write(socket_, asio::buffer(output_), written);
    }
  }

  void read() {
    const auto arrived = step([this](error_code error, std::size_t size) {
      if (error) {
        if (answer_begun_ && reader_.finish() == read_state::complete) return answered(false);
        return lost();
      }
      answer_begun_ = true;
      reader_.append({input_.data(), size});
      switch (reader_.parse()) {
        case read_state::more: return read();
        case read_state::broken: return fail(callback_outcome::no_answer);
        case read_state::complete: return answered(reader_.keep_alive());
      }
    });
    if (stream_) {
      stream_->async_read_some(asio::buffer(input_), arrived);
    } else {
      socket_.async_read_some(asio::buffer(input_), arrived);
    }
  }

  void answered(bool keep) {
    const result outcome{callback_outcome::answered, reader_.status(), std::string(reader_.body())};
    reader_.next();
    if (!keep) close();
    done(outcome);
  }

  /// The connection broke. One that was kept from before may have been dead all along: once, a new one is tried.
  void lost() {
    if (!fresh_ && !answer_begun_) {
      close();
      fresh_ = true;
      connect();
    } else {
      fail(callback_outcome::no_answer);
    }
  }

  void fail(callback_outcome outcome) {
    close();
    done({outcome, 0, {}});
  }

  void close() {
    ++epoch_;
    error_code ignored;
    socket_.close(ignored);
    resolver_.cancel();
    reader_.next();
    open_ = false;
  }

  void done(result outcome) {
    ++epoch_;
    timer_.cancel();
    client_->report(job_, outcome);
    if (!target_.queue.empty()) {
      auto next = std::move(target_.queue.front());
      target_.queue.pop_front();
      // Through the loop, or a dead host's queue would be run down in one recursion.
      asio::post(client_->io,
                 [self = shared_from_this(), next = std::move(next)]() mutable { self->run(std::move(next)); });
    } else if (open_) {
      target_.idle.push_back(shared_from_this());
    } else {
      --target_.connections;
    }
  }

  std::shared_ptr<impl> client_;
  host& target_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> stream_;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  job job_;
  response_reader reader_;
  std::uint64_t epoch_ = 0;
  bool open_ = false;
  bool fresh_ = true;
  bool answer_begun_ = false;
  std::string output_;
  std::array<char, 4096> input_{};
};

void callback_client::impl::dispatch(host& target) {
  if (target.queue.empty()) return;
  std::shared_ptr<connection> worker;
  if (!target.idle.empty()) {
    worker = std::move(target.idle.back());
    target.idle.pop_back();
  } else if (target.connections < options.connections_max) {
    ++target.connections;
    worker = std::make_shared<connection>(shared_from_this(), target);
  } else {
    return;
  }
  auto next = std::move(target.queue.front());
  target.queue.pop_front();
  worker->run(std::move(next));
}

callback_client::callback_client(asio::io_context& io, callback_client_options options, result_handler on_result)
    : impl_{std::make_shared<impl>(io, std::move(options), std::move(on_result))} {}

callback_client::~callback_client() {
  impl_->on_result = nullptr;
  for (auto& [key, target] : impl_->hosts) {  // idle connections and the client hold each other
    target.idle.clear();
    target.queue.clear();
  }
}

void callback_client::post(std::size_t source, callback_post callback) {
  job next;
  next.source = source;
  auto address = web_address::parse(callback.url);
  next.post = std::move(callback);
  const bool usable = address.has_value();
  if (usable) next.address = std::move(*address);
  auto& target = impl_->hosts[(next.address.tls ? "https://" : "http://") + next.address.authority];
  if (!usable || target.queue.size() >= impl_->options.queue_max) {
    // Later, for the caller is in the middle of deciding.
    const auto outcome = usable ? callback_outcome::overflow : callback_outcome::connect_failed;
    asio::post(impl_->io, [client = impl_, failed = std::move(next), outcome] {
      client->report(failed, {outcome, 0, {}});
    });
    return;
  }
  target.queue.push_back(std::move(next));
  impl_->dispatch(target);
}

}  // namespace dialer::carriers::simulator
