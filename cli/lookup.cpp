#include "cli/lookup.hpp"

#include <algorithm>

#include "cli/errors.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

constexpr std::size_t listed_max = 10;

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), listed_max); ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > listed_max) list += ", and " + std::to_string(names.size() - listed_max) + " more";
  return list;
}

}  // namespace

std::size_t find_one(const std::vector<named>& all, std::string_view what, const std::string& text) {
  std::vector<std::size_t> found;
  std::vector<std::string> names, ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    names.push_back("\"" + all[i].name + "\"");
    if (all[i].name != text && all[i].id != text) continue;
    found.push_back(i);
    ids.push_back(all[i].id);
  }
  if (found.size() == 1) return found.front();
  const std::string asked = std::string(what) + " \"" + text + "\"";
  if (found.empty()) {
    throw usage_error("there is no " + asked + "; there " + (names.empty() ? "is none yet" : "are: " + list_of(names)));
  }
  throw usage_error("several have the name of " + asked + "; give the id: " + list_of(ids));
}

organisation_id find_organisation(sql::session& on, const std::string& text) {
  const auto all = sql::read_organisations(on);
  if (text.empty() && all.size() == 1) return all.front().id;
  std::vector<std::string> names;
  for (const auto& one : all) {
    if (one.name == text || one.id.text() == text) return one.id;
    names.push_back("\"" + one.name + "\"");
  }
  if (all.empty()) throw usage_error("there is no organisation yet; set one up with: dialer apply -f FILE");
  if (text.empty())
    throw usage_error("there are several organisations; choose one with --organisation: " + list_of(names));
  throw usage_error("there is no organisation \"" + text + "\"; there are: " + list_of(names));
}

workspace_id find_workspace(sql::session& on, organisation_id organisation, const std::string& text) {
  return find_one(sql::read_workspaces(on, organisation), "workspace", text, [](const auto& one) { return one.name; })
      .id;
}

found_campaign find_campaign(sql::session& on, const campaign_choice& which) {
  const bool everywhere = which.organisation.empty();
  const organisation_id only = everywhere ? organisation_id{} : find_organisation(on, which.organisation);
  const sql::result rows = on.run(
      "SELECT c.org_id, c.id, c.name, o.name, w.name FROM campaign c JOIN organisation o ON o.org_id = c.org_id "
      "JOIN workspace w ON w.org_id = c.org_id AND w.id = c.workspace_id "
      "WHERE $1 OR c.org_id = $2 ORDER BY o.name, c.name",
      sql::params{}.boolean(everywhere).uuid(only));
  std::vector<found_campaign> found;
  std::vector<std::string> places, names;
  for (int i = 0; i < rows.rows(); ++i) {
    const found_campaign one{rows.wide<organisation_id>(i, 0), rows.wide<campaign_id>(i, 1),
                             std::string(rows.text(i, 2))};
    names.push_back("\"" + one.name + "\"");
    if (one.name != which.campaign && one.campaign.text() != which.campaign) continue;
    found.push_back(one);
    places.push_back(one.campaign.text() + " (" + std::string(rows.text(i, 3)) + ", " + std::string(rows.text(i, 4)) +
                     ")");
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    throw usage_error("several campaigns are called \"" + which.campaign + "\"; give the id: " + list_of(places));
  }
  throw usage_error("there is no campaign \"" + which.campaign + "\"; " +
                    (names.empty() ? "create one with: dialer campaign create" : "there are: " + list_of(names)));
}

}  // namespace dialer::cli
