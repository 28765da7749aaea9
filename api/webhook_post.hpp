#pragma once
// Sends to addresses that customers chose. They must not be able to make this process talk to what only it can reach:
// https to public addresses only, judged after the name was resolved and connected to as judged; no redirect is
// followed, and what comes back is read no further than its status.

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dialer::api {

struct webhook_target {
  std::string host;  ///< a name, or a numeric address without brackets
  std::uint16_t port = 443;
  std::string path;  ///< with its query
};
/// Throws std::invalid_argument that says what to write for anything but "https://host[:port][/path][?query]", and for
/// a numeric address that is not public.
webhook_target parse_webhook_url(std::string_view url);

/// Whether a numeric address can be anybody's on the internet: not loopback, private, link-local, shared, multicast,
/// documentation, nor a way to write one of these within another.
bool is_public_address(std::string_view numeric);

struct webhook_post_options {
  /// Numeric addresses of a name; throws std::runtime_error. Called on a thread of its own, which is left behind when
  /// it takes longer than connect_within; while 32 of them are there, nothing is posted to a name. Empty: the system's
  /// resolver.
  std::function<std::vector<std::string>(const std::string& host)> resolve;
  bool allow_loopback = false;  ///< for trials on one machine
  std::string ca_file;          ///< PEM of an authority besides the system's; for trials, too
  std::size_t connections = 8;
  std::chrono::milliseconds connect_within{5'000};
  std::chrono::milliseconds answer_within{10'000};
};

struct webhook_message {
  std::string id{};                                            ///< webhook-id; empty: none of these three is sent
  std::string timestamp{};                                     ///< webhook-timestamp
  std::string signature{};                                     ///< webhook-signature
  std::string body{};                                          ///< JSON
  std::vector<std::pair<std::string, std::string>> headers{};  ///< further ones
};

struct webhook_answer {
  int status = 0;  ///< 0: none came, or none was asked for after another had failed
  std::string error{};
  bool tried = true;
};

/// Posts them over a few connections and answers in their order. The first that fails is the last to be begun, and but
/// for the first none is begun when answer_within is over: it all takes no longer than two connect_within and two
/// answer_within, however many they are. Asked to stop, it returns at once, and what has no answer counts as not tried.
std::vector<webhook_answer> post_webhooks(const webhook_post_options& options, const webhook_target& to,
                                          const std::vector<webhook_message>& messages, const std::stop_token& stop);

}  // namespace dialer::api
