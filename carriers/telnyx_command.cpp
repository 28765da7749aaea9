#include "carriers/telnyx_command.hpp"

#include "carriers/answer_reading.hpp"
#include "carriers/foreign_text.hpp"
#include "carriers/form.hpp"
#include "carriers/request_head.hpp"
#include "carriers/telnyx_reading.hpp"

namespace dialer::carriers {

std::string encode_command(const account& over, const telnyx_command& command) {
  std::string path = "/v2/calls/";
  append_percent_encoded(command.call_ref, path);
  path += "/actions/" + command.action;
  std::string request;
  request_head{over, telnyx_authorization(over)}.post(path, json_type, command.body, request);
  return request;
}

command_answer decode_command(const http::http_answer& answer) {
  if (answer.status >= 200 && answer.status < 300) return {command_result::done, {}};
  command_answer read{command_result::again,
                      foreign_text(answer.how == http::delivery::answered
                                       ? "HTTP " + std::to_string(answer.status) + " " + std::string{answer.body}
                                       : answer.error)};
  constexpr int timed_out = 408;
  constexpr int too_many = 429;
  const bool heard = answer.status >= 400 && answer.status < 500;
  if (!heard || answer.status == timed_out || answer.status == too_many) return read;
  const auto body = may_be_json(answer) ? json_body(answer.body) : std::nullopt;
  const bool over = body && (has_telnyx_error(*body, "90018") || has_telnyx_error(*body, "90015") ||
                             has_telnyx_error(*body, "10005"));
  read.result = over ? command_result::call_over : command_result::refused;
  return read;
}

}  // namespace dialer::carriers
