#pragma once
// What a page of Prometheus' text format must be like, by its own rules and its naming advice.

#include <string>
#include <vector>

namespace dialer::api::test {

/// What is wrong, a line each; empty: nothing.
std::vector<std::string> lint_metrics(const std::string& page);

}  // namespace dialer::api::test
