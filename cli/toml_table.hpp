#pragma once
// One table of a configuration file, read strictly. For sources that parse TOML; the rest of the house does not see it.

#include <toml++/toml.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/errors.hpp"

namespace dialer::cli {

/// Hands out keys by name and type, remembers which were asked for and refuses the rest in finish(). Every complaint is
/// a settings_error with file, line, table, key and remedy.
class toml_table {
 public:
  toml_table(const toml::table& table, const std::string& file, std::string title)
      : table_{table}, file_{file}, title_{std::move(title)} {}

  [[noreturn]] void fail(const toml::node& at, std::string_view key, const std::string& problem) const {
    throw settings_error(file_ + ":" + std::to_string(at.source().begin.line) +
                         (title_.empty() ? ": " : ": [" + title_ + "] ") + std::string(key) + " " + problem);
  }
  /// For a key that is not there.
  [[noreturn]] void fail_missing(std::string_view key, const std::string& remedy) const {
    fail(table_, key, "is missing; " + remedy);
  }
  [[noreturn]] void fail(std::string_view key, const std::string& problem) const {
    const toml::node* node = table_.get(key);
    fail(node != nullptr ? *node : static_cast<const toml::node&>(table_), key, problem);
  }

  const toml::node* find(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
  }

  /// False when the key is not there. Text is not empty, has no control characters and at most 500 bytes.
  bool text(std::string_view key, std::string& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const auto* value = node->as_string();
    if (value == nullptr || value->get().empty()) fail(*node, key, "must be a text in quotes that is not empty");
    for (const char c : value->get()) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) fail(*node, key, "holds a control character; remove it");
    }
    if (value->get().size() > 500) fail(*node, key, "is longer than 500 bytes; shorten it");
    out = value->get();
    return true;
  }
  /// Nothing when the key is not there; "" for: none.
  std::optional<std::string> text_or_none(std::string_view key) {
    std::string out;
    if (const auto* value = table_.get_as<std::string>(key); value != nullptr && value->get().empty()) {
      asked_.emplace_back(key);
      return out;
    }
    return text(key, out) ? std::optional{out} : std::nullopt;
  }
  std::string required_text(std::string_view key, const std::string& remedy) {
    std::string out;
    if (!text(key, out)) fail_missing(key, remedy);
    return out;
  }

  template <std::integral Integer>
  void integer(std::string_view key, Integer& out, std::int64_t min,
               std::int64_t max = std::numeric_limits<Integer>::max()) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto* value = node->as_integer();
    if (value == nullptr || value->get() < min || value->get() > max) {
      fail(*node, key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    out = static_cast<Integer>(value->get());
  }

  /// min is excluded when `above`.
  void number(std::string_view key, double& out, double min, double max, bool above = false) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (!value || !std::isfinite(*value) || *value > max || *value < min || (above && *value == min)) {
      fail(*node, key,
           std::string("must be a number ") + (above ? "above " : "from ") +
               std::to_string(static_cast<std::int64_t>(min)) + (above ? ", at most " : " to ") +
               std::to_string(static_cast<std::int64_t>(max)));
    }
    out = *value;
  }

  void boolean(std::string_view key, bool& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto* value = node->as_boolean();
    if (value == nullptr) fail(*node, key, "must be true or false, without quotes");
    out = value->get();
  }

  template <class Enum>
  void choice(std::string_view key, Enum& out, std::span<const std::pair<std::string_view, Enum>> names) {
    std::string given;
    if (!text(key, given)) return;
    std::string list;
    for (const auto& [name, value] : names) {
      if (name == given) {
        out = value;
        return;
      }
      list.append(list.empty() ? "" : ", ").append(name);
    }
    fail(key, "is \"" + given + "\"; use one of: " + list);
  }

  /// visit(node, text) for each text of a list.
  template <class Visit>
  bool texts(std::string_view key, const char* example, Visit visit) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const auto* list = node->as_array();
    if (list == nullptr) fail(*node, key, std::string("must be a list such as ") + example);
    for (const auto& item : *list) {
      const auto* value = item.as_string();
      if (value == nullptr) fail(item, key, std::string("holds something that is no text; write ") + example);
      visit(item, value->get());
    }
    return true;
  }

  /// read(reader of the table, its node) when the key is there.
  template <class Read>
  bool table(std::string_view key, const char* example, Read read) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const auto* found = node->as_table();
    if (found == nullptr) fail(*node, key, std::string("must be a table such as ") + example);
    toml_table reader{*found, file_, title_.empty() ? std::string(key) : title_ + "." + std::string(key)};
    read(reader, *node);
    reader.finish();
    return true;
  }

  /// read(reader, node) for each [[key]].
  template <class Read>
  void tables(std::string_view key, Read read) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto* list = node->as_array();
    if (list == nullptr) {
      fail(*node, key, "is written once per thing, with double brackets: [[" + std::string(key) + "]]");
    }
    for (const auto& item : *list) {
      const auto* found = item.as_table();
      if (found == nullptr) fail(item, key, "must hold tables only: [[" + std::string(key) + "]]");
      toml_table reader{*found, file_, std::string(key)};
      read(reader, item);
      reader.finish();
    }
  }

  /// Every key must have been asked for.
  void finish() const {
    for (const auto& [key, node] : table_) {
      bool known = false;
      std::string list;
      for (const std::string& name : asked_) {
        known |= name == key.str();
        list.append(list.empty() ? "" : ", ").append(name);
      }
      if (!known) fail(node, key.str(), "is not a known key; remove it or use one of: " + list);
    }
  }

 private:
  const toml::table& table_;
  const std::string& file_;
  std::string title_;
  std::vector<std::string> asked_;
};

}  // namespace dialer::cli
