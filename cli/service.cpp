#include "cli/service.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "api/agent_link.hpp"
#include "api/carrier_command.hpp"
#include "api/hand_overs.hpp"
#include "api/http_server.hpp"
#include "api/inbound_calls.hpp"
#include "api/key_watch.hpp"
#include "api/metrics.hpp"
#include "api/number_desk.hpp"
#include "api/rent_collector.hpp"
#include "api/rest_resources.hpp"
#include "api/rest_service.hpp"
#include "api/webhook_workers.hpp"
#include "carriers/callback_url.hpp"
#include "cli/engine_metrics.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/log.hpp"
#include "cli/new_id.hpp"
#include "cli/place_finder.hpp"
#include "cli/zone_data.hpp"

namespace dialer::cli {
namespace {

// Each endpoint that is slow holds one for some seconds.
constexpr unsigned webhook_threads = 8;
// Each carrier that is slow likewise.
constexpr unsigned order_threads = 2;

void warn(const std::string& line) {
  log_warning(line);
}

api::http_limits limits_with(std::size_t event_streams) {
  api::http_limits limits;
  // Followers never take the connections that callbacks and requests come over.
  limits.connections_max += event_streams - std::min(event_streams, limits.streams_max);
  limits.streams_max = event_streams;
  return limits;
}

api::callback_settings callback_settings(const runtime_options& options) {
  api::callback_settings settings;
  settings.token_key = options.token_key;
  settings.public_url = options.public_url;
  return settings;
}

api::rest_options rest_options(const runtime_options& options, const sql::connect_options& database,
                               const service_ports& ports, const api::number_desk& desk) {
  api::rest_options made;
  made.database = database;
  made.uploads = options.uploads;
  made.suppression_lists = options.suppression_lists;
  made.rate = options.requests;
  made.place = make_place_finder(load_zone_data());
  made.secrets = options.secret_keys;
  made.views = ports.views;
  made.rules = ports.rules;
  made.desk = &desk;
  return made;
}

api::number_desk_options desk_options(const runtime_options& options, const service_ports& ports,
                                      api::carrier_exchange& exchange) {
  api::number_desk_options made;
  made.ask = [&exchange](const carriers::account& over, std::string request) {
    return exchange.ask(over, std::move(request));
  };
  made.resolve_secret = ports.secrets;
  made.voice_url = [base = options.public_url](carriers::carrier_kind kind) {
    return carriers::inbound_call_url(kind, base);
  };
  made.make_id = new_id;
  made.warn = warn;
  return made;
}

void tell(const std::string& line) {
  log_info(line);
}

api::inbound_settings inbound_settings(const runtime_options& options, const sql::connect_options& database) {
  api::inbound_settings made;
  made.public_url = options.public_url;
  made.database = database;
  return made;
}

}  // namespace

struct service::impl {
  impl(const runtime_options& options, const sql::connect_options& where, const clock& clock, service_ports ports)
      : database{where},
        time{clock},
        can_sign{!options.secret_keys.empty()},
        hand_overs{{.database = where},
                   {commands(),
                    [this](const carriers::account& over, const api::agent_post& what) {
                      return api::post_to_agent(during_calls, over, what);
                    },
                    warn},
                   ports.inbox},
        callbacks{callback_settings(options), ports.accounts, ports.inbox, clock, warn, hand_overs.actor()},
        inbound{inbound_settings(options, where), {ports.accounts, ports.views, commands(), tell, warn}, clock},
        keys{options.key_pepper, clock},
        key_follower{where, keys, clock, warn},
        desk{desk_options(options, ports, about_numbers), clock},
        rest{rest_options(options, where, ports, desk), api::rest_resources(), keys, clock, new_id, warn},
        deliverer{clock, options.secret_keys,
                  [](const api::webhook_target& to, const std::vector<api::webhook_message>& messages,
                     const std::stop_token& stop) { return api::post_webhooks({}, to, messages, stop); },
                  static_cast<std::uint64_t>(clock.now().utc.time_since_epoch().count()), warn},
        rents{clock, new_id, warn},
        server{routes(std::move(ports)), limits_with(options.event_streams)} {
    server.start(options.listen);
  }

  std::function<carriers::command_answer(const carriers::account&, const carriers::telnyx_command&)> commands() {
    return [this](const carriers::account& over, const carriers::telnyx_command& what) {
      return api::command_over(during_calls, over, what);
    };
  }

  std::vector<api::route> routes(service_ports ports) {
    std::vector<api::route> all = callbacks.routes();
    const auto add = [&](std::vector<api::route> more) { std::ranges::move(more, std::back_inserter(all)); };
    add(inbound.routes());
    add(api::health_routes(std::move(ports.readiness)));
    add(rest.routes());
    all.push_back(
        api::metrics_route({[views = std::move(ports.views)](api::metric_writer& out) { write_metrics(views(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(server.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(callbacks.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(hand_overs.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(inbound.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(rest.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(deliverer.stats(), out); },
                            [this](api::metric_writer& out) { api::write_metrics(rents.stats(), out); }}));
    return all;
  }

  const sql::connect_options database;
  const clock& time;
  const bool can_sign;
  api::carrier_exchange about_numbers{std::chrono::seconds{8}};
  api::carrier_exchange during_calls{std::chrono::seconds{5}};  // somebody hears it ringing, or nothing, meanwhile
  api::hand_overs hand_overs;
  api::carrier_callbacks callbacks;
  api::inbound_calls inbound;
  api::key_ring keys;
  api::key_watch key_follower;
  api::number_desk desk;
  api::rest_service rest;
  api::webhook_deliverer deliverer;
  api::rent_collector rents;
  std::optional<api::webhook_workers> webhooks;
  std::optional<api::number_workers> orders;
  api::http_server server;  // last: its thread asks everything above
};

service::service(const runtime_options& options, const sql::connect_options& database, const clock& time,
                 service_ports ports)
    : impl_{std::make_unique<impl>(options, database, time, std::move(ports))} {}

service::~service() = default;

void service::tell_webhooks(sql::session& on) {
  impl& my = *impl_;
  if (my.can_sign) {
    my.webhooks.emplace(my.database, webhook_threads, my.deliverer, my.time);
  } else if (const auto enabled = sql::read_enabled_webhooks(on); !enabled.empty()) {
    log_warning("webhooks are told nothing: this engine has no key to sign with; start it with --secret-key FILE",
                {{"webhooks", std::to_string(enabled.size())}});
  }
}

void service::look_after_numbers() {
  impl_->orders.emplace(impl_->database, order_threads, impl_->desk, impl_->time);
  impl_->rents.start(impl_->database);
}

bool service::turns() {
  return impl_->server.turns();
}

void service::stop(std::chrono::milliseconds drain) {
  impl_->webhooks.reset();
  impl_->orders.reset();
  impl_->rents.stop();
  impl_->server.stop(drain);
}

}  // namespace dialer::cli
