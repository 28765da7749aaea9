#include "carriers/simulator/log_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "carriers/simulator/wire_text.hpp"

namespace dialer::carriers::simulator {

struct log_reader::impl {
  std::string path;
  std::ifstream file;
  std::string text;
  std::uint64_t line = 0;
  bool truncated = false;
  simdjson::dom::parser parser;

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(path + ":" + std::to_string(line) + ": " + what +
                             " (is this the log of a carrier simulator, unedited?)");
  }

  void read_text(std::string_view key, std::string_view value, log_entry& entry) const;
  void read_number(std::string_view key, std::int64_t value, log_entry& entry) const;
};

log_reader::log_reader(const std::string& path) : impl_{std::make_unique<impl>()} {
  impl_->path = path;
  impl_->file.open(path, std::ios::binary);
  if (!impl_->file) throw std::system_error(errno, std::generic_category(), "cannot read the simulator's log " + path);
}

log_reader::~log_reader() = default;

bool log_reader::truncated() const noexcept {
  return impl_->truncated;
}

bool log_reader::next(log_entry& entry) {
  if (!std::getline(impl_->file, impl_->text)) return false;
  ++impl_->line;
  if (impl_->file.eof()) {  // no newline: the line is still being written
    impl_->truncated = true;
    return false;
  }
  simdjson::dom::object object;
  if (impl_->parser.parse(impl_->text).get(object) != simdjson::SUCCESS) impl_->fail("not a JSON object");
  entry = log_entry{};
  bool named = false;
  for (const auto field : object) {
    std::string_view text;
    std::int64_t number = 0;
    if (field.value.get(text) == simdjson::SUCCESS) {
      named = named || field.key == "event";
      impl_->read_text(field.key, text, entry);
    } else if (field.value.get(number) == simdjson::SUCCESS) {
      impl_->read_number(field.key, number, entry);
    }
  }
  if (!named) impl_->fail("no field \"event\"");
  return true;
}

void log_reader::impl::read_text(std::string_view key, std::string_view value, log_entry& entry) const {
  if (key == "event") {
    const auto* found = std::find(log_event_names.begin(), log_event_names.end(), value);
    if (found == log_event_names.end()) fail("unknown event \"" + std::string(value) + "\"");
    entry.event = static_cast<log_event>(found - log_event_names.begin());
  } else if (key == "carrier") {
    const auto* found = std::find(carrier_names.begin() + 1, carrier_names.end(), value);
    if (found == carrier_names.end()) fail("unknown carrier \"" + std::string(value) + "\"");
    entry.carrier = static_cast<carrier_name>(found - carrier_names.begin());
  } else if (key == "seed") {
    std::uint64_t seed = 0;
    for (const char c : value) seed = seed * 10 + static_cast<std::uint64_t>(c - '0');
    entry.seed = seed;
  } else {
    struct target {
      std::string_view key;
      std::string log_entry::*field;
    };
    constexpr std::array targets{target{"account", &log_entry::account},
                                 target{"to", &log_entry::to},
                                 target{"from", &log_entry::from},
                                 target{"token", &log_entry::token},
                                 target{"command_id", &log_entry::command_id},
                                 target{"ref", &log_entry::ref},
                                 target{"outcome", &log_entry::outcome},
                                 target{"answered_by", &log_entry::answered_by},
                                 target{"code", &log_entry::code},
                                 target{"reason", &log_entry::reason},
                                 target{"callback", &log_entry::callback}};
    for (const auto& candidate : targets) {
      if (candidate.key == key) entry.*candidate.field = value;
    }
  }
}

void log_reader::impl::read_number(std::string_view key, std::int64_t value, log_entry& entry) const {
  if (key == "at") entry.at = utc_time{std::chrono::microseconds{value}};
  if (key == "request") entry.request = static_cast<std::uint64_t>(value);
  if (key == "status") entry.status = static_cast<int>(value);
  if (key == "sip") entry.sip = static_cast<int>(value);
  if (key == "sequence") entry.sequence = static_cast<int>(value);
  if (key == "delivery") entry.delivery = static_cast<int>(value);
  if (key == "queue_ms") entry.queue_ms = value;
  if (key == "behind_us") entry.behind_us = value;
  if (key == "count") entry.count = value;
}

}  // namespace dialer::carriers::simulator
