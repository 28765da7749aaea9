#include "api/carrier_exchange.hpp"

#include "engine/base_url.hpp"

namespace dialer::api {
namespace {

carriers::http::pool_options options_of(const carriers::account& over, std::chrono::milliseconds answer_within) {
  const engine::base_url url = engine::parse_base_url(over.base_url);
  carriers::http::pool_options made;
  made.host = url.host;
  made.port = url.port;
  made.ca_file = over.ca_file;
  made.connections_max = 1;
  made.request_timeout = answer_within;
  return made;
}

}  // namespace

carriers::http::kept_answer carrier_exchange::ask(const carriers::account& over, std::string request) {
  const std::string host = over.base_url + "\n" + over.ca_file;
  std::unique_ptr<carriers::http::exchange> mine;
  {
    const std::lock_guard lock{mutex_};
    idle_connections& idle = idle_[host];
    if (!idle.empty()) {
      mine = std::move(idle.back());
      idle.pop_back();
    }
  }
  if (!mine) mine = std::make_unique<carriers::http::exchange>(options_of(over, answer_within_));
  carriers::http::kept_answer answer = mine->ask(std::move(request));
  const std::lock_guard lock{mutex_};
  idle_[host].push_back(std::move(mine));
  return answer;
}

}  // namespace dialer::api
