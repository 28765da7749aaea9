#include "tests/e2e/rest_client.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace dialer::e2e {
namespace {

constexpr std::chrono::seconds answer_within{600};  // of a list of a million
constexpr std::size_t piece_bytes = 1 << 20;

}  // namespace

bool rest_client::connect() {
  try {
    if (!connection_) connection_.emplace(port_, 0, answer_within);
    return true;
  } catch (const boost::system::system_error&) {
    return false;
  }
}

std::string rest_client::head_of(const std::string& method, const std::string& target, const std::string& headers,
                                 std::uintmax_t size) const {
  std::string head = method + " " + target + " HTTP/1.1\r\nHost: engine\r\n" + headers;
  if (!key_.empty()) head += "Authorization: Bearer " + key_ + "\r\n";
  return head + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

rest_answer rest_client::receive() {
  rest_answer answer;
  try {
    api::client_response received = connection_->receive();
    answer = {received.status, std::move(received.head), std::move(received.body), {}};
  } catch (const std::exception&) {
    answer = {};  // cut off within its head
  }
  if (answer.status == 0 || answer.head.find("Connection: close") != std::string::npos) connection_.reset();
  boost::system::error_code error;
  boost::json::value parsed = boost::json::parse(answer.text, error);
  if (!error && parsed.is_object()) answer.body = std::move(parsed.as_object());
  return answer;
}

rest_answer rest_client::ask(const std::string& method, const std::string& target, const std::string& body,
                             const std::string& headers) {
  if (!connect()) return {};
  const std::string type = body.empty() ? "" : "Content-Type: application/json\r\n";
  connection_->send(head_of(method, target, headers + type, body.size()) + body);
  return receive();
}

rest_answer rest_client::upload(const std::string& target, const std::filesystem::path& file,
                                const std::string& headers, std::optional<std::uintmax_t> bytes) {
  if (!connect()) return {};
  const std::uintmax_t size = std::filesystem::file_size(file);
  std::uintmax_t left = bytes.value_or(size);
  std::ifstream in{file, std::ios::binary};
  bool open = connection_->send(head_of("POST", target, headers + "Content-Type: text/csv\r\n", size));
  std::vector<char> piece(piece_bytes);
  while (open && left > 0) {
    in.read(piece.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(piece.size(), left)));
    const auto count = static_cast<std::size_t>(in.gcount());
    if (count == 0) throw std::runtime_error{file.string() + " can't be read to its end"};
    open = connection_->send({piece.data(), count});
    left -= count;
  }
  if (!bytes) return receive();
  connection_.reset();
  return {};
}

}  // namespace dialer::e2e
