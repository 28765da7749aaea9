#include "tests/api/rest_house.hpp"

#include <boost/json/parse.hpp>
#include <mutex>

#include "api/rest_resources.hpp"
#include "carriers/callback_url.hpp"
#include "sql/audit_log.hpp"
#include "sql/configuration.hpp"
#include "sql/opt_outs.hpp"
#include "sql/wallet.hpp"
#include "sql/webhooks.hpp"
#include "tests/api/loopback_client.hpp"

namespace dialer::api::test {
namespace {

const key_pepper pepper{7};

sql::scope_bits every_scope() {
  sql::scope_bits bits = 0;
  for (const sql::scope one : sql::all_scopes) bits |= static_cast<sql::scope_bits>(one);
  return bits;
}

}  // namespace

tenant::tenant(const std::string& database, const std::string& name, std::uint64_t first_contact)
    : house{database, name}, contact{first_contact} {
  house.import(first_contact, 3);
  {
    sql::transaction tx{house.on};
    sql::configuration config{tx, sql::test::make_test_id};
    other_workspace = config.workspace(house.id, {{}, "Empty", 1}).id;
    tx.commit();
  }
  const engine::intent call = sql::test::intent_for(house, first_contact, first_contact);
  attempt = call.attempt;
  const auto key_of = [&] { return sql::params{}.uuid(house.id); };
  house.on.run("INSERT INTO intent VALUES ($1, $2, $3, $4, $5, $6, 12125550199, $7, 0, 1, 5)",
               key_of()
                   .uuid(house.campaign)
                   .uuid(house.integration)
                   .int8(attempt.value)
                   .int8(contact.value)
                   .int8(call.to.digits())
                   .time(sql::test::morning));
  house.on.run("INSERT INTO outcome VALUES ($1, $2, $3, 17, 13, 1, 0, true, true, 'CA1', '', '')",
               key_of().int8(attempt.value).time(sql::test::morning + std::chrono::seconds{30}));
  house.on.run("UPDATE lane SET through = $2 WHERE org_id = $1", key_of().int8(contact.value));
  {
    sql::transaction tx{house.on};
    for (const char* action : {"startCampaign", "addOptOuts"}) {
      sql::append_audit(tx, house.id, {"cli:test", action, house.campaign.text(), "", ""});
    }
    tx.commit();
  }
  const std::vector<e164> opted_out{e164::from_digits(12125550150 + first_contact)};
  (void)sql::add_opt_outs(house.on, house.id, opted_out, "test");
  number = opted_out.front().text();
  {
    sql::transaction tx{house.on};
    webhook = webhook_id{sql::test::make_test_id()};
    sql::webhook_record told;
    told.id = webhook;
    told.url = "https://crm.example/" + name;
    told.kinds = 1;
    told.secret = "opens nowhere";
    sql::create_webhook(tx, house.id, told, sql::test::morning);
    (void)sql::configuration{tx, sql::test::make_test_id}.do_not_call(
        house.id, {{name + " list", "/nowhere", "1", sql::test::morning, 3}});
    tx.commit();
  }
  {
    sql::transaction tx{house.on};
    sql::transfer paid;
    paid.from = sql::wallet_account::paid_in;
    paid.to = sql::wallet_account::balance;
    for (const char* reference : {"1", "2"}) {
      paid.id = wallet_transfer_id{sql::test::make_test_id()};
      paid.name = std::string("top-up ") + reference;
      paid.amount = {1'000, "USD"};
      sql::move_money(tx, house.id, house.workspace, paid);
    }
    tx.commit();
  }
  house.on.run("INSERT INTO number_price VALUES ($1, 'US', 0, 300, 115, 'USD')", key_of());
  house.on.run("UPDATE integration SET platform = true WHERE org_id = $1", key_of());
  ids = {{"organisation_id", house.id.text()},
         {"workspace_id", house.workspace.text()},
         {"agent_id", house.agent.text()},
         {"integration_id", house.integration.text()},
         {"number_id", house.number.text()},
         {"campaign_id", house.campaign.text()},
         {"contact_id", contact.text()},
         {"attempt_id", attempt.text()},
         {"number", number},
         {"webhook_id", webhook.text()},
         {"list_name", name + "%20list"}};
}

void tenant::rest_number() {
  house.on.run(
      "INSERT INTO number_health (org_id, number, state, since, counted_from, why) VALUES "
      "($1, 12125550199, 0, $2 - interval '8 days', $2 - interval '8 days', 'new: warms up'), "
      "($1, 12125550199, 3, $2 - interval '1 hour', $2 - interval '1 hour', 'the test says so')",
      sql::params{}.uuid(house.id).time(sql::test::morning));
}

std::string tenant::add_key(key_ring& ring, sql::scope_bits scopes, std::optional<workspace_id> confined) {
  sql::api_key_record record;
  record.id = api_key_id{sql::test::make_test_id()};
  record.name = "Test";
  record.scopes = scopes;
  record.workspace = confined;
  const std::string text = api_key_text(record.id, {sql::test::make_test_id(), sql::test::make_test_id()});
  record.hash = api_key_hash(text, pepper);
  record.pepper = mark_of(pepper);
  sql::transaction tx{house.on};
  sql::create_api_key(tx, house.id, record);
  tx.commit();
  keys.push_back(record);
  ring.replace(house.id, keys);
  return text;
}

std::string rest_reply::header(const std::string& name) const {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string rest_reply::code() const {
  const auto* code = body.if_contains("code");
  return code == nullptr ? std::string() : std::string(code->as_string());
}

rest_house::rest_house(std::vector<rest_resource> resources, secret_keys secrets_of_engine, const request_rate& rate)
    : secrets{std::move(secrets_of_engine)},
      keys{pepper, time},
      first{database, "First", 1},
      second{database, "Second", 101},
      desk{{[this](const auto& over, const auto& request) { return carrier.ask(over, request); },
            [](const auto&, const auto&) { return "0123456789abcdef"; },
            [](auto kind) { return carriers::inbound_call_url(kind, "https://dialer.example.com"); },
            sql::test::make_test_id, [](const auto&) {}},
           time} {
  for (tenant* one : {&first, &second}) {
    one->key = one->add_key(keys, every_scope());
    (void)one->add_key(keys, every_scope());  // one to be revoked
    one->ids["key_id"] = one->keys.back().id.text();
  }
  keys.confirm(time.now().steady);
  rest_options options;
  options.database.target = database;
  options.threads = 2;
  options.rate = rate;
  options.uploads = uploads.path();
  options.suppression_lists = uploads.path() / "suppression-lists";
  options.space = [this](const auto&) { return disk; };
  options.secrets = secrets;
  options.desk = &desk;
  options.place = [](const campaigns::place_question&) {
    return campaigns::place_answer{sql::test::place_of(0), {}, {}};
  };
  options.views = [this] { return views; };
  options.rules = [zones = compliance::load_system_zone_rules()](const auto&) {
    compliance::rules_snapshot rules;
    rules.zones = zones;
    return rules;
  };
  service_.emplace(std::move(options), resources.empty() ? rest_resources() : std::move(resources), keys, time,
                   sql::test::make_test_id, [this](const std::string& line) {
                     const std::lock_guard lock{warnings_mutex_};
                     warnings.push_back(line);
                   });
  server_.emplace(service_->routes());
  port_ = server_->start("127.0.0.1:0");
}

rest_house::~rest_house() {
  stop();
}

void rest_house::stop() {
  if (server_) server_->stop(std::chrono::seconds{1});
  server_.reset();
  service_.reset();
}

rest_reply rest_house::ask(const std::string& method, const std::string& target, const std::string& key,
                           const std::string& body, const std::string& headers) {
  loopback_client client{port_};
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers;
  if (!key.empty()) request += "Authorization: Bearer " + key + "\r\n";
  if (!body.empty() && headers.find("Content-Type") == std::string::npos)
    request += "Content-Type: application/json\r\n";
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const client_response received = client.exchange(request);
  rest_reply reply{received.status, received.head, received.body, {}, received.whole};
  boost::system::error_code error;
  boost::json::value parsed = boost::json::parse(received.body, error);
  if (!error && parsed.is_object()) reply.body = std::move(parsed.as_object());
  return reply;
}

void rest_house::engine_follows() {
  first.house.on.run("UPDATE org_owner SET applied_generation = 9000000000000000000 WHERE org_id IS NOT NULL");
}

}  // namespace dialer::api::test
