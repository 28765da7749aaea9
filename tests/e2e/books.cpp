#include "tests/e2e/books.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <unordered_map>

#include "carriers/simulator/log_reader.hpp"
#include "cli/key_file.hpp"

namespace dialer::e2e {
namespace {

using carriers::simulator::log_entry;
using carriers::simulator::log_event;

create to_create(const log_entry& entry) {
  create one;
  one.at = one.arrived_from = entry.at;
  one.carrier = entry.carrier;
  one.to = entry.to;
  one.from = entry.from;
  one.token = entry.token;
  one.over_at = utc_time::max();
  return one;
}

constexpr std::chrono::milliseconds breath{2};  // the carriers look once a millisecond

// Spells without a breath between them are one.
spell& join(std::vector<spell>& spells, const log_entry& fell_behind) {
  const utc_time since = fell_behind.at - std::chrono::microseconds{fell_behind.behind_us};
  if (spells.empty() || since > spells.back().until + breath) spells.push_back({since, since});
  spells.back().until = fell_behind.at;
  return spells.back();
}

}  // namespace

std::vector<create> read_creates(const std::filesystem::path& log) {
  std::vector<create> all;
  std::map<std::pair<carriers::simulator::carrier_name, std::uint64_t>, std::size_t> by_request;
  std::unordered_map<std::string, std::size_t> by_ref;
  std::vector<spell> spells;
  carriers::simulator::log_reader reader{log.string()};
  for (log_entry entry; reader.next(entry);) {
    const std::pair request{entry.carrier, entry.request};
    switch (entry.event) {
      case log_event::create_received:
        by_request[request] = all.size();
        all.push_back(to_create(entry));
        if (!spells.empty() && entry.at <= spells.back().until + breath) all.back().arrived_from = spells.back().since;
        break;
      case log_event::create_refused: all[by_request.at(request)].refused = entry.status; break;
      case log_event::call_created:
        all[by_request.at(request)].made_call = true;
        by_ref[entry.ref] = by_request.at(request);
        break;
      case log_event::fell_behind: {
        // Its line follows those that were read meanwhile, and precedes those that had to wait for them.
        const utc_time since = join(spells, entry).since;
        for (auto late = all.rbegin(); late != all.rend() && late->at >= since; ++late) late->arrived_from = since;
        break;
      }
      case log_event::ended:
      case log_event::canceled: all[by_ref.at(entry.ref)].over_at = entry.at; break;
      default: break;
    }
  }
  return all;
}

double rate_before(const std::vector<create>& creates, const std::vector<utc_time>& instants) {
  if (instants.empty()) return 0;
  constexpr std::chrono::milliseconds half_second{500};
  std::vector<utc_time> at;
  for (const create& each : creates) at.push_back(each.at);
  std::ranges::sort(at);
  std::vector<std::ptrdiff_t> calls;
  for (const utc_time each : instants) {
    calls.push_back(std::ranges::lower_bound(at, each) - std::ranges::lower_bound(at, each - half_second));
  }
  const auto median = calls.begin() + std::ssize(calls) / 2;
  std::ranges::nth_element(calls, median);
  return static_cast<double>(*median) * 2;
}

unsure_time read_unsure(const std::filesystem::path& log) {
  std::optional<utc_time> first;
  unsure_time found;
  carriers::simulator::log_reader reader{log.string()};
  for (log_entry entry; reader.next(entry);) {
    if (!first) first = entry.at;
    found.of = std::max(found.of, entry.at - *first);
    if (entry.event == log_event::fell_behind) join(found.spells, entry);
  }
  for (const spell& each : found.spells) {
    found.sum += each.until - each.since;
    found.longest = std::max(found.longest, each.until - each.since);
  }
  return found;
}

std::chrono::microseconds unsure_time::after(utc_time instant) const {
  const auto next = std::ranges::upper_bound(spells, instant, {}, &spell::since);
  if (next == spells.begin()) return std::chrono::microseconds{0};
  return std::max(std::prev(next)->until + breath - instant, std::chrono::microseconds{0});
}

std::ostream& operator<<(std::ostream& out, const unsure_time& what) {
  return out << "the carriers' clock was unsure for " << 100 * what.share() << " % of the time, at most "
             << what.longest.count() / 1000 << " ms at a stretch";
}

std::vector<arrival> arrivals(const std::vector<create>& creates, carriers::simulator::carrier_name carrier) {
  std::vector<arrival> all;
  for (const create& each : creates) {
    if (each.carrier == carrier) all.push_back({each.arrived_from, each.at});
  }
  return all;
}

std::vector<create> log_tail::more() {
  std::vector<create> found;
  std::ifstream in{log_, std::ios::binary};
  in.seekg(static_cast<std::streamoff>(offset_));
  std::string line;
  while (std::getline(in, line) && !in.eof()) {  // an unfinished line ends at eof: read again next time
    offset_ += line.size() + 1;
    if (line.find("\"create_received\"") == std::string::npos) continue;
    const auto at = line.find("\"at\":");
    create one;
    one.at = utc_time{std::chrono::microseconds{std::stoll(line.substr(at + 5))}};
    const auto text = [&](const std::string& key) {
      const auto begin = line.find("\"" + key + "\":\"") + key.size() + 4;
      return line.substr(begin, line.find('"', begin) - begin);
    };
    one.to = text("to");
    one.from = text("from");
    found.push_back(std::move(one));
  }
  return found;
}

std::size_t most_within(const std::vector<arrival>& arrivals, std::chrono::microseconds length) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < arrivals.size(); ++last) {
    while (first < last && arrivals[last].at - arrivals[first].from >= length) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

std::ostream& operator<<(std::ostream& out, const token_findings& what) {
  return out << "foreign " << what.foreign << ", without intent " << what.no_intent << ", wrong number "
             << what.wrong_number << ", called twice " << what.twice << ", overlapping " << what.overlapping;
}

token_findings compare(const rig& with, const std::vector<create>& creates) {
  std::unordered_map<std::uint64_t, std::uint64_t> intents;  // attempt to number
  sql::session session = with.open();
  session.for_each_row("SELECT attempt_id, to_number FROM intent WHERE org_id = $1",
                       sql::params{}.uuid(with.organisation()),
                       [&](const sql::result& row) { intents[row.number(0, 0)] = row.number(0, 1); });

  const carriers::token_signer signer{cli::load_token_key({}, with.directory() / "engine")};
  token_findings found;
  std::unordered_map<std::uint64_t, int> calls;
  std::unordered_map<std::string, utc_time> busy_until;
  for (const create& each : creates) {
    const auto token = signer.verify(each.token);
    if (!token || token->organisation != with.organisation()) {
      ++found.foreign;
      continue;
    }
    const auto intent = intents.find(token->attempt.value);
    if (intent == intents.end()) {
      ++found.no_intent;
    } else if (e164::from_digits(intent->second) != e164::parse(each.to)) {
      ++found.wrong_number;
    }
    if (!each.made_call) continue;
    if (++calls[token->attempt.value] == 2) ++found.twice;
    utc_time& until = busy_until[each.to];
    if (each.at < until) ++found.overlapping;
    until = std::max(until, each.over_at);
  }
  return found;
}

contact_sums sum_contacts(sql::session& on, organisation_id organisation) {
  const sql::result row = on.run(R"sql(
SELECT count(*), count(*) FILTER (WHERE s.fresh), count(*) FILTER (WHERE s.open), count(*) FILTER (WHERE s.waiting),
       count(*) FILTER (WHERE s.done),
       count(*) FILTER (WHERE s.fresh::int + s.open::int + s.waiting::int + s.done::int <> 1),
       count(*) FILTER (WHERE s.open AND EXISTS (SELECT 1 FROM outcome o WHERE o.org_id = s.org_id
                                         AND o.attempt_id = s.last_attempt_id AND o.kind IN (1, 3)))
  FROM contact_state s WHERE s.org_id = $1)sql",
                                 sql::params{}.uuid(organisation));
  return {row.number(0, 0), row.number(0, 1), row.number(0, 2), row.number(0, 3),
          row.number(0, 4), row.number(0, 5), row.number(0, 6)};
}

}  // namespace dialer::e2e
