#include "api/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <stdexcept>

#include "api/campaign_words.hpp"
#include "api/masked.hpp"

namespace dialer::api {

namespace {

void write_refused(std::string_view name, std::string_view help, const refusal_counts& refused, metric_writer& out) {
  for (std::size_t slot = 0; slot < refused.size(); ++slot) {
    out.counter(name, help, refused[slot], {{"reason", std::string{to_string(static_cast<callback_refusal>(slot))}}});
  }
}

}  // namespace

struct metric_writer::impl {
  std::vector<prometheus::MetricFamily> families;

  prometheus::ClientMetric& add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                metric_labels labels) {
    auto family = std::ranges::find(families, name, &prometheus::MetricFamily::name);
    if (family == families.end()) {
      check_name(name, type);
      families.push_back({std::string{name}, std::string{help}, type, {}});
      family = families.end() - 1;
    } else if (family->type != type) {
      throw std::invalid_argument{"metric " + std::string{name} + " is of two kinds"};
    }
    prometheus::ClientMetric& metric = family->metric.emplace_back();
    for (auto& [key, value] : labels) metric.label.push_back({std::move(key), masked(value)});
    return metric;
  }

  static void check_name(std::string_view name, prometheus::MetricType type) {
    const bool letters =
        std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    const bool counts = type == prometheus::MetricType::Counter;
    if (!letters || !name.starts_with("dialer_") || name.ends_with("_total") != counts) {
      throw std::invalid_argument{"metric " + std::string{name} +
                                  " is misnamed: dialer_..., lower case, _total for counters and only for them"};
    }
  }
};

metric_writer::metric_writer() : impl_{std::make_unique<impl>()} {}
metric_writer::~metric_writer() = default;

void metric_writer::counter(std::string_view name, std::string_view help, std::uint64_t value, metric_labels labels) {
  impl_->add(name, help, prometheus::MetricType::Counter, std::move(labels)).counter.value = static_cast<double>(value);
}

void metric_writer::gauge(std::string_view name, std::string_view help, double value, metric_labels labels) {
  impl_->add(name, help, prometheus::MetricType::Gauge, std::move(labels)).gauge.value = value;
}

std::string metric_writer::text() const {
  return prometheus::TextSerializer{}.Serialize(impl_->families);
}

route metrics_route(std::vector<metric_source> sources) {
  return {"GET", "/metrics", [sources = std::move(sources)](const http_request&, const respond_function& respond) {
            metric_writer writer;
            for (const auto& source : sources) source(writer);
            respond({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = writer.text()});
          }};
}

void write_metrics(const http_stats& stats, metric_writer& out) {
  out.gauge("dialer_http_connections", "Connections of the listener that are open.",
            static_cast<double>(stats.connections));
  out.gauge("dialer_http_streams", "Clients that follow events.", static_cast<double>(stats.streams));
  out.gauge("dialer_http_stream_bytes", "Of events that clients have not taken yet.",
            static_cast<double>(stats.stream_bytes));
  out.counter("dialer_http_connections_refused_total", "Connections refused because too many were open.",
              stats.connections_refused);
  out.counter("dialer_http_requests_total", "Requests handed to a handler.", stats.requests);
  out.counter("dialer_http_requests_refused_total", "Requests the listener itself answered with 4xx or 503.",
              stats.requests_refused);
  out.counter("dialer_http_handler_faults_total", "Handlers that failed, gave no answer or took too long.",
              stats.handler_faults);
}

void write_metrics(const callback_stats& stats, metric_writer& out) {
  out.counter("dialer_callbacks_stored_total", "Carrier callbacks stored and acknowledged.", stats.stored);
  out.counter("dialer_callbacks_ignored_total", "Genuine carrier callbacks that tell of nothing we use.",
              stats.ignored);
  write_refused("dialer_callbacks_refused_total", "Carrier callbacks refused, by reason.", stats.refused, out);
}

void write_metrics(const hand_over_stats& stats, metric_writer& out) {
  out.counter("dialer_answered_calls_handed_over_total",
              "Answered calls that were given to their agents by us (Telnyx).", stats.handed_over);
  out.counter("dialer_answered_calls_abandoned_total", "Answered calls that were ended because no agent took them.",
              stats.abandoned);
}

void write_metrics(const inbound_stats& stats, metric_writer& out) {
  for (const carriers::carrier_kind carrier : {carriers::carrier_kind::twilio, carriers::carrier_kind::telnyx}) {
    const auto& calls = stats.calls[carrier == carriers::carrier_kind::twilio ? 0 : 1];
    for (std::size_t slot = 0; slot < calls.size(); ++slot) {
      out.counter("dialer_inbound_calls_total", "Calls to our numbers, by what became of them.", calls[slot],
                  {{"carrier", std::string{find_name(carrier_names, carrier)}},
                   {"outcome", std::string{to_string(static_cast<callerid::inbound_outcome>(slot))}}});
    }
  }
  out.counter("dialer_inbound_agents_unreached_total",
              "SIP agents that were rung for a call to one of our numbers and did not answer.", stats.agents_unreached);
  out.counter("dialer_inbound_commands_failed_total", "Commands for calls to our numbers that the carrier did not do.",
              stats.commands_failed);
  write_refused("dialer_inbound_callbacks_refused_total",
                "Carriers' questions about calls to our numbers refused, by reason.", stats.refused, out);
}

}  // namespace dialer::api
