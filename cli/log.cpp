#include "cli/log.hpp"

#include <fmt/chrono.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "api/masked.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

std::atomic<log_format> format_in_use{log_format::text};

json::string text(std::string_view from) {
  return json::string(from.data(), from.size());
}

// One event is one line, whatever a name holds.
std::string on_one_line(std::string from) {
  for (char& c : from) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return from;
}

void write(std::string_view level, std::string_view message, const log_fields& about) {
  const auto now = std::chrono::time_point_cast<utc_time::duration>(std::chrono::system_clock::now());
  const std::string line = log_line(format_in_use, now, level, message, about) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // whole: a stream is locked for the length of a call
}

}  // namespace

std::string log_line(log_format format, utc_time at, std::string_view level, std::string_view message,
                     const log_fields& about) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(at - seconds).count();
  const std::tm day = fmt::gmtime(std::chrono::system_clock::to_time_t(seconds));
  if (format == log_format::json) {
    json::object fields;
    for (const auto& [name, value] : about) fields[text(name)] = text(api::masked(value));
    return json::serialize(json::object{{"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", day, milliseconds)},
                                        {"level", text(level)},
                                        {"message", text(api::masked(message))},
                                        {"fields", std::move(fields)}});
  }
  std::string line =
      fmt::format("[{:%Y-%m-%d %H:%M:%S}.{:03}] [{}] {}", day, milliseconds, level, api::masked(message));
  for (const auto& [name, value] : about) line += fmt::format(" {}={}", name, api::masked(value));
  return on_one_line(std::move(line));
}

void start_log(log_format format) {
  format_in_use = format;
}

log_format parse_log_format(std::string_view name) {
  if (name == "auto") return isatty(STDERR_FILENO) != 0 ? log_format::text : log_format::json;
  return name == "json" ? log_format::json : log_format::text;
}

void log_info(std::string_view message, const log_fields& about) {
  write("info", message, about);
}
void log_warning(std::string_view message, const log_fields& about) {
  write("warning", message, about);
}
void log_error(std::string_view message, const log_fields& about) {
  write("error", message, about);
}

}  // namespace dialer::cli
