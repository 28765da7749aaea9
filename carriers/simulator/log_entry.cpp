#include "carriers/simulator/log_entry.hpp"

#include "carriers/simulator/json_writer.hpp"

namespace dialer::carriers::simulator {

void append_log_line(std::string& out, const log_entry& entry) {
  json_writer json{out};
  const auto text = [&](std::string_view name, const std::string& content) {
    if (!content.empty()) json.field(name, content);
  };
  json.open_object();
  json.field("at", entry.at.time_since_epoch().count());
  json.field("event", log_event_names[static_cast<std::size_t>(entry.event)]);
  if (entry.carrier != carrier_name::none) {
    json.field("carrier", carrier_names[static_cast<std::size_t>(entry.carrier)]);
  }
  if (entry.request != 0) json.field("request", entry.request);
  text("account", entry.account);
  text("to", entry.to);
  text("from", entry.from);
  text("token", entry.token);
  text("command_id", entry.command_id);
  text("ref", entry.ref);
  text("outcome", entry.outcome);
  text("answered_by", entry.answered_by);
  text("code", entry.code);
  text("reason", entry.reason);
  text("callback", entry.callback);
  if (entry.status != 0) json.field("status", entry.status);
  if (entry.sip != 0) json.field("sip", entry.sip);
  if (entry.sequence >= 0) json.field("sequence", entry.sequence);
  if (entry.delivery != 0) json.field("delivery", entry.delivery);
  if (entry.queue_ms >= 0) json.field("queue_ms", entry.queue_ms);
  if (entry.count >= 0) json.field("count", entry.count);
  if (entry.behind_us != 0) json.field("behind_us", entry.behind_us);
  if (entry.seed != 0) json.field("seed", std::to_string(entry.seed));  // 64 bits do not fit a JSON number everywhere
  json.close_object();
  out.push_back('\n');
}

}  // namespace dialer::carriers::simulator
