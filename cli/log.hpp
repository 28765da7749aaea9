#pragma once
// What the engine tells while it runs, on standard error: a line for each event, for people or for machines. Whatever
// goes through it is masked (api/masked.hpp).

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/clock.hpp"

namespace dialer::cli {

enum class log_format : std::uint8_t {
  text,  ///< [2026-11-21 18:52:03.123] [info] draining signal=SIGINT
  json,  ///< {"time":"2026-11-21T18:52:03.123Z","level":"info","message":"draining","fields":{"signal":"SIGINT"}}
};

/// What an event is about, by names that do not change.
using log_fields = std::vector<std::pair<std::string_view, std::string>>;

/// Events go to standard error in this form from here on. Before any thread is started; without it, as text.
void start_log(log_format format);
/// By its name; "auto": text for a terminal, JSON for everything else.
log_format parse_log_format(std::string_view name);

// Any thread. `message` is one sentence that is the same for all events of a kind, as far as that can be.
void log_info(std::string_view message, const log_fields& about = {});
void log_warning(std::string_view message, const log_fields& about = {});
void log_error(std::string_view message, const log_fields& about = {});

/// An event as a line, without its end.
std::string log_line(log_format format, utc_time at, std::string_view level, std::string_view message,
                     const log_fields& about);

}  // namespace dialer::cli
