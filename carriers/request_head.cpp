#include "carriers/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "carriers/url.hpp"

namespace dialer::carriers {

void require_visible_ascii(std::string_view field, std::string_view value) {
  const bool visible = std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7F; });
  if (value.empty() || !visible) {
    throw std::invalid_argument{"carrier account: " + std::string{field} +
                                (value.empty() ? " is empty" : " holds a space or a control or non-ASCII character") +
                                "; copy it again from the carrier's console"};
  }
}

request_head::request_head(const account& value, std::string_view authorization) {
  const auto url = parse_url(value.base_url);
  if (!url || (url->scheme() != "https" && url->scheme() != "http") || url->has_query() || url->has_fragment()) {
    throw std::invalid_argument{
        "carrier account: base_url is not of the form https://host[:port]; for example "
        "https://api.twilio.com or https://api.telnyx.com"};
  }
  path_prefix_ = url->encoded_path();
  while (path_prefix_.ends_with('/')) path_prefix_.pop_back();
  tail_ = " HTTP/1.1\r\nHost: ";
  tail_ += std::string_view{url->encoded_host_and_port()};
  tail_ += "\r\nAuthorization: ";
  tail_ += authorization;
  tail_ += "\r\nAccept: application/json\r\nUser-Agent: dialer\r\nConnection: keep-alive\r\n";
}

void request_head::get(std::string_view path_and_query, std::string& out) const {
  append_bodiless("GET ", path_and_query, out);
}

void request_head::remove(std::string_view path, std::string& out) const {
  append_bodiless("DELETE ", path, out);
}

void request_head::post(std::string_view path, std::string_view content_type, std::string_view body,
                        std::string& out) const {
  post_prepared(prepare("POST ", path, content_type), body, out);
}

void request_head::patch(std::string_view path, std::string_view content_type, std::string_view body,
                         std::string& out) const {
  post_prepared(prepare("PATCH ", path, content_type), body, out);
}

std::string request_head::prepare_post(std::string_view path, std::string_view content_type) const {
  return prepare("POST ", path, content_type);
}

void request_head::append_bodiless(std::string_view method, std::string_view path, std::string& out) const {
  out += method;
  out += path_prefix_;
  out += path;
  out += tail_;
  out += "\r\n";
}

std::string request_head::prepare(std::string_view method, std::string_view path, std::string_view content_type) const {
  std::string prepared{method};
  prepared += path_prefix_;
  prepared += path;
  prepared += tail_;
  prepared += "Content-Type: ";
  prepared += content_type;
  prepared += "\r\nContent-Length: ";
  return prepared;
}

void request_head::post_prepared(std::string_view prepared, std::string_view body, std::string& out) {
  std::array<char, 20> length;
  const auto end = std::to_chars(length.data(), length.data() + length.size(), body.size()).ptr;
  out += prepared;
  out.append(length.data(), end);
  out += "\r\n\r\n";
  out += body;
}

}  // namespace dialer::carriers
