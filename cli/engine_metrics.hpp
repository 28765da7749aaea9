#pragma once

#include <vector>

#include "api/metrics.hpp"
#include "engine/stats.hpp"

namespace dialer::cli {

/// What the organisations count and where they stand, as Prometheus samples. Labels are bounded: reasons, dispositions,
/// and the names of accounts.
void write_metrics(const std::vector<engine::organisation_view>& views, api::metric_writer& out);

}  // namespace dialer::cli
