#pragma once
// The rules of phone numbers (domain S1-S10): what may be assigned to whom, used for what, bought by whom. Pure: each
// function is told all it asks about, decides, and changes nothing.
//
// S1 needs no function: no rule looks at how many workspaces the numbers of one integration are in.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "callerid/inventory.hpp"
#include "model/ids.hpp"
#include "model/money.hpp"

namespace dialer::callerid {

/// What kind of "no" it is to the one who asked.
enum class refusal_kind : std::uint8_t {
  conflict,    ///< something stands in the way
  permission,  ///< the caller may not
  funds,       ///< the wallet does not cover it
};

/// A rule's "no" (S10). `obstacle` and `remedy` name nothing but what was asked about; what of others stands in the way
/// is in the ids, for those who may see `workspace` (S5). An id is null where none stands in the way.
struct refusal {
  std::string_view rule;  ///< "S3"
  std::string obstacle;
  std::string remedy;
  refusal_kind kind = refusal_kind::conflict;
  agent_id agent;
  phone_number_id number;
  workspace_id workspace;  ///< the one that what stands in the way belongs to
};

/// The obstacle with the ids of what stands in the way behind it, for whoever may see them.
std::string named_obstacle(const refusal& of);

/// S2: a carrier account serves one organisation. `ours`: the one that asks. Which other one it is is not said: the two
/// do not know of each other.
std::optional<refusal> check_account(bool ours);

/// An assignment that a rule refuses.
struct conflict {
  assignment asked;
  refusal why;
};

/// S3 and S4 for all assignments under a policy; empty: all may stand. For a change of the policy: what must be gone
/// before it can be `policy`.
///
/// Under every policy a number answers for one agent (S3). workspace: the agent's workspace must be the number's.
/// organisation: any agent. exclusive: as workspace, and by profile one agent for a number and one number for an agent.
/// A released number holds no place. An assignment of a number that is not in `numbers` is refused like one of a number
/// that is not there (S5). Judged in the order given: an earlier assignment stands, the later one that contradicts it
/// is reported, so removing what is reported leaves no conflict.
std::vector<conflict> find_conflicts(sharing_policy policy, std::span<const phone_number> numbers,
                                     std::span<const assignment> assignments);

/// May `asked` be added to those that stand? As find_conflicts, and the number must be able to serve so (S6): it is not
/// released, and has the capability. One that is pending or inactive may be assigned ahead, and an agent that is not
/// published may be given numbers (S9 holds it back).
std::optional<refusal> check_assignment(sharing_policy policy, std::span<const phone_number> numbers,
                                        std::span<const assignment> standing, const assignment& asked);

/// What a number is wanted for.
enum class number_use : std::uint8_t { call, message, media_message, answer };

/// S6 as far as it is the number's own: active, not frozen, with the capability; for a call, outbound-enabled. Calls
/// that come in (S3) reach a frozen number: freezing is about what we start.
std::optional<refusal> check_number(const phone_number& number, number_use as);

/// S5: whether members of a workspace see the number: its own, and under `organisation` one that an agent of theirs is
/// assigned to. To all others it is as if it did not exist.
bool is_visible(sharing_policy policy, const phone_number& number, workspace_id from,
                std::span<const assignment> standing);

/// S7: may the caller buy a number at this price? `may_create`: the permission numbers_create. `price`: none: the
/// operator has set none. `balance`: of the wallet; none: there is no wallet.
std::optional<refusal> check_purchase(bool may_create, const std::optional<money>& price,
                                      const std::optional<money>& balance);

/// What a restriction asks of a number. Stored as its number: append only.
enum class number_demand : std::uint8_t {
  never = 0,          ///< not shown at all
  registration = 1,   ///< caller-ID registration is done
  attestation_a = 2,  ///< attested A
  attestation_b = 3,  ///< B or better
  attestation_c = 4,  ///< any attestation
};

/// One row of the table behind S8: numbers of this country and type are shown on calls only if they meet the demand.
struct number_restriction {
  std::string country;              ///< of the number, ISO 3166-1 alpha-2; empty: any
  std::optional<number_type> type;  ///< none: any
  number_demand demand = number_demand::never;
  friend auto operator<=>(const number_restriction&, const number_restriction&) = default;
};

/// S8: the first row that the number does not meet. `country`: of the number; a number whose country is not known has
/// to meet the rows of every country.
std::optional<refusal> check_restrictions(const phone_number& number, std::string_view country,
                                          std::span<const number_restriction> rows);

}  // namespace dialer::callerid
