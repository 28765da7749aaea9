#include "api/event_watch.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/campaign_json.hpp"
#include "api/rest_lookup.hpp"
#include "api/upload_json.hpp"
#include "sql/configuration.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

std::string campaign_event(const sql::campaign_standing& at) {
  return json::serialize(json::object{{"campaign_id", at.campaign.text()},
                                      {"workspace_id", at.workspace.text()},
                                      {"name", at.name},
                                      {"state", std::string(sql::to_string(at.state))}});
}

std::string attempts_event(const engine::campaign_view& at) {
  json::object dispositions;
  for (const disposition how : all_dispositions) {
    const auto n = at.counters.dispositions[static_cast<std::size_t>(how)];
    if (n != 0) dispositions[std::string(to_string(how))] = n;
  }
  return json::serialize(json::object{{"campaign_id", at.id.text()},
                                      {"attempts", at.counters.intents},
                                      {"answered", at.counters.answered},
                                      {"dispositions", std::move(dispositions)},
                                      {"now", now_json(at)}});
}

}  // namespace

std::vector<board_fact> facts_of(organisation_id organisation, const std::vector<sql::campaign_standing>& campaigns,
                                 const std::vector<sql::import_standing>& imports,
                                 const std::vector<engine::organisation_view>& views) {
  const auto dialed = campaigns_now(views, organisation);
  std::vector<board_fact> facts;
  for (const sql::campaign_standing& one : campaigns) {
    if (one.organisation != organisation) continue;
    facts.push_back({"campaign", one.campaign.text(), one.workspace, campaign_event(one)});
    const auto now = dialed.find(one.campaign);
    if (now == dialed.end()) continue;
    facts.push_back({"attempts", one.campaign.text(), one.workspace, attempts_event(now->second)});
  }
  for (const sql::import_standing& one : imports) {
    if (one.organisation != organisation) continue;
    facts.push_back(
        {"import", one.campaign.text() + " " + one.source, one.workspace, json::serialize(import_json(one))});
  }
  return facts;
}

event_watch::event_watch(sql::connect_options connection, event_board& board, engine_views views)
    : session_{std::move(connection)}, board_{board}, views_{std::move(views)} {
  thread_ = std::thread{[this] { run(); }};
}

event_watch::~event_watch() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

std::chrono::microseconds event_watch::look() {
  const auto boards = board_.read_now();
  std::vector<organisation_id> organisations;
  std::size_t readers = 0;
  for (const auto& [id, board] : boards) {
    organisations.push_back(id);
    readers += board->readers.load();
  }
  if (!boards.empty()) {
    const auto campaigns = sql::read_campaign_standings(session_, organisations);
    const auto imports = sql::read_import_standings(session_, organisations);
    const auto views = views_();
    for (const auto& [id, board] : boards) board->replace(facts_of(id, campaigns, imports, views));
  }
  return look_every + readers * look_later_by;
}

void event_watch::run() {
  std::chrono::microseconds pause{0};
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    try {
      pause = look();
    } catch (const sql::sql_error&) {
      session_.disconnect();  // what is on the boards stays; /readyz says that the database is gone
      pause = look_every;
    }
    lock.lock();
  }
}

}  // namespace dialer::api
