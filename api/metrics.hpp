#pragma once
// GET /metrics in Prometheus' text format, out of plain stats structs: who counts knows nothing of Prometheus.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/carrier_callbacks.hpp"
#include "api/hand_overs.hpp"
#include "api/http_server.hpp"
#include "api/inbound_calls.hpp"

namespace dialer::api {

using metric_labels = std::vector<std::pair<std::string, std::string>>;

/// Takes the samples of one scrape. Names begin with "dialer_", counters end in "_total", times are in seconds; samples
/// of one name with different labels form one family and share their help; what looks like a phone number in a label is
/// masked. A name that breaks the rules, or comes back as another kind, throws std::invalid_argument: it is a mistake
/// in the source that adds it.
class metric_writer {
 public:
  metric_writer();
  ~metric_writer();
  metric_writer(const metric_writer&) = delete;
  metric_writer& operator=(const metric_writer&) = delete;

  void counter(std::string_view name, std::string_view help, std::uint64_t value, metric_labels labels = {});
  void gauge(std::string_view name, std::string_view help, double value, metric_labels labels = {});

  /// The page, families in the order of their first sample.
  std::string text() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Writes one snapshot of somebody's stats. Called on the listener's thread at each scrape; must not block.
using metric_source = std::function<void(metric_writer&)>;

route metrics_route(std::vector<metric_source> sources);

void write_metrics(const http_stats& stats, metric_writer& out);
void write_metrics(const callback_stats& stats, metric_writer& out);
void write_metrics(const hand_over_stats& stats, metric_writer& out);
void write_metrics(const inbound_stats& stats, metric_writer& out);

}  // namespace dialer::api
