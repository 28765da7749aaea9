#include "carriers/answer_reading.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "carriers/foreign_text.hpp"
#include "carriers/reactions.hpp"
#include "carriers/timestamps.hpp"

namespace dialer::carriers {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds wait_max = std::chrono::hours{1};

std::optional<milliseconds> whole_seconds(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return wait_max;
  if (error != std::errc{}) return std::nullopt;
  return std::min<milliseconds>(std::chrono::seconds{std::min<std::uint64_t>(value, 3600)}, wait_max);
}

}  // namespace

create_answer answer_without_verdict(const http::http_answer& answer) {
  create_answer result;
  result.http_status = answer.how == http::delivery::answered ? answer.status : 0;
  result.retry_after = retry_after_of(answer);
  if (answer.how == http::delivery::not_sent) {
    result.what = answer_class::not_sent;
    result.react = reaction::retry;
    result.circuit = true;
    result.detail = foreign_text(answer.error);
    return result;
  }
  const classified verdict = classify_without_error_body();
  result.what = verdict.what;
  result.react = verdict.react;
  result.circuit = verdict.circuit;
  result.detail = foreign_text(answer.how == http::delivery::answered ? answer.body : answer.error);
  return result;
}

bool may_be_json(const http::http_answer& answer) {
  if (answer.how != http::delivery::answered || answer.body.empty()) return false;
  std::string type{answer.content_type.substr(0, answer.content_type.find(';'))};
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type.empty() || type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

std::optional<milliseconds> retry_after_of(const http::http_answer& answer) {
  if (const auto seconds = whole_seconds(answer.retry_after)) return seconds;
  const auto until = parse_rfc2822(answer.retry_after);
  const auto now = parse_rfc2822(answer.date);
  if (!until || !now) return std::nullopt;
  return std::clamp(std::chrono::duration_cast<milliseconds>(*until - *now), milliseconds{0}, wait_max);
}

std::optional<milliseconds> rate_limit_reset_of(const http::http_answer& answer) {
  return whole_seconds(answer.rate_limit_reset);
}

}  // namespace dialer::carriers
