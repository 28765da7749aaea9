#pragma once
// What became of numbers' health. The engine writes it with its outcomes; people begin a warm-up, or end a rest.

#include <optional>
#include <string>
#include <vector>

#include "callerid/number_health.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// The newest record of each number that has one; any other number is healthy.
std::vector<callerid::health_record> read_number_health(session& on, organisation_id organisation);
/// Of one number, newest first, `count` at most: what happened to it (`before` then), when and why.
std::vector<callerid::health_record> read_health_history(session& on, organisation_id organisation, e164 number,
                                                         std::optional<utc_time> before = {}, int count = 1'000'000);

/// A number that was bought or registered begins fresh: few calls a day at first. To be called in the transaction that
/// makes its row usable. It raises no generation: that row does. One that rests, or is retired, as an earlier number of
/// the organisation stays so: who shows it is no concern of those who are called.
void begin_warm_up(transaction& in, organisation_id organisation, e164 number, utc_time from);
/// A person lets a resting or retired number go on, for `why`. Raises the generation, so that the engine hears of it.
void end_rest(transaction& in, organisation_id organisation, e164 number, utc_time now, const std::string& why);

}  // namespace dialer::sql
