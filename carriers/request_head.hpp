#pragma once

#include <string>
#include <string_view>

#include "carriers/account.hpp"

namespace dialer::carriers {

/// Writes HTTP/1.1 requests to one account's host; everything that does not change is prepared once.
class request_head {
 public:
  /// `authorization`: value of that header. Throws std::invalid_argument, naming the field and the remedy, when
  /// base_url is not an http or https URL or when a value holds bytes that have no place in a request head.
  request_head(const account& value, std::string_view authorization);

  void get(std::string_view path_and_query, std::string& out) const;
  void post(std::string_view path, std::string_view content_type, std::string_view body, std::string& out) const;
  void patch(std::string_view path, std::string_view content_type, std::string_view body, std::string& out) const;
  void remove(std::string_view path, std::string& out) const;  ///< DELETE

  /// The part of a POST before the length, for post_prepared().
  std::string prepare_post(std::string_view path, std::string_view content_type) const;
  static void post_prepared(std::string_view prepared, std::string_view body, std::string& out);

 private:
  void append_bodiless(std::string_view method, std::string_view path, std::string& out) const;
  std::string prepare(std::string_view method, std::string_view path, std::string_view content_type) const;

  std::string path_prefix_;  // of base_url, without a slash at its end
  std::string tail_;         // from " HTTP/1.1" to the last header all requests share
};

/// Throws std::invalid_argument naming the field when `value` is empty or holds anything but visible ASCII.
void require_visible_ascii(std::string_view field, std::string_view value);

}  // namespace dialer::carriers
