#include "carriers/simulator/api_server.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>

#include "carriers/simulator/http_wire.hpp"

namespace dialer::carriers::simulator {

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// One connection: handshake, then requests one after the other. Kept alive by its own pending operation.
class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(tcp::socket socket, asio::ssl::context& tls, request_handler& handler)
      : stream_{std::move(socket), tls}, timer_{stream_.get_executor()}, handler_{handler} {}

  void start() {
    error_code ignored;
    stream_.next_layer().set_option(tcp::no_delay{true}, ignored);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read_some(asio::buffer(input_), [self = shared_from_this()](error_code error, std::size_t size) {
      if (error) return;  // the peer has gone; the socket closes with the object
      self->reader_.append({self->input_.data(), size});
      self->serve();
    });
  }

  void serve() {
    switch (reader_.parse()) {
      case read_state::more: read(); break;
      case read_state::broken: break;
      case read_state::complete:
        answer_ = handler_.on_request(reader_.request());
        keep_alive_ = reader_.keep_alive();
        if (answer_.latency.count() > 0) {
          timer_.expires_after(answer_.latency);
          timer_.async_wait([self = shared_from_this()](error_code) { self->send(); });
        } else {
          send();
        }
        break;
    }
  }

  void send() {
    output_.clear();
    append_http_answer(output_, answer_, keep_alive_, handler_.now());
    switch (answer_.delivery) {
      case answer_delivery::whole: write(output_.size(), [this] { answered(); }); break;
      case answer_delivery::partial: write(output_.size() / 2, [this] { finished(); }); break;
      case answer_delivery::trickled: trickle(0); break;
      case answer_delivery::reset: {
        error_code ignored;
        stream_.next_layer().set_option(asio::socket_base::linger{true, 0}, ignored);
        finished();
        break;
      }
      case answer_delivery::dropped: finished(); break;
    }
  }

  template <class Done>
  void write(std::size_t size, Done done) {
    asio::async_write(stream_, asio::buffer(output_.data(), size),
                      [self = shared_from_this(), done](error_code error, std::size_t) {
                        if (error) {
                          self->finished();
                        } else {
                          done();
                        }
                      });
  }

  void trickle(std::size_t sent) {
    if (sent == output_.size()) {
      answered();
      return;
    }
    asio::async_write(stream_, asio::buffer(output_.data() + sent, 1),
                      [self = shared_from_this(), sent](error_code error, std::size_t) {
                        if (error) {
                          self->finished();
                          return;
                        }
                        self->timer_.expires_after(self->answer_.trickle);
                        self->timer_.async_wait([self, sent](error_code) { self->trickle(sent + 1); });
                      });
  }

  void answered() {
    handler_.on_answer_finished(answer_.account);
    if (!keep_alive_) {
      shut_down();
      return;
    }
    reader_.next();
    serve();
  }

  void shut_down() {
    stream_.async_shutdown([self = shared_from_this()](error_code) {});
  }

  /// The answer will not be completed: close without TLS's farewell, as a failing peer does.
  void finished() {
    handler_.on_answer_finished(answer_.account);
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

  asio::ssl::stream<tcp::socket> stream_;
  asio::steady_timer timer_;
  request_handler& handler_;
  request_reader reader_;
  api_answer answer_;
  bool keep_alive_ = true;
  std::string output_;
  std::array<char, 16 * 1024> input_{};
};

tcp::endpoint endpoint_of(asio::io_context& io, const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    throw std::runtime_error("cannot listen on \"" + address + "\": write HOST:PORT, such as 127.0.0.1:8443");
  }
  auto host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  error_code error;
  tcp::resolver resolver{io};
  const auto found = resolver.resolve(host, address.substr(colon + 1), tcp::resolver::passive, error);
  if (error || found.empty()) throw std::runtime_error("cannot listen on \"" + address + "\": " + error.message());
  return found.begin()->endpoint();
}

}  // namespace

struct api_server::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& io, asio::ssl::context& tls_context, request_handler& handler_)
      : acceptor{io}, retry{io}, tls{tls_context}, handler{handler_} {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
      if (!error) {
        std::make_shared<connection>(std::move(socket), self->tls, self->handler)->start();
        self->accept();
        return;
      }
      // Out of descriptors, most likely: try again when some may have been given back.
      self->retry.expires_after(std::chrono::milliseconds{10});
      self->retry.async_wait([self](error_code stopped) {
        if (!stopped) self->accept();
      });
    });
  }

  tcp::acceptor acceptor;
  asio::steady_timer retry;
  asio::ssl::context& tls;
  request_handler& handler;
};

api_server::api_server(asio::io_context& io, asio::ssl::context& tls, const std::string& address,
                       request_handler& handler)
    : impl_{std::make_shared<impl>(io, tls, handler)} {
  const auto endpoint = endpoint_of(io, address);
  try {
    impl_->acceptor.open(endpoint.protocol());
    impl_->acceptor.set_option(tcp::acceptor::reuse_address{true});
    impl_->acceptor.bind(endpoint);
    impl_->acceptor.listen(4096);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot listen on \"" + address + "\": " + error.code().message() +
                             "; choose another port, or 0 for any free one");
  }
  impl_->accept();
}

api_server::~api_server() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->retry.cancel();
}

std::string api_server::address() const {
  const auto endpoint = impl_->acceptor.local_endpoint();
  const auto host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace dialer::carriers::simulator
