// The only source of this folder that includes Beast.
#include "api/http_server.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unordered_set>

#include "api/problem.hpp"
#include "api/route_table.hpp"
#include "model/ids.hpp"

namespace dialer::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

/// How long a peer may go on sending after a refusal, so that the close does not wipe out the answer on its way.
constexpr std::chrono::seconds linger{2};

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    throw std::system_error(errno, std::generic_category(), "no randomness for request ids");
  }
  return bits;
}

/// Safe in a header and in a log.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

struct atomic_stats {
  std::atomic<std::uint64_t> connections{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> requests_refused{0};
  std::atomic<std::uint64_t> handler_faults{0};
};

http_response refusal(int status, std::string code, std::string detail) {
  return to_response({status, std::move(code), std::move(detail)});
}

http_response overloaded() {
  http_response response = refusal(503, "overloaded", "too many requests wait for an answer; try again in a second");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

/// What to answer to a request that could not be read; nothing when the peer is simply gone.
std::optional<http_response> refusal_for(error_code error) {
  if (error == http::error::header_limit) return refusal(431, "head_too_large", "the request's head is too large");
  if (error == http::error::body_limit) return refusal(413, "body_too_large", "the request's body is too large");
  const bool peer_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (!peer_gone && error.category() == make_error_code(http::error::bad_method).category()) {
    return refusal(400, "malformed_request", "this is not a valid HTTP request");
  }
  return std::nullopt;
}

http_request to_request(const http::request_header<>& head) {
  http_request request;
  request.method = std::string{head.method_string()};
  request.target = std::string{head.target()};
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  request.content_type = std::string{head[http::field::content_type]};
  for (const auto& field : head) {
    request.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
  }
  return request;
}

tcp::endpoint parse_listen(const std::string& listen) {
  const auto colon = listen.rfind(':');
  std::uint16_t port = 0;
  error_code error = asio::error::invalid_argument;
  asio::ip::address address;
  if (colon != std::string::npos) {
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const char* end = listen.data() + listen.size();
    const auto [stop, parse_error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (parse_error == std::errc{} && stop == end) address = asio::ip::make_address(host, error);
  }
  if (error) {
    throw std::runtime_error{"can't listen on '" + listen +
                             "': give a numeric address and a port, as in 127.0.0.1:8080"};
  }
  return {address, port};
}

}  // namespace

std::string_view http_request::param(std::string_view name) const {
  const auto found = std::ranges::find(params, name, &http_params::value_type::first);
  return found == params.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view http_request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [name](const auto& field) {
    return beast::iequals(beast::string_view{field.first.data(), field.first.size()},
                          beast::string_view{name.data(), name.size()});
  });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

class session;
class pending_answer;

/// State of the server. Owned by http_server and, for the length of a call, by a respond_function; never by a session,
/// whose handlers live inside `io`.
struct server_core : std::enable_shared_from_this<server_core> {
  server_core(std::vector<route> table, http_limits bounds) : limits{bounds}, routes{std::move(table)} {}

  /// A name for a request that brought none: not to be guessed, and never given twice.
  std::string next_request_id() { return detail::id_text("req_", id128{id_base, ++requests_named}); }

  void accept();
  void begin_drain(std::chrono::milliseconds drain);
  void session_closed(session* closed);

  // Constant after construction.
  const http_limits limits;
  const route_table routes;
  const std::uint64_t id_base = random_bits();
  // Any thread.
  atomic_stats stats;
  // The server's thread, `io` apart, to which any thread may post.
  std::unordered_set<session*> sessions;
  std::uint64_t requests_named = 0;
  bool draining = false;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};  // before accepting again, or until the drain is over
  // The owner's thread.
  std::thread thread;
};

/// One connection. Lives as long as one of its operations; exactly one of read, stream, wait for an answer, write,
/// linger is under way, and `deadline_` guards it.
class session : public std::enable_shared_from_this<session> {
 public:
  session(server_core& core, tcp::socket socket)
      : core_{core}, socket_{std::move(socket)}, deadline_{core.io}, buffer_{core.limits.head_bytes_max + 64 * 1024} {
    core_.sessions.insert(this);
    ++core_.stats.connections;
  }
  ~session() {
    --core_.stats.connections;
    core_.session_closed(this);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void read();
  /// Answers request number `serial`, unless it has been answered for.
  void answer(http_response response, std::uint64_t serial);
  /// The sink of request number `serial` has room for another piece.
  void go_on(std::uint64_t serial);
  /// Closes a connection on which no request has begun.
  void close_if_idle();
  void close();

 private:
  enum class phase : std::uint8_t { reading, streaming, handling, writing, lingering };

  void on_head(error_code error);
  void on_read(error_code error);
  void refuse_unreadable(error_code error);
  bool accept_head(const http::request_header<>& head, bool keep_alive);
  void dispatch();
  void begin_stream(const route_table::match& found);
  void read_piece();
  void on_piece(error_code error);
  std::shared_ptr<pending_answer> expect_answer(const served_route& served);
  void refuse(http_response response, bool close);
  void write(http_response response);
  void on_written(error_code error);
  void linger_and_close();
  void discard();
  void guard(std::chrono::steady_clock::duration within);
  void on_deadline();
  bool request_begun() const { return parser_ || head_->got_some() || buffer_.size() > 0; }

  server_core& core_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> head_;
  std::optional<http::request_parser<http::string_body>> parser_;
  // Of a body that is streamed.
  std::optional<http::request_parser<http::buffer_body>> stream_;
  std::unique_ptr<body_sink> sink_;
  std::string piece_;
  bool piece_coming_ = false;
  std::optional<http_response> early_;  // answer that came while a piece was coming
  std::optional<http::response<http::string_body>> response_;
  std::array<char, 8192> discarded_{};
  phase phase_ = phase::reading;
  bool keep_alive_ = true;
  bool timed_out_ = false;
  std::string request_id_;  // of the newest request
  std::chrono::milliseconds respond_within_{0};
  unsigned version_ = 11;              // of the newest request
  std::uint64_t serial_ = 0;           // of the request being handled; late answers to earlier ones are ignored
  std::uint64_t deadline_number_ = 0;  // a deadline that fired while it was being replaced is ignored
};

/// Carries one answer from any thread to its connection, once. Shared by the copies of a respond_function.
class pending_answer {
 public:
  pending_answer(std::weak_ptr<server_core> core, std::weak_ptr<session> connection, std::uint64_t serial,
                 std::shared_ptr<std::atomic<std::size_t>> unanswered)
      : core_{std::move(core)},
        connection_{std::move(connection)},
        serial_{serial},
        unanswered_{std::move(unanswered)} {
    ++*unanswered_;
  }
  ~pending_answer() {
    if (deliver(refusal(500, "internal", "no answer was given"))) fault();
  }
  pending_answer(const pending_answer&) = delete;
  pending_answer& operator=(const pending_answer&) = delete;

  /// True for the first call.
  bool deliver(http_response response) {
    if (answered_.exchange(true)) return false;
    --*unanswered_;
    if (const auto core = core_.lock()) {
      asio::post(core->io, [connection = connection_, serial = serial_, response = std::move(response)]() mutable {
        if (const auto alive = connection.lock()) alive->answer(std::move(response), serial);
      });
    }
    return true;
  }

  void fault() {
    if (const auto core = core_.lock()) ++core->stats.handler_faults;
  }

 private:
  const std::weak_ptr<server_core> core_;
  const std::weak_ptr<session> connection_;
  const std::uint64_t serial_;
  const std::shared_ptr<std::atomic<std::size_t>> unanswered_;
  std::atomic<bool> answered_{false};
};

// ---- session -------------------------------------------------------------------------------------------------------

void session::guard(std::chrono::steady_clock::duration within) {
  deadline_.expires_after(within);
  deadline_.async_wait([self = shared_from_this(), number = ++deadline_number_](error_code error) {
    if (!error && number == self->deadline_number_) self->on_deadline();
  });
}

void session::on_deadline() {
  switch (phase_) {
    case phase::reading: {
      timed_out_ = true;
      error_code ignored;
      socket_.cancel(ignored);  // on_read decides between 408 and a silent close
      return;
    }
    case phase::streaming:
      if (piece_coming_) {
        timed_out_ = true;
        error_code ignored;
        socket_.cancel(ignored);  // on_piece answers
        return;
      }
      [[fallthrough]];
    case phase::handling:
      ++core_.stats.handler_faults;
      answer(refusal(503, "too_slow", "the answer took too long; ask again later"), serial_);
      return;
    case phase::writing:
    case phase::lingering: close(); return;
  }
}

void session::close() {
  sink_.reset();
  ++deadline_number_;
  deadline_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void session::close_if_idle() {
  if (phase_ == phase::reading && !request_begun()) close();
}

void session::read() {
  phase_ = phase::reading;
  timed_out_ = false;
  request_id_ = core_.next_request_id();
  parser_.reset();
  head_.emplace();
  head_->header_limit(static_cast<std::uint32_t>(core_.limits.head_bytes_max));
  head_->body_limit(boost::none);  // the route's is not known yet
  guard(core_.limits.read_within);
  http::async_read_header(socket_, buffer_, *head_,
                          [self = shared_from_this()](error_code error, std::size_t) { self->on_head(error); });
}

void session::on_head(error_code error) {
  if (error) return refuse_unreadable(error);
  const http::request_header<>& head = head_->get();
  const http_request asked = to_request(head);
  const route_table::match found = core_.routes.find(asked.method, asked.path);
  if (found.found != nullptr && found.found->what.stream) {
    if (accept_head(head, head_->keep_alive())) begin_stream(found);
    return;
  }
  const auto length = head_->content_length();
  if (length && *length > core_.limits.body_bytes_max) return refuse_unreadable(http::error::body_limit);
  parser_.emplace(std::move(*head_));
  parser_->body_limit(core_.limits.body_bytes_max);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](error_code failed, std::size_t) { self->on_read(failed); });
}

void session::on_read(error_code error) {
  if (error) return refuse_unreadable(error);
  dispatch();
}

void session::refuse_unreadable(error_code error) {
  if (timed_out_ && request_begun()) return refuse(refusal(408, "request_timeout", "the request took too long"), true);
  if (auto response = refusal_for(error)) return refuse(std::move(*response), true);
  close();
}

// False: it was refused.
bool session::accept_head(const http::request_header<>& head, bool keep_alive) {
  version_ = head.version();
  keep_alive_ = keep_alive;
  const auto given_id = head["X-Request-Id"];
  if (is_request_id({given_id.data(), given_id.size()})) request_id_ = std::string{given_id};
  if (version_ != 10 && version_ != 11) {
    refuse(refusal(505, "http_version", "only HTTP/1.1 is spoken here"), true);
    return false;
  }
  // A body whose end another reader would see elsewhere is how one request smuggles in a second. The parser has refused
  // chunks together with a length; codings it doesn't know it passes over.
  const auto coding = head[http::field::transfer_encoding];
  if (!coding.empty() && !beast::iequals(coding, "chunked")) {
    refuse(refusal(400, "transfer_encoding", "this transfer encoding is not accepted"), true);
    return false;
  }
  return true;
}

std::shared_ptr<pending_answer> session::expect_answer(const served_route& served) {
  ++core_.stats.requests;
  const auto own = served.what.respond_within;
  respond_within_ = own.count() == 0 ? core_.limits.respond_within : own;
  return std::make_shared<pending_answer>(core_.weak_from_this(), weak_from_this(), ++serial_, served.unanswered);
}

void session::dispatch() {
  http::request<http::string_body> message = parser_->release();
  if (!accept_head(message, message.keep_alive())) return;

  http_request request = to_request(message);
  request.body = std::move(message.body());
  request.id = request_id_;
  route_table::match found = core_.routes.find(request.method, request.path);
  if (found.found == nullptr) {
    if (found.allow.empty()) return refuse(refusal(404, "not_found", "there is nothing here"), false);
    http_response response = refusal(405, "method_not_allowed", "this path knows only " + found.allow);
    response.headers.emplace_back("Allow", found.allow);
    return refuse(std::move(response), false);
  }
  const served_route& served = *found.found;
  if (*served.unanswered >= served.what.unanswered_max) return refuse(overloaded(), false);
  request.params = std::move(found.params);

  phase_ = phase::handling;
  const auto pending = expect_answer(served);
  guard(respond_within_);
  try {
    served.what.handle(std::move(request),
                       [pending](http_response response) { pending->deliver(std::move(response)); });
  } catch (const std::exception&) {
    if (pending->deliver(refusal(500, "internal", "the request could not be handled"))) pending->fault();
  }
}

void session::begin_stream(const route_table::match& found) {
  const served_route& served = *found.found;
  keep_alive_ = false;  // unless all of the body was read
  if (*served.unanswered >= served.what.unanswered_max) return refuse(overloaded(), true);
  http_request request = to_request(head_->get());
  request.id = request_id_;
  request.params = found.params;
  const bool waits = beast::iequals(head_->get()[http::field::expect], "100-continue");
  const bool keep_alive = head_->keep_alive();
  phase_ = phase::streaming;
  const auto pending = expect_answer(served);
  guard(respond_within_);
  try {
    sink_ = served.what.stream(std::move(request),
                               [pending](http_response response) { pending->deliver(std::move(response)); });
  } catch (const std::exception&) {
    if (pending->deliver(refusal(500, "internal", "the request could not be handled"))) pending->fault();
  }
  if (!sink_) {
    phase_ = phase::handling;
    return;
  }
  keep_alive_ = keep_alive;
  stream_.emplace(std::move(*head_));
  stream_->body_limit(boost::none);
  if (!waits) return read_piece();
  static constexpr std::string_view proceed = "HTTP/1.1 100 Continue\r\n\r\n";
  piece_coming_ = true;
  asio::async_write(socket_, asio::buffer(proceed), [self = shared_from_this()](error_code error, std::size_t) {
    self->piece_coming_ = false;
    if (error) return self->close();
    if (self->early_) return self->write(std::move(*self->early_));
    self->read_piece();
  });
}

void session::read_piece() {
  constexpr std::size_t piece_bytes = 64 * 1024;
  piece_.resize(piece_bytes);
  auto& body = stream_->get().body();
  body.data = piece_.data();
  body.size = piece_.size();
  piece_coming_ = true;
  guard(core_.limits.read_within);
  http::async_read(socket_, buffer_, *stream_,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_piece(error); });
}

void session::on_piece(error_code error) {
  piece_coming_ = false;
  if (early_) return write(std::move(*early_));
  if (error && error != http::error::need_buffer) {
    sink_.reset();
    if (timed_out_) return refuse(refusal(408, "request_timeout", "the body stopped coming"), true);
    if (auto response = refusal_for(error)) return refuse(std::move(*response), true);
    return close();
  }
  guard(respond_within_);
  piece_.resize(piece_.size() - stream_->get().body().size);
  if (piece_.empty()) return go_on(serial_);
  sink_->take(std::move(piece_), [core = core_.weak_from_this(), self = weak_from_this(), serial = serial_] {
    const auto alive_core = core.lock();
    if (!alive_core) return;
    asio::post(alive_core->io, [self, serial] {
      if (const auto alive = self.lock()) alive->go_on(serial);
    });
  });
}

void session::go_on(std::uint64_t serial) {
  if (phase_ != phase::streaming || serial != serial_ || !sink_) return;
  if (!stream_->is_done()) return read_piece();
  phase_ = phase::handling;
  const std::unique_ptr<body_sink> whole = std::move(sink_);
  whole->finish();
}

void session::answer(http_response response, std::uint64_t serial) {
  if (serial != serial_ || !socket_.is_open()) return;
  if (phase_ == phase::streaming) {
    keep_alive_ = false;
    sink_.reset();
    if (!piece_coming_) return write(std::move(response));
    early_ = std::move(response);
    error_code ignored;
    socket_.cancel(ignored);  // on_piece writes it
    return;
  }
  if (phase_ == phase::handling) write(std::move(response));
}

void session::refuse(http_response response, bool close) {
  ++core_.stats.requests_refused;
  if (close) keep_alive_ = false;
  write(std::move(response));
}

void session::write(http_response response) {
  phase_ = phase::writing;
  response_.emplace();
  response_->result(static_cast<unsigned>(response.status));
  response_->version(version_);
  if (response.status != 204) response_->set(http::field::content_type, response.content_type);
  response_->set(http::field::cache_control, "no-store");
  response_->set("X-Content-Type-Options", "nosniff");
  response_->set("X-Request-Id", request_id_);
  response_->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  for (const auto& [name, value] : response.headers) response_->set(name, value);
  response_->body() = std::move(response.body);
  if (response.content_type == problem_type) name_request(response_->body(), request_id_);
  keep_alive_ = keep_alive_ && !core_.draining;
  response_->keep_alive(keep_alive_);
  if (response.status != 204) response_->prepare_payload();  // which would claim a length for an answer without body
  guard(core_.limits.write_within);
  http::async_write(socket_, *response_,
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void session::on_written(error_code error) {
  if (error) return close();
  if (!keep_alive_ || core_.draining) return linger_and_close();
  read();
}

void session::linger_and_close() {
  phase_ = phase::lingering;
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (error) return close();
  guard(linger);
  discard();
}

void session::discard() {
  socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](error_code error, std::size_t) {
    error ? self->close() : self->discard();
  });
}

// ---- server --------------------------------------------------------------------------------------------------------

void server_core::accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (draining) return;
    if (error) {
      // Out of descriptors, most likely: the backlog keeps callers waiting until some are free again.
      pause.expires_after(std::chrono::milliseconds{100});
      pause.async_wait([this](error_code cancelled) {
        if (!cancelled) accept();
      });
      return;
    }
    if (sessions.size() >= limits.connections_max) {
      ++stats.connections_refused;
      static constexpr std::string_view busy =
          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(busy), ignored);
    } else {
      error_code ignored;
      socket.set_option(tcp::no_delay{true}, ignored);
      std::make_shared<session>(*this, std::move(socket))->read();
    }
    accept();
  });
}

void server_core::begin_drain(std::chrono::milliseconds drain) {
  draining = true;
  error_code ignored;
  acceptor.close(ignored);
  for (session* each : sessions) each->close_if_idle();
  pause.expires_after(drain);
  // No io.stop(): closing ends every operation, so that run() returns with no session left inside `io`.
  pause.async_wait([this](error_code) {
    for (session* each : sessions) each->close();
  });
  if (sessions.empty()) pause.cancel();
}

void server_core::session_closed(session* closed) {
  sessions.erase(closed);
  if (draining && sessions.empty()) pause.cancel();
}

http_server::http_server(std::vector<route> routes, http_limits limits)
    : core_{std::make_shared<server_core>(std::move(routes), limits)} {}

http_server::~http_server() {
  stop(std::chrono::milliseconds{0});
}

std::uint16_t http_server::start(const std::string& listen) {
  const tcp::endpoint endpoint = parse_listen(listen);
  try {
    core_->acceptor.open(endpoint.protocol());
    core_->acceptor.set_option(tcp::acceptor::reuse_address{true});
    core_->acceptor.bind(endpoint);
    core_->acceptor.listen();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error{"can't listen on '" + listen + "': " + error.code().message()};
  }
  core_->accept();
  core_->thread = std::thread{[core = core_.get()] { core->io.run(); }};
  return core_->acceptor.local_endpoint().port();
}

void http_server::stop(std::chrono::milliseconds drain) {
  if (!core_->thread.joinable()) return;
  asio::post(core_->io, [core = core_.get(), drain] { core->begin_drain(drain); });
  core_->thread.join();
}

http_stats http_server::stats() const {
  const atomic_stats& counted = core_->stats;
  return {counted.connections, counted.connections_refused, counted.requests, counted.requests_refused,
          counted.handler_faults};
}

}  // namespace dialer::api
