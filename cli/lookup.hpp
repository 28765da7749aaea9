#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "sql/session.hpp"

namespace dialer::cli {

struct found_campaign {
  organisation_id organisation;
  campaign_id campaign;
  std::string name;
};

/// A thing as people know it.
struct named {
  std::string id;
  std::string name;
};
/// The index of the one with this id or name. Throws usage_error when there is none, listing what there is, or several
/// of that name, listing their ids. `what`: "workspace".
std::size_t find_one(const std::vector<named>& all, std::string_view what, const std::string& text);

/// The same for records with an id; `name` tells the name of one.
template <class Record, class Name>
const Record& find_one(const std::vector<Record>& all, std::string_view what, const std::string& text, Name name) {
  std::vector<named> known;
  for (const Record& one : all) known.push_back({one.id.text(), name(one)});
  return all[find_one(known, what, text)];
}

/// By id or name; empty: the only one. Throws usage_error listing what there is.
organisation_id find_organisation(sql::session& on, const std::string& text);
/// By id or name, of that organisation. Throws usage_error listing what there is.
workspace_id find_workspace(sql::session& on, organisation_id organisation, const std::string& text);
/// By id or name, in the named organisation or, without one, in all. Throws usage_error listing what there is.
found_campaign find_campaign(sql::session& on, const campaign_choice& which);

}  // namespace dialer::cli
