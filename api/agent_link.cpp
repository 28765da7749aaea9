#include "api/agent_link.hpp"

#include "api/webhook_post.hpp"
#include "engine/base_url.hpp"

namespace dialer::api {
namespace {

// Somebody is on the line meanwhile.
constexpr std::chrono::milliseconds connect_within{1'500};
constexpr std::chrono::milliseconds answer_within{2'000};

agent_answer post_to_simulated(carrier_exchange& exchange, const carriers::account& over, const agent_post& what) {
  const engine::base_url at = engine::parse_base_url(over.base_url);
  std::string bytes = "POST /agent/" + what.url.substr(what.url.find("://") + 3) + " HTTP/1.1\r\nHost: " + at.host +
                      ":" + std::to_string(at.port) + "\r\nContent-Type: application/json\r\n";
  for (const auto& [name, value] : what.headers) bytes += name + ": " + value + "\r\n";
  bytes += "Content-Length: " + std::to_string(what.body.size()) + "\r\n\r\n" + what.body;
  const carriers::http::kept_answer answer = exchange.ask(over, std::move(bytes));
  const bool answered = answer.how == carriers::http::delivery::answered;
  return {answered ? answer.status : 0, answered ? "" : answer.error};
}

}  // namespace

agent_answer post_to_agent(carrier_exchange& exchange, const carriers::account& over, const agent_post& what) {
  if (carriers::on_loopback(over)) return post_to_simulated(exchange, over, what);
  try {
    webhook_post_options how;
    how.connect_within = connect_within;
    how.answer_within = answer_within;
    const std::vector<webhook_answer> answers =
        post_webhooks(how, parse_webhook_url(what.url), {{.body = what.body, .headers = what.headers}}, {});
    return {answers.front().status, answers.front().error};
  } catch (const std::exception& failed) {  // no such address, or none that may be posted to
    return {0, failed.what()};
  }
}

}  // namespace dialer::api
