#include "carriers/simulator/http_wire.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "carriers/simulator/wire_text.hpp"

namespace dialer::carriers::simulator {

namespace {

namespace http = boost::beast::http;
namespace asio = boost::asio;

/// A Beast parser over a growing buffer.
template <bool is_request>
struct message_reader {
  using parser_type = http::parser<is_request, http::string_body>;

  std::optional<parser_type> parser;
  std::string buffer;
  std::size_t used = 0;

  message_reader() { next(); }

  void next() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(32 * 1024);
    parser->body_limit(1024 * 1024);
    buffer.erase(0, used);
    used = 0;
  }

  read_state parse() {
    while (!parser->is_done() && used < buffer.size()) {
      boost::system::error_code error;
      const auto taken = parser->put(asio::const_buffer{buffer.data() + used, buffer.size() - used}, error);
      used += taken;
      if (error == http::error::need_more) break;
      if (error) return read_state::broken;
      if (taken == 0) break;
    }
    return parser->is_done() ? read_state::complete : read_state::more;
  }
};

std::string_view reason_phrase(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct request_reader::impl : message_reader<true> {};
struct response_reader::impl : message_reader<false> {};

request_reader::request_reader() : impl_{std::make_unique<impl>()} {}
request_reader::~request_reader() = default;
void request_reader::append(std::string_view bytes) {
  impl_->buffer.append(bytes);
}
read_state request_reader::parse() {
  return impl_->parse();
}
bool request_reader::keep_alive() const {
  return impl_->parser->keep_alive();
}
void request_reader::next() {
  impl_->next();
}

api_request request_reader::request() const {
  const auto& message = impl_->parser->get();
  return {view(message.method_string()), view(message.target()), view(message[http::field::authorization]),
          message.body()};
}

response_reader::response_reader() : impl_{std::make_unique<impl>()} {}
response_reader::~response_reader() = default;
void response_reader::append(std::string_view bytes) {
  impl_->buffer.append(bytes);
}
read_state response_reader::parse() {
  return impl_->parse();
}
int response_reader::status() const {
  return impl_->parser->get().result_int();
}
std::string_view response_reader::body() const {
  return impl_->parser->get().body();
}
bool response_reader::keep_alive() const {
  return impl_->parser->keep_alive();
}
void response_reader::next() {
  impl_->next();
}

read_state response_reader::finish() {
  if (!impl_->parser->is_header_done()) return read_state::broken;
  boost::system::error_code error;
  impl_->parser->put_eof(error);
  return error ? read_state::broken : read_state::complete;
}

void append_http_answer(std::string& out, const api_answer& answer, bool keep_alive, utc_time now) {
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ").append(reason_phrase(answer.status));
  out.append("\r\nDate: ").append(rfc2822(now, "GMT"));
  if (answer.status != 204) {  // has no content, and says nothing about it
    out.append("\r\nContent-Type: ").append(answer.content_type);
    out.append("\r\nContent-Length: ").append(std::to_string(answer.body.size()));
  }
  out.append(keep_alive ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n");
  out.append(answer.headers).append("\r\n").append(answer.body);
}

}  // namespace dialer::carriers::simulator
