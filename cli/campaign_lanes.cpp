#include "cli/campaign_lanes.hpp"

#include <map>
#include <stdexcept>

namespace dialer::cli {

std::uint64_t campaign_lane::contacts() const {
  std::uint64_t sum = fresh;
  for (const waiting_group& group : waiting) sum += group.contacts;
  return sum;
}

std::vector<campaign_lane> read_lanes(sql::session& on, const found_campaign& campaign,
                                      const sql::campaign_status& status) {
  std::map<std::string, campaign_lane> by_place;
  for (const sql::fresh_count& one : sql::read_fresh(on, campaign.organisation, campaign.campaign)) {
    by_place[one.place].fresh += one.contacts;
  }
  for (const sql::waiting_count& one : status.waiting)
    by_place[one.place].waiting.push_back({one.first_due, one.contacts});
  std::vector<campaign_lane> lanes;
  for (auto& [place, lane] : by_place) {
    const auto where = compliance::parse_place(place);
    if (!where) throw std::runtime_error("the stored place \"" + place + "\" is unreadable");
    lane.where = *where;
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

}  // namespace dialer::cli
