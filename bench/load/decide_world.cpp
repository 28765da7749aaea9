#include "bench/load/decide_world.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "bench/load/national_list.hpp"
#include "model/random.hpp"

namespace dialer::bench {
namespace {

constexpr std::array<const char*, decide_world::lanes> zones{"America/New_York", "America/Chicago", "America/Denver",
                                                             "America/Los_Angeles"};
constexpr std::uint32_t uses_without_limit = 2'000'000'000;  // a cap that is counted and never reached

workspace_id workspace(std::uint32_t n) {
  return workspace_id{id128{1, n + 1}};
}
agent_id agent(std::uint32_t workspace, std::uint32_t n) {
  return agent_id{id128{2, workspace * decide_world::agents_per_workspace + n + 1}};
}
const integration_id account_id{id128{4, 1}};

void add_workspace(engine::organisation_snapshot& to, std::uint32_t n) {
  to.workspaces.push_back({workspace(n), "workspace", static_cast<std::uint16_t>(1 + n % 3)});
  for (std::uint32_t i = 0; i < decide_world::agents_per_workspace; ++i) {
    to.agents.push_back({agent(n, i), workspace(n), "agent", true, "https://agent.example.com/answer", 0});
  }
  for (std::uint32_t i = 0; i < decide_world::numbers_per_workspace; ++i) {
    const std::uint32_t serial = n * decide_world::numbers_per_workspace + i;
    const auto& codes = listed_area_codes();
    callerid::phone_number number;
    number.id = phone_number_id{id128{5, serial + 1}};
    number.workspace = workspace(n);
    number.integration = account_id;
    number.number = number_in(codes[serial % codes.size()], 2'340'000 + serial);
    number.status = callerid::number_status::active;
    number.capabilities = voice;
    number.outbound_enabled = true;
    number.calls_per_day_max = uses_without_limit;
    number.calls_per_hour_max = uses_without_limit;
    to.numbers.push_back(number);
    for (std::uint32_t a = i % 2; a < decide_world::agents_per_workspace; a += 2) {
      to.assignments.push_back({number.id, agent(n, a), workspace(n)});
    }
  }
}

}  // namespace

std::uint64_t decide_world::draw(contact_id id) {
  return random_source{id.value}();
}

e164 decide_world::number_of(contact_id id) {
  random_source random{id.value ^ 0x5EED};
  const auto& codes = listed_area_codes();
  const unsigned area_code = codes[random.below(codes.size())];
  return number_in(area_code, 2'000'000 + random.below(7'760'000));  // below the pay-per-call exchange
}

engine::recovery decide_world::recovery() const {
  engine::recovery found;
  found.owner = {organisation_id{id128{9, 9}}, 1, 1};
  engine::organisation_snapshot& made = found.snapshot;
  made.id = found.owner.organisation;
  made.generation = 1;
  made.allowed_countries = listed_countries();
  for (std::uint32_t n = 0; n < workspaces; ++n) add_workspace(made, n);
  carriers::account account;
  account.id = account_id;
  account.base_url = "https://api.example.com";
  account.calls_per_second = 1e6;
  made.accounts.push_back(account);
  for (std::uint32_t n = 0; n < campaigns; ++n) {
    campaigns::settings settings;
    settings.id = campaign_of(n * lanes);
    settings.workspace = workspace(n % workspaces);
    settings.agent = agent(n % workspaces, n / workspaces % agents_per_workspace);
    settings.name = "campaign";
    settings.state = campaigns::campaign_state::running;
    settings.weight = static_cast<std::uint16_t>(1 + n % 4);
    settings.caller_id = static_cast<campaigns::caller_id_policy>(n % 3);
    made.campaigns.push_back(settings);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      made.lanes.push_back({settings.id,
                            static_cast<campaigns::lane_number>(lane),
                            {"US", {"US-XX"}, {zones[lane]}, compliance::place_source::time_zone},
                            id_of(n * lanes + lane, 0)});
    }
  }
  const utc_time earlier = start - std::chrono::hours{2};
  for (std::uint32_t lane = 0; lane < campaigns * lanes; ++lane) {
    for (std::uint32_t n = 1; n < contacts_max; ++n) {
      const contact_id id = id_of(lane, n);
      if (is_opted_out(id)) found.opt_outs.push_back({number_of(id), true});
      if (!is_capped(id)) continue;
      for (int i = 0; i < 3; ++i) found.history.push_back({number_of(id), made.numbers[0].number, earlier, false});
    }
  }
  return found;
}

engine::contact_page decide_world::page(const engine::contact_request& request) const {
  engine::contact_page made;
  made.campaign = request.campaign;
  made.lane = request.lane;
  const std::uint32_t lane = lane_of(request.after);
  const auto after = static_cast<std::uint32_t>(request.after.value % contacts_max);
  const std::uint32_t last = std::min(after + request.count, contacts_max - 1);
  made.contacts.reserve(last - after);
  for (std::uint32_t n = after + 1; n <= last; ++n) {
    campaigns::contact contact;
    contact.id = id_of(lane, n);
    contact.number = number_of(contact.id);
    contact.lane = request.lane;
    made.contacts.push_back(contact);
  }
  made.fresh_exhausted = last == contacts_max - 1;
  return made;
}

}  // namespace dialer::bench
