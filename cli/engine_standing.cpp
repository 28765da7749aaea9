#include "cli/engine_standing.hpp"

#include "sql/opt_outs.hpp"

namespace dialer::cli {

std::string_view to_string(engine_standing value) noexcept {
  return value == engine_standing::acknowledged ? "acknowledged" : "pending";
}

engine_standing await_engine(sql::session& on, organisation_id organisation, std::uint64_t generation) {
  return sql::wait_applied(on, organisation, generation, sql::applied_within) ? engine_standing::acknowledged
                                                                              : engine_standing::pending;
}

std::string tell_change(const std::string& done, engine_standing standing, const std::string& effect) {
  if (standing == engine_standing::acknowledged) {
    return done + ": acknowledged by the engine" + (effect.empty() ? "" : ", " + effect) + ".\n";
  }
  return done +
         ": stored, pending at the engine; no new decision goes against it, and an engine that starts later obeys "
         "it.\n";
}

}  // namespace dialer::cli
