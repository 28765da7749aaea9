#include "engine/attempt.hpp"

namespace dialer::engine {

std::optional<attempt_step> transition(attempt_state state, attempt_event event) noexcept {
  using enum attempt_state;
  using e = attempt_event;
  switch (state) {
    case deciding:
      if (event == e::committed) return attempt_step{ready, std::nullopt};
      if (event == e::rolled_back) return attempt_step{closed, std::nullopt};
      return std::nullopt;
    case ready:
      switch (event) {
        case e::not_sent: return attempt_step{closed, outcome_kind::not_sent};
        case e::rejected: return attempt_step{closed, outcome_kind::rejected};
        case e::accepted: return attempt_step{attempt_state::accepted, outcome_kind::accepted};
        case e::unanswered: return attempt_step{in_doubt, outcome_kind::in_doubt};
        // A callback can overtake the answer to the create.
        case e::reported: return attempt_step{attempt_state::accepted, outcome_kind::accepted};
        case e::ended: return attempt_step{closed, outcome_kind::ended};
        default: return std::nullopt;
      }
    case attempt_state::accepted:
      if (event == e::reported) return attempt_step{attempt_state::accepted, std::nullopt};
      if (event == e::ended) return attempt_step{closed, outcome_kind::ended};
      return std::nullopt;
    case in_doubt:
    case held:
      switch (event) {
        // A doubt can also end by the late answer to its own create.
        case e::accepted:
        case e::reported: return attempt_step{attempt_state::accepted, outcome_kind::adopted};
        case e::ended: return attempt_step{closed, outcome_kind::ended};
        case e::absent: return attempt_step{closed, outcome_kind::absent};
        case e::unreachable:
          if (state == in_doubt) return attempt_step{held, outcome_kind::held};
          return std::nullopt;
        default: return std::nullopt;
      }
    case closed: return std::nullopt;
  }
  return std::nullopt;
}

std::string_view to_string(attempt_state state) noexcept {
  switch (state) {
    case attempt_state::deciding: return "deciding";
    case attempt_state::ready: return "ready";
    case attempt_state::accepted: return "accepted";
    case attempt_state::in_doubt: return "in_doubt";
    case attempt_state::held: return "held";
    case attempt_state::closed: return "closed";
  }
  return "";
}

}  // namespace dialer::engine
