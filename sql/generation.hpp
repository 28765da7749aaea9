#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Locks the organisation's owner row against intents and other changes until the transaction ends. First statement of
/// every change, so that all writers lock in one order. Throws std::invalid_argument when there is no such
/// organisation.
void lock_organisation(transaction& in, organisation_id organisation);

/// What a new generation is about: only opt-outs are read by themselves, settings are read whole.
enum class changed : std::uint8_t { settings, opt_outs };

/// Says that something which could forbid a dial changed in this transaction: intents decided before it are refused
/// from its commit on. Answers the new generation.
std::uint64_t raise_generation(transaction& in, organisation_id organisation, changed what = changed::settings);

/// As it stands in this transaction.
std::uint64_t read_generation(transaction& in, organisation_id organisation);

/// Where every organisation stands; one small read, to notice changes by.
struct organisation_generation {
  organisation_id organisation;
  std::uint64_t generation = 0;
  std::uint64_t settings_version = 0;  ///< of its generations, those that changed more than opt-outs
  std::uint64_t node = 0;              ///< its owner; 0: given up
};
std::vector<organisation_generation> read_generations(session& on);

/// What an owner acts by.
struct applied_generation {
  organisation_id organisation;
  std::uint64_t generation = 0;
};
/// Of those organisations that there are.
std::vector<applied_generation> read_applied(session& on, const std::vector<organisation_id>& organisations);

}  // namespace dialer::sql
