#pragma once
// Whether the engine acts by a change already, and how a command says so.

#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

enum class engine_standing : std::uint8_t { acknowledged, pending };
std::string_view to_string(engine_standing value) noexcept;

/// Waits for the organisation's engine to act by `generation`, for as long as the REST API does.
engine_standing await_engine(sql::session& on, organisation_id organisation, std::uint64_t generation);

/// "DONE: acknowledged by the engine, EFFECT.", or that it is stored and pending. `effect` may be empty.
std::string tell_change(const std::string& done, engine_standing standing, const std::string& effect);

}  // namespace dialer::cli
