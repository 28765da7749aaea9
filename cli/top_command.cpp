#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/service_lookup.hpp"
#include "cli/system_clock.hpp"
#include "cli/text_table.hpp"
#include "cli/top_view.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;

// Counts of contacts take the service a look at all of them; events cost nothing.
constexpr std::chrono::seconds stats_every{30};
constexpr std::chrono::seconds picture_every{1};
constexpr std::chrono::seconds line_every{5};

/// The service may answer later what it does not now.
bool passes(const service_refusal& refused) {
  return refused.status() == 429 || refused.status() == 503;
}

/// Draws over what it drew before, or writes lines where there is no terminal.
class screen {
 public:
  bool is_terminal() const { return terminal_; }
  void draw(const std::string& text) {
    if (terminal_ && lines_ > 0) print(fmt_up(lines_));
    print(text);
    std::fflush(stdout);
    lines_ = std::ranges::count(text, '\n');
  }

 private:
  static std::string fmt_up(std::ptrdiff_t lines) { return "\x1b[" + std::to_string(lines) + "A\x1b[J"; }

  bool terminal_ = isatty(STDOUT_FILENO) == 1;
  std::ptrdiff_t lines_ = 0;
};

}  // namespace

int run_stats(const command_options& options) {
  rest_client service = connect_to_service(options);
  const json::object stats = service.get("/v1/stats");
  if (options.output == output_format::json) {
    print_json(stats);
  } else {
    print(stats_text(stats));
  }
  return exit_ok;
}

int run_top(const top_options& options) {
  rest_client service = connect_to_service(options);
  rest_client events = connect_to_service(options);
  const system_clock time;
  top_view view;
  screen to;
  const std::chrono::seconds every = to.is_terminal() ? picture_every : line_every;
  steady_time stats_at{}, drawn_at{};
  std::uint64_t drawn = 0;
  const auto show = [&] {
    const steady_time now = time.now().steady;
    if (stats_at == steady_time{} || now - stats_at >= stats_every) {
      try {
        view.take_stats(service.get("/v1/stats"));
      } catch (const service_refusal& refused) {
        if (!passes(refused)) throw;  // else the counts of before stay, until the next time
      }
      stats_at = now;
    }
    if (drawn_at != steady_time{} && now - drawn_at < every) return true;
    to.draw(to.is_terminal() ? view.picture(now) : view.line(now));
    drawn_at = now;
    return ++drawn != options.pictures;
  };
  const bool asked_for = !events.follow(
      "/v1/events", [&](std::string_view name, const json::object& data) { view.take_event(name, data); }, show);
  if (asked_for) return exit_ok;
  throw service_unreachable("the service ended the view; is it stopping? run the command again");
}

}  // namespace dialer::cli
