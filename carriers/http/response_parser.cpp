#include "carriers/http/response_parser.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace dialer::carriers::http {
namespace {

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view version_start = "HTTP/1.";
constexpr std::uint8_t interims_max = 8;
constexpr std::uint32_t chunk_line_bytes_max = 256;
constexpr std::uint32_t size_digits_max = 15;  // far above any body_bytes_max, far below overflow

enum : std::uint8_t { token_char = 1, value_char = 2 };

// RFC 9110 5.6.2 (tchar) and 5.5 (field-vchar, SP, HTAB, obs-text).
constexpr std::array<std::uint8_t, 256> classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool mark = std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c)) != std::string_view::npos;
    if (alnum || (mark && c != 0)) table[c] |= token_char;
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) table[c] |= value_char;
  }
  return table;
}();

bool all_of_class(std::string_view text, std::uint8_t wanted) {
  std::uint8_t common = wanted;
  for (const char c : text) common &= classes[static_cast<unsigned char>(c)];
  return common != 0;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// `name` is lower case.
bool same_name(std::string_view text, std::string_view name) {
  return text.size() == name.size() &&
         std::equal(text.begin(), text.end(), name.begin(), [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace

void response_parser::reset() {
  *this = response_parser{limits_};
}

response_parser::progress response_parser::fail(std::string_view why) {
  error_ = why;
  state_ = state::done;
  return progress::broken;
}

response_parser::progress response_parser::push(char* buffer, std::size_t fresh) {
  const std::size_t end = kept_ + fresh;
  if (state_ == state::head) return read_head(buffer, end);
  return read_body(buffer, kept_, end);
}

response_parser::progress response_parser::finish() {
  if (state_ != state::until_close) return fail("the connection ended inside the answer");
  keep_alive_ = false;
  state_ = state::done;
  return progress::complete;
}

response_parser::progress response_parser::read_head(char* buffer, std::size_t end) {
  for (;;) {
    const std::string_view seen{buffer, end};
    const std::size_t start = std::min(seen.size(), version_start.size());
    if (seen.substr(0, start) != version_start.substr(0, start)) return fail("the answer is not HTTP/1.x");
    const std::size_t from = scanned_ > head_end.size() - 1 ? scanned_ - (head_end.size() - 1) : 0;
    const std::size_t found = seen.find(head_end, from);
    const std::size_t head_size = found == std::string_view::npos ? end + 1 : found + head_end.size();
    if (head_size > limits_.head_bytes_max) return fail("the answer's head is too long");
    if (found == std::string_view::npos) {
      scanned_ = kept_ = end;
      return progress::more;
    }

    std::size_t line_end = seen.find("\r\n");
    if (!read_status_line(seen.substr(0, line_end))) return fail("unreadable status line");
    while (line_end != found) {
      const std::size_t line_at = line_end + 2;
      line_end = seen.find("\r\n", line_at);
      if (!read_field(buffer, seen.substr(line_at, line_end - line_at))) {
        return fail(error_.empty() ? "unreadable header field" : error_);
      }
    }

    if (status_ >= 200) {
      body_at_ = kept_ = head_size;
      const progress started = start_body();
      if (started == progress::more) return read_body(buffer, head_size, end);
      if (started == progress::complete) surplus_ = end - head_size;
      return started;
    }
    // An interim answer: the real one follows. Switching protocols was never asked for.
    if (status_ == 101) return fail("the peer switched protocols unasked");
    const std::uint8_t interims = static_cast<std::uint8_t>(interims_ + 1);
    if (interims > interims_max) return fail("too many interim answers");
    std::memmove(buffer, buffer + head_size, end - head_size);
    end -= head_size;
    reset();
    interims_ = interims;
  }
}

bool response_parser::read_status_line(std::string_view line) {
  // HTTP/1.x SP 3DIGIT [SP reason]
  if (line.size() < 12 || (line[7] != '1' && line[7] != '0') || line[8] != ' ') return false;
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  if (!all_of_class(line, value_char)) return false;
  minor_is_0_ = line[7] == '0';
  keep_alive_ = !minor_is_0_;
  status_ = static_cast<std::uint16_t>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
  return status_ >= 100 && status_ <= 599;
}

bool response_parser::read_field(const char* buffer, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  // A folded line starts with a blank, which is no token character.
  if (!all_of_class(name, token_char) || !all_of_class(line.substr(colon), value_char)) return false;
  const std::string_view value = trimmed(line.substr(colon + 1));
  const auto keep_first = [&](slice& into) {
    if (into.size == 0) {
      into = {static_cast<std::uint32_t>(value.data() - buffer), static_cast<std::uint32_t>(value.size())};
    }
  };
  switch (name.size()) {
    case 4:
      if (same_name(name, "date")) keep_first(date_);
      break;
    case 10:
      if (same_name(name, "connection")) read_connection(value);
      break;
    case 11:
      if (same_name(name, "retry-after")) keep_first(retry_after_);
      break;
    case 12:
      if (same_name(name, "content-type")) keep_first(content_type_);
      break;
    case 14:
      if (same_name(name, "content-length")) return read_content_length(value);
      break;
    case 17:
      if (same_name(name, "x-ratelimit-reset")) keep_first(rate_limit_reset_);
      if (same_name(name, "transfer-encoding")) {
        if (framing_ != framing::none || minor_is_0_ || !same_name(value, "chunked")) {
          error_ = "ambiguous or unknown Transfer-Encoding";
          return false;
        }
        framing_ = framing::chunked;
      }
      break;
    default: break;
  }
  return true;
}

bool response_parser::read_content_length(std::string_view value) {
  const bool digits = !value.empty() && std::all_of(value.begin(), value.end(), is_digit);
  if (framing_ != framing::none || !digits || value.size() > size_digits_max) {
    error_ = "ambiguous or unreadable Content-Length";
    return false;
  }
  framing_ = framing::counted;
  for (const char c : value) wanted_ = wanted_ * 10 + static_cast<std::size_t>(c - '0');
  return true;
}

void response_parser::read_connection(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    if (same_name(trimmed(value.substr(0, comma)), "close")) keep_alive_ = false;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

response_parser::progress response_parser::start_body() {
  if (status_ == 204 || status_ == 304 || (framing_ == framing::counted && wanted_ == 0)) {
    state_ = state::done;
    return progress::complete;
  }
  switch (framing_) {
    case framing::counted:
      if (wanted_ > limits_.body_bytes_max) return fail("the answer's body is longer than allowed");
      state_ = state::counted;
      break;
    case framing::chunked: state_ = state::chunk_size; break;
    case framing::none: state_ = state::until_close; break;
  }
  return progress::more;
}

// Bytes are read at `at` and body bytes are kept at body_at_ + body_size_, which is never ahead of it.
response_parser::progress response_parser::read_body(char* buffer, std::size_t at, std::size_t end) {
  while (at < end) {
    if (state_ == state::counted || state_ == state::chunk_data || state_ == state::until_close) {
      const std::size_t take = state_ == state::until_close ? end - at : std::min(wanted_, end - at);
      if (take > limits_.body_bytes_max - body_size_) return fail("the answer's body is longer than allowed");
      char* const into = buffer + body_at_ + body_size_;
      if (into != buffer + at) std::memmove(into, buffer + at, take);
      body_size_ += take;
      at += take;
      if (state_ == state::until_close) continue;
      wanted_ -= take;
      if (wanted_ != 0) continue;
      state_ = state_ == state::counted ? state::done : state::chunk_data_return;
    } else if (read_chunk_frame(buffer[at++]) == progress::broken) {
      return progress::broken;
    }
    if (state_ == state::done) {
      kept_ = body_at_ + body_size_;
      surplus_ = end - at;
      return progress::complete;
    }
  }
  kept_ = body_at_ + body_size_;
  return progress::more;
}

response_parser::progress response_parser::read_chunk_frame(char byte) {
  const bool feed = byte == '\n';
  const bool is_return = byte == '\r';
  const bool in_value = (classes[static_cast<unsigned char>(byte)] & value_char) != 0;
  switch (state_) {
    case state::chunk_size:
      if (const int digit = hex_value(byte); digit >= 0) {
        if (++size_digits_ > size_digits_max) return fail("unreadable chunk size");
        wanted_ = wanted_ * 16 + static_cast<std::size_t>(digit);
        return progress::more;
      }
      if (size_digits_ == 0) return fail("unreadable chunk size");
      if (wanted_ > limits_.body_bytes_max - body_size_) return fail("the answer's body is longer than allowed");
      if (!is_return && byte != ';' && byte != ' ' && byte != '\t') return fail("unreadable chunk size");
      state_ = is_return ? state::chunk_line_feed : state::chunk_extension;
      return progress::more;
    case state::chunk_extension:
      if (++line_bytes_ > chunk_line_bytes_max) return fail("a chunk's extension is too long");
      if (is_return)
        state_ = state::chunk_line_feed;
      else if (!in_value)
        return fail("unreadable chunk extension");
      return progress::more;
    case state::chunk_line_feed:
      if (!feed) return fail("unreadable chunk size");
      size_digits_ = line_bytes_ = 0;
      state_ = wanted_ == 0 ? state::trailer_start : state::chunk_data;
      return progress::more;
    case state::chunk_data_return:
      if (!is_return) return fail("a chunk is longer than its size");
      state_ = state::chunk_data_feed;
      return progress::more;
    case state::chunk_data_feed:
      if (!feed) return fail("a chunk is longer than its size");
      state_ = state::chunk_size;
      return progress::more;
    case state::trailer_start:
      if (is_return) {
        state_ = state::last_line_feed;
        return progress::more;
      }
      state_ = state::trailer_line;
      [[fallthrough]];
    case state::trailer_line:
      if (++line_bytes_ > limits_.head_bytes_max) return fail("the answer's trailers are too long");
      if (is_return)
        state_ = state::trailer_line_feed;
      else if (!in_value)
        return fail("unreadable trailer");
      return progress::more;
    case state::trailer_line_feed:
      if (!feed) return fail("unreadable trailer");
      state_ = state::trailer_start;
      return progress::more;
    case state::last_line_feed:
      if (!feed) return fail("unreadable trailer");
      state_ = state::done;
      return progress::more;
    default: return fail("bytes where none belong");
  }
}

void response_parser::describe(const char* buffer, http_answer& answer) const {
  const auto view = [buffer](slice part) { return std::string_view{buffer + part.offset, part.size}; };
  answer.status = status_;
  answer.body = {buffer + body_at_, body_size_};
  answer.content_type = view(content_type_);
  answer.retry_after = view(retry_after_);
  answer.rate_limit_reset = view(rate_limit_reset_);
  answer.date = view(date_);
}

}  // namespace dialer::carriers::http
