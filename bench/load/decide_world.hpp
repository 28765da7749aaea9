#pragma once
// The world of the `decide` benchmark: who may be called is a function of the contact's id, so that every decision can
// be checked without a table.

#include <cstdint>

#include "compliance/gate.hpp"
#include "engine/ledger.hpp"
#include "model/clock.hpp"
#include "model/e164.hpp"
#include "model/ids.hpp"

namespace dialer::bench {

/// A thousand campaigns in eight workspaces with four lanes each (one per time zone of the mainland), 64 agents who may
/// show 1,600 numbers on one account.
struct decide_world {
  static constexpr std::uint32_t workspaces = 8;
  static constexpr std::uint32_t campaigns = 1000;
  static constexpr std::uint32_t agents_per_workspace = 8;
  static constexpr std::uint32_t numbers_per_workspace = 200;
  static constexpr std::uint32_t lanes = 4;
  static constexpr std::uint32_t contacts_max = 8192;  ///< per lane

  engine::recovery recovery() const;

  static std::uint32_t lane_of(contact_id id) { return static_cast<std::uint32_t>(id.value / contacts_max); }
  static contact_id id_of(std::uint32_t lane, std::uint32_t n) {
    return contact_id{std::uint64_t{lane} * contacts_max + n};
  }
  static campaign_id campaign_of(std::uint32_t lane) { return campaign_id{id128{3, lane / lanes + 1}}; }

  static e164 number_of(contact_id id);
  static bool is_opted_out(contact_id id) { return draw(id) % 50 == 0; }
  static bool is_capped(contact_id id) { return draw(id) % 50 == 1; }

  /// The page a request asks for.
  engine::contact_page page(const engine::contact_request& request) const;

  static constexpr utc_time start{std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + std::chrono::hours{18}};

 private:
  static std::uint64_t draw(contact_id id);
};

}  // namespace dialer::bench
