#pragma once
// What `dialer top` and `dialer stats` show of a service: rate, funnel and why not, by campaign. Reads no clock.

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "model/clock.hpp"

namespace dialer::cli {

/// The campaigns of GET /v1/stats as a table.
std::string stats_text(const boost::json::object& stats);

class top_view {
 public:
  /// The answer to GET /v1/stats: names, states and counts of contacts, as of now.
  void take_stats(const boost::json::object& stats);
  /// An event of GET /v1/events; others than of campaigns and attempts are passed over.
  void take_event(std::string_view name, const boost::json::object& data);

  /// Many lines, to be drawn in place. The rate is of the attempts told since the picture before, of two seconds ago at
  /// the least.
  std::string picture(steady_time now);
  /// One line.
  std::string line(steady_time now);

 private:
  struct shown {
    std::string name;
    std::string state;
    std::uint64_t contacts = 0, fresh = 0, waiting = 0, done = 0;
    std::string why_not;         // reasons with their counts
    std::uint64_t attempts = 0;  // told so far
    std::uint64_t answered = 0;
    bool told = false;  // an engine dials it
    std::uint64_t live = 0;
    std::string blocked;
    std::string next_at;
    std::uint64_t attempts_then = 0;  // when the rate was last taken
    double rate = 0;
  };
  void take_rates(steady_time now);

  std::map<std::string, shown> campaigns_;  // by id: in the order of their making
  steady_time rates_since_{};
};

}  // namespace dialer::cli
