#include "carriers/http/response_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dialer::carriers::http {
namespace {

using namespace std::string_literals;
using progress = response_parser::progress;

struct outcome {
  progress end = progress::more;
  http_answer answer;
  bool keep_alive = false;
  std::size_t surplus = 0;
  std::string error;
  std::string buffer;  // the views point here
};

/// Feeds `bytes` in pieces of `piece` bytes, as a connection would.
outcome parse(std::string_view bytes, std::size_t piece = std::string_view::npos, response_limits limits = {},
              bool clean_end = false) {
  outcome result;
  response_parser parser{limits};
  result.buffer.resize(bytes.size() + 1);
  while (!bytes.empty() && result.end == progress::more) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    part.copy(result.buffer.data() + parser.kept(), part.size());
    result.end = parser.push(result.buffer.data(), part.size());
  }
  if (result.end == progress::more && clean_end) result.end = parser.finish();
  if (result.end == progress::complete) parser.describe(result.buffer.data(), result.answer);
  result.keep_alive = parser.keep_alive();
  result.surplus = parser.surplus();
  result.error = parser.error();
  return result;
}

TEST(ResponseParser, CountedBody_IsReadWithItsFields) {
  const outcome got = parse(
      "HTTP/1.1 429 Too Many Requests\r\nDate: Sat, 21 Nov 2026 09:00:00 GMT\r\ncontent-TYPE:\tapplication/json \r\n"
      "Retry-After: 3\r\nX-RateLimit-Reset: 7\r\nX-Other:\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_EQ(got.end, progress::complete);
  EXPECT_EQ(got.answer.status, 429);
  EXPECT_EQ(got.answer.body, "{}");
  EXPECT_EQ(got.answer.content_type, "application/json");
  EXPECT_EQ(got.answer.retry_after, "3");
  EXPECT_EQ(got.answer.rate_limit_reset, "7");
  EXPECT_EQ(got.answer.date, "Sat, 21 Nov 2026 09:00:00 GMT");
  EXPECT_TRUE(got.keep_alive);
  EXPECT_EQ(got.surplus, 0U);
}

TEST(ResponseParser, AnyAnswerCutAnywhere_GivesTheSame) {
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201\r\nContent-Length: "
      "1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nhel\r\n002 \r\nlo\r\n0\r\nDigest: x\r\nA: "
      "b\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    const outcome whole = parse(answer);
    ASSERT_EQ(whole.end, progress::complete) << answer << whole.error;
    for (std::size_t piece = 1; piece < answer.size(); ++piece) {
      const outcome cut = parse(answer, piece);
      EXPECT_EQ(cut.end, progress::complete) << answer << cut.error;
      EXPECT_EQ(cut.answer.status, whole.answer.status);
      EXPECT_EQ(cut.answer.body, whole.answer.body);
    }
    for (std::size_t size = 0; size < answer.size(); ++size) {
      EXPECT_EQ(parse(std::string_view{answer}.substr(0, size)).end, progress::more);
      EXPECT_EQ(parse(std::string_view{answer}.substr(0, size), 1, {}, true).end, progress::broken);
    }
  }
}

TEST(ResponseParser, ChunkedBody_IsJoined) {
  const outcome got =
      parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nX");
  ASSERT_EQ(got.end, progress::complete) << got.error;
  EXPECT_EQ(got.answer.body, "abc0123456789");
  EXPECT_EQ(got.surplus, 1U);
}

TEST(ResponseParser, NoLengthAtAll_EndsOnlyWithACleanClose) {
  const std::string answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>";
  EXPECT_EQ(parse(answer).end, progress::more);
  const outcome got = parse(answer, 7, {}, true);
  ASSERT_EQ(got.end, progress::complete);
  EXPECT_EQ(got.answer.body, "<html>");
  EXPECT_FALSE(got.keep_alive);
}

TEST(ResponseParser, BodilessStatus_IgnoresTheLength) {
  EXPECT_EQ(parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n").end, progress::complete);
  const outcome got = parse("HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(got.end, progress::complete);
  EXPECT_EQ(got.answer.body, "");
  EXPECT_EQ(got.surplus, 1U);
}

TEST(ResponseParser, KeepAlive_FollowsVersionAndConnectionField) {
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\r\nConnection: keep-alive, closed\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nConnection: keep-alive , Close\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

TEST(ResponseParser, AnswerThatTwoReadersCouldCutDifferently_IsBroken) {
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nX: a\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nX: a\rContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\r\n\r\nx"s,
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 Low\r\n\r\n",
      "HTTP/1.1 600 High\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;\n\r\nx\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff1\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA\nB\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    for (const std::size_t piece : {std::string_view::npos, std::size_t{1}}) {
      const outcome got = parse(answer, piece);
      EXPECT_EQ(got.end, progress::broken) << answer;
      EXPECT_FALSE(got.error.empty()) << answer;
    }
  }
}

TEST(ResponseParser, Limits_HoldOnBothSides) {
  const response_limits limits{.head_bytes_max = 60, .body_bytes_max = 8};
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX: ";  // 39 bytes
  const auto padded = [&](std::size_t size) {
    return head + std::string(size - head.size() - 4, 'p') + "\r\n\r\n12345678";
  };
  const auto chunks = [](int n) {
    std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < n; ++i) text += "1\r\nx\r\n";
    return text + "0\r\n\r\n";
  };
  for (const std::size_t piece : {std::string_view::npos, std::size_t{1}}) {
    EXPECT_EQ(parse(padded(60), piece, limits).end, progress::complete);
    EXPECT_EQ(parse(padded(61), piece, limits).end, progress::broken);
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", piece, limits).end, progress::broken);
    EXPECT_EQ(parse(chunks(8), piece, limits).end, progress::complete);
    EXPECT_EQ(parse(chunks(9), piece, limits).end, progress::broken);
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n12345678", piece, limits, true).end, progress::complete);
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n123456789", piece, limits, true).end, progress::broken);
  }
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nX: " + std::string(100, 'p'), 1, limits).end, progress::broken);
}

TEST(ResponseParser, EndlessFraming_IsBroken) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse(chunked + "1;" + std::string(300, 'e')).end, progress::broken);
  EXPECT_EQ(parse(chunked + std::string(40, '0')).end, progress::broken);
  EXPECT_EQ(parse(chunked + "0\r\n" + std::string(20'000, 't')).end, progress::broken);
  std::string interims;
  for (int i = 0; i < 8; ++i) interims += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(parse(interims + "HTTP/1.1 204 No Content\r\n\r\n").end, progress::complete);
  EXPECT_EQ(parse(interims + "HTTP/1.1 100 Continue\r\n\r\n").end, progress::broken);
}

}  // namespace
}  // namespace dialer::carriers::http
