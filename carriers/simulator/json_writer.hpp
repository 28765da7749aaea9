#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace dialer::carriers::simulator {

/// Appends JSON to a string, in one pass and without a tree. Commas are placed by looking at the last byte written, so
/// the string must be empty, end a line, or end where a value may begin.
class json_writer {
 public:
  explicit json_writer(std::string& out) noexcept : out_{out} {}

  json_writer& open_object() { return open('{'); }
  json_writer& close_object() { return close('}'); }
  json_writer& open_array() { return open('['); }
  json_writer& close_array() { return close(']'); }
  json_writer& key(std::string_view name);

  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  json_writer& value(const std::string& text) { return value(std::string_view{text}); }
  json_writer& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) json_writer& value(T number) { return integer(static_cast<std::int64_t>(number)); }
  json_writer& null() { return raw("null"); }
  /// Text that is already JSON.
  json_writer& raw(std::string_view json);

  template <class T>
  json_writer& field(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }
  json_writer& null_field(std::string_view name) { return key(name).null(); }

 private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  json_writer& integer(std::int64_t number);
  void separate();

  std::string& out_;
};

}  // namespace dialer::carriers::simulator
