#pragma once
// A small organisation in a fresh database: two workspaces' worth of nothing, one agent, one account, one number, one
// running campaign, and helpers to make contacts and batches.

#include <string>
#include <vector>

#include "campaigns/contact_sink.hpp"
#include "engine/ledger.hpp"
#include "sql/configuration.hpp"
#include "sql/contact_store.hpp"
#include "sql/ledger.hpp"
#include "tests/sql/database.hpp"

namespace dialer::sql::test {

inline constexpr utc_time morning{std::chrono::microseconds{1'790'000'000'000'000}};

struct small_organisation {
  explicit small_organisation(const std::string& name = "Test") : small_organisation{fresh_database(), name} {}
  /// Another one in a database that is there.
  small_organisation(const std::string& target, const std::string& name);

  std::string database;
  session on;
  organisation_id id;
  workspace_id workspace;
  agent_id agent;
  integration_id integration;
  phone_number_id number;
  campaign_id campaign;

  connect_options connection() const;
  ledger_options for_ledger() const;
  /// Contacts `first` .. `first + count - 1` (ids and file rows), numbers by id, spread over `lanes` places.
  std::vector<campaigns::imported_contact> contacts(std::uint64_t first, std::uint64_t count, unsigned lanes = 1) const;
  /// Imports them under a source of their own.
  void import(std::uint64_t first, std::uint64_t count, unsigned lanes = 1);
  std::uint64_t generation();
};

id128 make_test_id();
e164 number_of(std::uint64_t contact);
const char* place_of(unsigned lane);

/// The n-th attempt id of that morning.
attempt_id attempt_of(std::uint64_t n);
/// Attempt n, for a contact of lane 0.
engine::intent intent_for(const small_organisation& of, std::uint64_t attempt, std::uint64_t contact);
engine::outcome outcome_of(const engine::intent& what, engine::outcome_kind kind, bool contact_done);
engine::contact_wait wait_after(const engine::intent& what, utc_time due);

}  // namespace dialer::sql::test
