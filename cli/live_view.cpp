#include "cli/live_view.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto redraw_every = 200ms;
constexpr auto plain_line_every = 5s;
constexpr auto rate_over = 1s;

struct totals {
  engine::attempt_counters counters;
  std::uint64_t open = 0;
  std::uint64_t in_doubt = 0;
  double limit = 0;
  std::map<std::string_view, std::uint64_t> blocked;
  std::uint32_t lanes = 0;
  std::uint32_t lanes_closed = 0;
};

totals sum_of(const std::vector<engine::organisation_view>& views) {
  totals sum;
  for (const engine::organisation_view& view : views) {
    const engine::attempt_counters& c = view.counters;
    sum.counters.intents += c.intents;
    sum.counters.accepted += c.accepted;
    sum.counters.rejected += c.rejected;
    sum.counters.not_sent += c.not_sent;
    sum.counters.in_doubt += c.in_doubt;
    sum.counters.answered += c.answered;
    sum.counters.ended += c.ended;
    for (std::size_t i = 0; i < c.dispositions.size(); ++i) sum.counters.dispositions[i] += c.dispositions[i];
    for (std::size_t i = 0; i < c.ended_undialed.size(); ++i) sum.counters.ended_undialed[i] += c.ended_undialed[i];
    for (std::size_t i = 0; i < c.put_off.size(); ++i) sum.counters.put_off[i] += c.put_off[i];
    sum.open += view.open_attempts;
    sum.in_doubt += view.in_doubt;
    for (const engine::account_view& account : view.accounts) sum.limit += account.calls_per_second;
    for (const engine::campaign_view& campaign : view.campaigns) {
      sum.lanes += campaign.lanes;
      sum.lanes_closed += campaign.lanes_closed;
      if (campaign.blocked != reason::none) ++sum.blocked[to_string(campaign.blocked)];
    }
  }
  return sum;
}

std::string named(const std::array<std::uint64_t, disposition_slots>& counts) {
  std::string text;
  for (const disposition how : all_dispositions) {
    if (const std::uint64_t n = counts[static_cast<std::size_t>(how)]; n != 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : "  ", to_string(how), n);
    }
  }
  return text.empty() ? "-" : text;
}

std::string named(const std::array<std::uint64_t, reason_slots>& counts) {
  std::string text;
  for (const reason_text& why : all_reasons()) {
    if (const std::uint64_t n = counts[static_cast<std::size_t>(why.value)]; n != 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : "  ", why.name, n);
    }
  }
  return text.empty() ? "-" : text;
}

}  // namespace

live_view::live_view(std::uint64_t contacts) : contacts_{contacts}, terminal_{isatty(STDERR_FILENO) == 1} {}

void live_view::show(const std::vector<engine::organisation_view>& views, std::chrono::milliseconds elapsed) {
  const std::chrono::milliseconds every = terminal_ ? std::chrono::milliseconds{redraw_every} : plain_line_every;
  if (elapsed - shown_at_ < every) return;
  shown_at_ = elapsed;
  const std::string text = picture(views, elapsed);
  if (terminal_ && lines_drawn_ > 0) std::fprintf(stderr, "\x1b[%dA\x1b[J", lines_drawn_);
  std::fputs(text.c_str(), stderr);
  lines_drawn_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

void live_view::finish() {
  lines_drawn_ = 0;
}

std::string live_view::picture(const std::vector<engine::organisation_view>& views, std::chrono::milliseconds elapsed) {
  const totals sum = sum_of(views);
  const std::uint64_t sent = sum.counters.accepted + sum.counters.rejected + sum.counters.in_doubt;
  if (elapsed - rate_since_ >= rate_over) {
    rate_ = static_cast<double>(sent - sent_then_) / std::chrono::duration<double>(elapsed - rate_since_).count();
    rate_since_ = elapsed;
    sent_then_ = sent;
  }
  std::uint64_t undialed = 0;
  for (const std::uint64_t n : sum.counters.ended_undialed) undialed += n;
  // Retries make attempts outnumber contacts: the share is of contacts met at least once, by what is certain.
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string blocked;
  for (const auto& [why, campaigns] : sum.blocked) blocked += fmt::format("{}{}", blocked.empty() ? "" : ", ", why);
  if (!terminal_) {
    return fmt::format("{:6.1f} s  {:6.0f} calls/s of {:.0f}  sent {}  open {}  answered {}  ended {}  in doubt {}{}\n",
                       seconds, rate_, sum.limit, sent, sum.open, sum.counters.answered, sum.counters.ended,
                       sum.in_doubt, blocked.empty() ? "" : "  (" + blocked + ")");
  }
  const double left =
      rate_ > 0 && contacts_ > sent + undialed ? static_cast<double>(contacts_ - sent - undialed) / rate_ : 0;
  return fmt::format(
      "  rate          {:.0f} calls/s of {:.0f} allowed{}\n"
      "  funnel        {} contacts > {} intents > {} accepted > {} answered > {} ended\n"
      "  now           {} open, {} in doubt, {} of {} lanes closed by their window\n"
      "  dispositions  {}\n"
      "  not dialed    {}\n"
      "  put off       {}\n"
      "  elapsed       {:.0f} s{}\n",
      rate_, sum.limit, blocked.empty() ? "" : "; limited by " + blocked, contacts_, sum.counters.intents,
      sum.counters.accepted, sum.counters.answered, sum.counters.ended, sum.open, sum.in_doubt, sum.lanes_closed,
      sum.lanes, named(sum.counters.dispositions), named(sum.counters.ended_undialed), named(sum.counters.put_off),
      seconds, left > 0 ? fmt::format(", about {:.0f} s for first attempts", left) : "");
}

}  // namespace dialer::cli
