#include "sql/standings.hpp"

namespace dialer::sql {
namespace {

params names_of(const std::vector<organisation_id>& organisations) {
  return params{}.uuid_array({organisations.begin(), organisations.end()});
}

constexpr std::string_view import_columns =
    "SELECT i.org_id, i.campaign_id, c.workspace_id, i.source, i.byte_offset, i.rows, i.accepted, i.duplicate, "
    "i.rejected, i.finished FROM campaign_import i JOIN campaign c ON c.org_id = i.org_id AND c.id = i.campaign_id ";

std::vector<import_standing> import_standings(const result& rows) {
  std::vector<import_standing> all;
  for (int i = 0; i < rows.rows(); ++i) {
    import_standing one{rows.wide<organisation_id>(i, 0),
                        rows.wide<campaign_id>(i, 1),
                        rows.wide<workspace_id>(i, 2),
                        std::string(rows.text(i, 3)),
                        {}};
    one.progress.byte_offset = rows.number(i, 4);
    one.progress.rows = rows.number(i, 5);
    one.progress.accepted = rows.number(i, 6);
    one.progress.duplicate = rows.number(i, 7);
    one.progress.rejected = rows.number(i, 8);
    one.progress.finished = rows.boolean(i, 9);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

std::vector<campaign_standing> read_campaign_standings(session& on, const std::vector<organisation_id>& organisations) {
  const result rows = on.run("SELECT org_id, id, workspace_id, name, state FROM campaign WHERE org_id = ANY ($1)",
                             names_of(organisations));
  std::vector<campaign_standing> all;
  for (int i = 0; i < rows.rows(); ++i) {
    all.push_back({rows.wide<organisation_id>(i, 0), rows.wide<campaign_id>(i, 1), rows.wide<workspace_id>(i, 2),
                   std::string(rows.text(i, 3)), rows.enumerator<campaigns::campaign_state>(i, 4)});
  }
  return all;
}

std::vector<import_standing> read_import_standings(session& on, const std::vector<organisation_id>& organisations) {
  return import_standings(on.run(std::string(import_columns) +
                                     "WHERE i.org_id = ANY ($1) AND (NOT i.finished OR i.updated_at > now() - interval "
                                     "'1 hour')",
                                 names_of(organisations)));
}

std::vector<import_standing> read_campaign_imports(session& on, organisation_id organisation, campaign_id campaign) {
  return import_standings(on.run(
      std::string(import_columns) + "WHERE i.org_id = $1 AND i.campaign_id = $2 ORDER BY i.updated_at DESC LIMIT 100",
      params{}.uuid(organisation).uuid(campaign)));
}

}  // namespace dialer::sql
