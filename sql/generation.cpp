#include "sql/generation.hpp"

#include <stdexcept>

namespace dialer::sql {

void lock_organisation(transaction& in, organisation_id organisation) {
  const result owner =
      in.run("SELECT generation FROM org_owner WHERE org_id = $1 FOR UPDATE", params{}.uuid(organisation));
  if (owner.rows() == 0) throw std::invalid_argument("there is no organisation " + organisation.text());
}

std::uint64_t raise_generation(transaction& in, organisation_id organisation, changed what) {
  const result raised = in.run(
      "UPDATE org_owner SET generation = generation + 1, opt_out_generations = opt_out_generations + $2 "
      "WHERE org_id = $1 RETURNING generation",
      params{}.uuid(organisation).int8(std::int64_t{what == changed::opt_outs ? 1 : 0}));
  if (raised.rows() == 0) throw std::invalid_argument("there is no organisation " + organisation.text());
  return raised.number(0, 0);
}

std::uint64_t read_generation(transaction& in, organisation_id organisation) {
  return in.run("SELECT generation FROM org_owner WHERE org_id = $1", params{}.uuid(organisation)).number(0, 0);
}

std::vector<organisation_generation> read_generations(session& on) {
  const result rows =
      on.run("SELECT org_id, generation, generation - opt_out_generations, node FROM org_owner ORDER BY org_id");
  std::vector<organisation_generation> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<organisation_id>(i, 0), rows.number(i, 1), rows.number(i, 2), rows.number(i, 3)});
  }
  return all;
}

std::vector<applied_generation> read_applied(session& on, const std::vector<organisation_id>& organisations) {
  const result rows = on.run("SELECT org_id, applied_generation FROM org_owner WHERE org_id = ANY ($1)",
                             params{}.uuid_array({organisations.begin(), organisations.end()}));
  std::vector<applied_generation> all;
  for (int i = 0; i < rows.rows(); ++i) all.push_back({rows.wide<organisation_id>(i, 0), rows.number(i, 1)});
  return all;
}

}  // namespace dialer::sql
