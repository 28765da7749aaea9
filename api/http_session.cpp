// The only source of this folder that includes Beast.
#include "api/http_session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cctype>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/answer_push.hpp"
#include "api/gzip.hpp"
#include "api/http_refusals.hpp"
#include "api/packed_body.hpp"
#include "api/pending_answer.hpp"
#include "api/problem.hpp"
#include "api/route_table.hpp"
#include "api/server_core.hpp"
#include "model/ascii.hpp"

namespace dialer::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

namespace {

/// How long a peer may go on sending after a refusal, so that the close does not wipe out the answer on its way.
constexpr std::chrono::seconds linger{2};

/// Of a body that is streamed, as it is read and as it is given on.
constexpr std::size_t piece_bytes = 64 * 1024;

/// Safe in a header and in a log.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

/// Nothing when the peer is simply gone.
std::optional<refusals::unreadable> why_unreadable(error_code error) {
  if (error == http::error::header_limit) return refusals::unreadable::head_too_large;
  if (error == http::error::body_limit) return refusals::unreadable::body_too_large;
  const bool peer_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (peer_gone || error.category() != make_error_code(http::error::bad_method).category()) return std::nullopt;
  return refusals::unreadable::malformed;
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

bool is_gzip(const http_request& request) {
  return parse_content_encoding(request.header("Content-Encoding")) == body_coding::gzip;
}

/// One connection. Lives as long as one of its operations; exactly one of read, stream, wait for an answer, write,
/// push, linger is under way, and `deadline_` guards it but for a push that has nothing to send.
class session final : public http_session, public std::enable_shared_from_this<session> {
 public:
  session(server_core& core, tcp::socket socket)
      : core_{core}, socket_{std::move(socket)}, deadline_{core.io}, buffer_{core.limits.head_bytes_max + 64 * 1024} {
    core_.sessions.insert(this);
    ++core_.stats.connections;
  }
  ~session() override {
    --core_.stats.connections;
    core_.session_closed(this);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void read();
  void answer(http_response response, std::uint64_t serial) override;
  void close_if_idle() override;
  void push() override;
  void guard(std::chrono::steady_clock::duration within) override;
  void unguard() override;
  void shut_down() override;
  void close() override;

 private:
  enum class phase : std::uint8_t { reading, streaming, handling, writing, pushing, lingering };

  void on_head(error_code error);
  void on_read(error_code error);
  void refuse_unreadable(error_code error);
  void dispatch();
  void begin_stream();
  void read_piece();
  void on_piece(error_code error);
  void give_piece();
  /// The sink of request number `serial` has room for another piece.
  void go_on(std::uint64_t serial);
  void refuse_body(refusals::unreadable why);
  std::shared_ptr<pending_answer> expect_answer();
  void refuse(http_response response, bool close);
  void write(http_response response);
  void on_written(error_code error);
  void begin_push();
  void linger_and_close();
  void discard();
  void on_deadline();
  bool request_begun() const { return parser_ || head_->got_some() || buffer_.size() > 0; }

  server_core& core_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> head_;
  http_request request_;      // from its head on, until its handler has it
  route_table::match found_;  // for it
  std::optional<http::request_parser<http::string_body>> parser_;
  // Of a body that is streamed.
  std::optional<http::request_parser<http::buffer_body>> stream_;
  std::optional<packed_stream> unpacking_;  // of one that comes packed
  std::unique_ptr<body_sink> sink_;
  std::string piece_;
  bool piece_coming_ = false;
  std::optional<http_response> early_;  // answer that came while a piece was coming
  std::optional<http::response<http::string_body>> response_;
  // Of an answer that is a stream.
  std::optional<http::response_serializer<http::string_body>> head_only_;
  std::unique_ptr<answer_push> push_;
  phase phase_ = phase::reading;
  bool keep_alive_ = true;
  bool timed_out_ = false;
  std::string request_id_;  // of the newest request
  std::chrono::milliseconds respond_within_{0};
  unsigned version_ = 11;              // of the newest request
  std::uint64_t serial_ = 0;           // of the request being handled; late answers to earlier ones are ignored
  std::uint64_t deadline_number_ = 0;  // a deadline that fired while it was being replaced is ignored
};

void session::guard(std::chrono::steady_clock::duration within) {
  deadline_.expires_after(within);
  deadline_.async_wait([self = shared_from_this(), number = ++deadline_number_](error_code error) {
    if (!error && number == self->deadline_number_) self->on_deadline();
  });
}

void session::unguard() {
  ++deadline_number_;
  deadline_.cancel();
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
      answer(refusals::answer_too_slow(), serial_);
      return;
    case phase::writing:
    case phase::pushing:
    case phase::lingering: close(); return;
  }
}

void session::close() {
  sink_.reset();
  if (push_) push_->stop();
  unguard();
  error_code ignored;
  socket_.close(ignored);
}

void session::close_if_idle() {
  if (phase_ == phase::pushing || (phase_ == phase::reading && !request_begun())) close();
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
  version_ = head_->get().version();
  keep_alive_ = head_->keep_alive();
  // The head alone: a field that follows a chunked body was not seen by those before us who judge requests.
  request_ = to_request(head_->get());
  if (const auto given = request_.header("X-Request-Id"); is_request_id(given)) request_id_ = given;
  request_.id = request_id_;
  if (auto response =
          refusals::of_head(version_, request_.header("Transfer-Encoding"), request_.header("Content-Encoding"))) {
    return refuse(std::move(*response), true);
  }
  found_ = core_.routes.find(request_.method, request_.path);
  request_.params = std::move(found_.params);
  if (found_.found != nullptr && found_.found->what.stream) return begin_stream();
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
  if (timed_out_ && request_begun()) return refuse(refusals::request_too_slow(), true);
  if (const auto why = why_unreadable(error)) return refuse(refusals::of_unreadable(*why), true);
  close();
}

std::shared_ptr<pending_answer> session::expect_answer() {
  ++core_.stats.requests;
  const served_route& served = *found_.found;
  const auto own = served.what.respond_within;
  respond_within_ = own.count() == 0 ? core_.limits.respond_within : own;
  return std::make_shared<pending_answer>(core_.weak_from_this(), weak_from_this(), ++serial_, served.unanswered,
                                          accepts_gzip(request_.header("Accept-Encoding")));
}

void session::dispatch() {
  if (auto response = refusals::of_route(found_)) return refuse(std::move(*response), false);
  const route& asked = found_.found->what;
  request_.body = std::move(parser_->get().body());
  // It stays packed: nobody knows yet whether the sender is worth the work, and this thread has others to serve.
  if (!request_.body.empty() && is_gzip(request_)) {
    if (!asked.takes_gzip) return refuse(refusals::takes_no_gzip(), false);
    request_.unpacked_max = core_.limits.body_bytes_max;
  }

  phase_ = phase::handling;
  const auto pending = expect_answer();
  guard(respond_within_);
  try {
    asked.handle(std::move(request_), [pending](http_response response) { pending->deliver(std::move(response)); });
  } catch (const std::exception&) {
    if (pending->deliver(refusals::handler_threw())) pending->fault();
  }
}

void session::begin_stream() {
  const bool keep_alive = std::exchange(keep_alive_, false);  // unless all of the body was read
  if (auto response = refusals::of_route(found_)) return refuse(std::move(*response), true);
  const bool waits = same_ignoring_case(request_.header("Expect"), "100-continue");
  unpacking_.reset();
  if (is_gzip(request_)) unpacking_.emplace(core_.limits.body_bytes_max);  // what could have come in one piece
  phase_ = phase::streaming;
  const auto pending = expect_answer();
  guard(respond_within_);
  try {
    sink_ = found_.found->what.stream(std::move(request_),
                                      [pending](http_response response) { pending->deliver(std::move(response)); });
  } catch (const std::exception&) {
    if (pending->deliver(refusals::handler_threw())) pending->fault();
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
    if (timed_out_) return refuse(refusals::body_stopped(), true);
    if (const auto why = why_unreadable(error)) return refuse(refusals::of_unreadable(*why), true);
    return close();
  }
  guard(respond_within_);
  piece_.resize(piece_.size() - stream_->get().body().size);
  if (piece_.empty()) return go_on(serial_);
  if (!unpacking_) return give_piece();
  unpacking_->feed(std::move(piece_));
  go_on(serial_);
}

void session::give_piece() {
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
  if (unpacking_) {
    if (const auto why = unpacking_->read(piece_, piece_bytes)) return refuse_body(*why);
    guard(respond_within_);
    if (!piece_.empty()) return give_piece();
  }
  if (!stream_->is_done()) return read_piece();
  if (unpacking_ && !unpacking_->at_end()) return refuse_body(refusals::unreadable::no_gzip);
  phase_ = phase::handling;
  const std::unique_ptr<body_sink> whole = std::move(sink_);
  whole->finish();
}

void session::refuse_body(refusals::unreadable why) {
  sink_.reset();
  refuse(refusals::of_unreadable(why), true);
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
  if (response.stream) {
    if (core_.stats.streams >= core_.limits.streams_max) return refuse(refusals::too_many_streams(), false);
    push_ = std::make_unique<answer_push>(core_, socket_, std::move(response.stream),
                                          response.end_is_told && version_ >= 11);
    keep_alive_ = false;
  }
  phase_ = phase::writing;
  response_.emplace();
  response_->result(static_cast<unsigned>(response.status));
  response_->version(version_);
  if (response.status != 204) response_->set(http::field::content_type, response.content_type);
  response_->set(http::field::cache_control, "no-store");
  if (!push_) response_->set(http::field::vary, "Accept-Encoding");
  response_->set("X-Content-Type-Options", "nosniff");
  response_->set("X-Request-Id", request_id_);
  response_->set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  for (const auto& [name, value] : response.headers) response_->set(name, value);
  response_->body() = std::move(response.body);
  if (response.content_type == problem_type) name_request(response_->body(), request_id_);
  keep_alive_ = keep_alive_ && !core_.draining;
  response_->keep_alive(keep_alive_);
  if (push_ && push_->chunked()) response_->chunked(true);
  guard(core_.limits.write_within);
  const auto written = [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); };
  if (push_) {  // its body follows piece by piece
    head_only_.emplace(*response_);
    http::async_write_header(socket_, *head_only_, written);
    return;
  }
  // Which would claim a length for an answer without body.
  if (response.status != 204) response_->prepare_payload();
  http::async_write(socket_, *response_, written);
}

void session::on_written(error_code error) {
  if (push_ && !error && !core_.draining) return begin_push();
  if (error) return close();
  if (!keep_alive_ || core_.draining) return linger_and_close();
  read();
}

void session::begin_push() {
  phase_ = phase::pushing;
  unguard();
  // What stays for hours is kept small, in the kernel too: a peer that does not read must not fill what grows by
  // itself.
  head_only_.reset();
  response_.reset();
  parser_.reset();
  head_.reset();
  buffer_.clear();
  buffer_.shrink_to_fit();
  discard();  // until the peer goes
  push_->begin(weak_from_this());
}

void session::push() {
  if (phase_ == phase::pushing) push_->send();
}

// ---- the end

void session::linger_and_close() {
  discard();
  shut_down();
}

// What the peer still sends is being discarded.
void session::shut_down() {
  phase_ = phase::lingering;
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (error) return close();
  guard(linger);
}

void session::discard() {
  socket_.async_read_some(asio::buffer(core_.discarded), [self = shared_from_this()](error_code error, std::size_t) {
    error ? self->close() : self->discard();
  });
}

}  // namespace

void serve(server_core& core, tcp::socket socket) {
  std::make_shared<session>(core, std::move(socket))->read();
}

}  // namespace dialer::api
