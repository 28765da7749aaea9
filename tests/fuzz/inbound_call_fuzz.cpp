// Any callback about a call to one of our numbers, at both carriers, and any answer to a command: no crash, and
// whatever the caller's side wrote stays inside the document, the command and the request that answer it. First byte:
// carrier; then the URL, a line end, and the body.
#include <boost/json/parse.hpp>
#include <string>

#include "carriers/inbound_call.hpp"
#include "tests/fuzz/carrier_account.hpp"

using namespace dialer::carriers;

namespace {

const inbound_answer answers[] = {{inbound_answer::kind::agent, "https://agent.example.com/answer"},
                                  {inbound_answer::kind::agent, "sip:a@pbx.example.com"},
                                  {inbound_answer::kind::voicemail, "Speak <now> & \"here\"."},
                                  {inbound_answer::kind::not_in_service, {}},
                                  {inbound_answer::kind::busy, {}}};

void check_document(const inbound_event& event) {
  for (const inbound_answer& answer : answers) {
    const std::string document = twilio_document(event, answer);
    require(document.ends_with("</Response>"));
    require(document.find("</Response>") == document.size() - std::string_view{"</Response>"}.size());
  }
}

void check_command(const telnyx_command& command, const inbound_event& event) {
  static const account over = fuzzed_account(carrier_kind::telnyx);
  require(command.call_ref == event.call_ref && !command.action.empty());
  boost::json::error_code error;
  const auto body = boost::json::parse(command.body, error);
  require(!error && body.is_object() && body.as_object().contains("command_id"));
  const std::string request = encode_command(over, command);
  const std::string head = request.substr(0, request.find("\r\n"));
  require(head.starts_with("POST /v2/calls/") && head.ends_with("/actions/" + command.action + " HTTP/1.1"));
  require(head.find(' ', 5) == head.size() - std::string_view{" HTTP/1.1"}.size());
}

void check_answer(std::string_view text) {
  std::string body{text};
  body.append(64, '\0');
  http::http_answer answer;
  answer.how = http::delivery::answered;
  answer.body = std::string_view{body}.substr(0, text.size());
  for (const int status : {200, 302, 404, 408, 422, 429, 500}) {
    answer.status = status;
    const command_answer read = decode_command(answer);
    require(read.why.size() <= 1'024);
    require((read.result == command_result::done) == (status == 200));
    if (status == 302 || status == 408 || status == 429 || status == 500) require(read.result == command_result::again);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const std::size_t split = text.find('\n');
  callback_request request{};
  request.method = "POST";
  request.url = text.substr(0, split);
  request.body = split == std::string_view::npos ? std::string_view{} : text.substr(split + 1);
  check_answer(request.body);
  const bool twilio = (data[0] & 1) != 0;
  const auto event = twilio ? decode_twilio_inbound(request) : decode_telnyx_inbound(request);
  if (!event) return 0;
  require(!event->call_ref.empty() && event->call_ref.size() <= 256);
  require(!event->event_key.empty() && event->event_key.size() <= 512);
  if (twilio) {
    check_document(*event);
    return 0;
  }
  for (const inbound_answer& answer : answers) check_command(command_for(*event, answer), *event);
  check_command(closing_command(*event), *event);
  return 0;
}
