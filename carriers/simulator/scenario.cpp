#include "carriers/simulator/scenario.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <iterator>

#include "carriers/simulator/wire_text.hpp"
#include "model/e164.hpp"

namespace dialer::carriers::simulator {

namespace {

constexpr std::array<std::string_view, 10> operation_names{
    "create",      "fetch",      "list",          "change",         "account",
    "number_read", "number_buy", "number_change", "number_release", "any"};

/// One table of the file: hands out keys by name and type, remembers which were asked for, and refuses the rest.
class table_reader {
 public:
  table_reader(const toml::table& table, std::string_view file, std::string title)
      : table_{table}, file_{file}, title_{std::move(title)} {}

  [[noreturn]] void fail(const toml::node& node, std::string_view key, const std::string& problem) const {
    throw scenario_error(std::string(file_) + ":" + std::to_string(node.source().begin.line) + ": " + title_ +
                         std::string(key) + " " + problem);
  }

  const toml::node* find(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
  }

  void number(std::string_view key, double& out, double min, double max) {
    if (const auto* node = find(key)) out = checked(*node, key, min, max);
  }

  template <class Integer>
  void integer(std::string_view key, Integer& out, std::int64_t min, std::int64_t max) {
    const auto* node = find(key);
    if (!node) return;
    const auto* value = node->as_integer();
    if (!value || value->get() < min || value->get() > max) {
      fail(*node, key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    out = static_cast<Integer>(value->get());
  }

  void text(std::string_view key, std::string& out) {
    const auto* node = find(key);
    if (!node) return;
    const auto* value = node->as_string();
    if (!value || value->get().empty()) fail(*node, key, "must be a text in quotes that is not empty");
    out = value->get();
  }

  template <std::size_t N>
  std::optional<std::size_t> choice(std::string_view key, const std::array<std::string_view, N>& names,
                                    std::size_t first = 0) {
    std::string value;
    text(key, value);
    if (value.empty()) return std::nullopt;
    const auto found = std::find(names.begin() + static_cast<std::ptrdiff_t>(first), names.end(), value);
    if (found == names.end()) {
      std::string list;
      for (auto name = names.begin() + static_cast<std::ptrdiff_t>(first); name != names.end(); ++name) {
        list.append(list.empty() ? "" : ", ").append(*name);
      }
      fail(*table_.get(key), key, "is \"" + value + "\"; use one of: " + list);
    }
    return static_cast<std::size_t>(found - names.begin());
  }

  void flag(std::string_view key, bool& out) {
    const auto* node = find(key);
    if (!node) return;
    const auto* value = node->as_boolean();
    if (!value) fail(*node, key, "must be true or false");
    out = value->get();
  }

  /// `key = 200` or `key = [100, 300]`, in milliseconds.
  void range(std::string_view key, range_ms& out) {
    const auto* node = find(key);
    if (!node) return;
    constexpr double max = 86'400'000;
    if (const auto* pair = node->as_array()) {
      if (pair->size() != 2) fail(*node, key, "must be a number or two numbers [least, most]");
      out = {static_cast<std::int64_t>(checked(*pair->get(0), key, 0, max)),
             static_cast<std::int64_t>(checked(*pair->get(1), key, 0, max))};
      if (out.min > out.max) fail(*node, key, "has its least above its most; swap them");
    } else {
      out.min = out.max = static_cast<std::int64_t>(checked(*node, key, 0, max));
    }
  }

  void numbers_e164(std::string_view key, std::vector<std::string>& out) {
    const auto* node = find(key);
    if (!node) return;
    const auto* list = node->as_array();
    if (!list) fail(*node, key, "must be a list of numbers such as [\"+12125550123\"]");
    out.clear();
    for (const auto& item : *list) {
      const auto* value = item.as_string();
      if (!value || !e164::parse(value->get())) fail(item, key, "holds something that is no number in E.164");
      out.push_back(value->get());
    }
  }

  void sip_codes(std::string_view key, std::vector<int>& out) {
    const auto* node = find(key);
    if (!node) return;
    const auto* list = node->as_array();
    if (!list || list->empty()) fail(*node, key, "must be a list of SIP codes such as [503, 480]");
    out.clear();
    for (const auto& item : *list) out.push_back(static_cast<int>(checked(item, key, 400, 699)));
  }

  /// Every key must have been asked for.
  void finish() const {
    for (const auto& [key, node] : table_) {
      if (std::find(asked_.begin(), asked_.end(), key.str()) != asked_.end()) continue;
      std::string list;
      for (const auto& name : asked_) list.append(list.empty() ? "" : ", ").append(name);
      fail(node, key.str(), "is not a known key; remove it or use one of: " + list);
    }
  }

 private:
  double checked(const toml::node& node, std::string_view key, double min, double max) const {
    const auto value = node.value<double>();
    if (!value || !(*value >= min && *value <= max)) {
      fail(node, key,
           "must be a number from " + std::to_string(static_cast<std::int64_t>(min)) + " to " +
               std::to_string(static_cast<std::int64_t>(max)));
    }
    return *value;
  }

  const toml::table& table_;
  std::string_view file_;
  std::string title_;
  std::vector<std::string> asked_;
};

/// Calls `read(reader, node)` for the table `key` of `root`, if it is there.
template <class Read>
void read_table(table_reader& root, std::string_view key, std::string_view file, Read read) {
  const auto* node = root.find(key);
  if (!node) return;
  const auto* table = node->as_table();
  if (!table) root.fail(*node, key, "must be a table: write [" + std::string(key) + "]");
  table_reader reader{*table, file, std::string(key) + "."};
  read(reader);
  reader.finish();
}

/// The same for an array of tables.
template <class Read>
void read_tables(table_reader& root, std::string_view key, std::string_view file, Read read) {
  const auto* node = root.find(key);
  if (!node) return;
  const auto* list = node->as_array();
  if (!list || !list->is_array_of_tables()) {
    root.fail(*node, key, "must be a list of tables: write [[" + std::string(key) + "]]");
  }
  for (const auto& item : *list) {
    table_reader reader{*item.as_table(), file, std::string(key) + "."};
    read(reader, item);
    reader.finish();
  }
}

void read_limits(table_reader& reader, carrier_name carrier, account_limits& limits) {
  reader.number(carrier == carrier_name::twilio ? "cps" : "dps", limits.calls_per_second, 0, 1'000'000);
  reader.integer("concurrent_calls_max", limits.concurrent_calls_max, 0, 1'000'000'000);
  reader.flag("held_numbers_only", limits.held_numbers_only);
  if (carrier == carrier_name::twilio) {
    reader.integer("requests_in_flight_max", limits.requests_in_flight_max, 0, 1'000'000);
    reader.numbers_e164("owned_numbers", limits.owned_numbers);
  }
}

void read_carrier(table_reader& reader, carrier_name carrier, scenario& out) {
  auto& section = carrier == carrier_name::twilio ? out.twilio : out.telnyx;
  read_limits(reader, carrier, section.limits);
  reader.range("listing_lag_ms", section.listing_lag);
  reader.range("fetch_lag_ms", section.fetch_lag);
  if (carrier == carrier_name::twilio) {
    reader.number("queue_hours_max", out.queue_hours_max, 0, 1'000);
    return;
  }
  reader.range("order_settle_ms", out.order_settle);
  std::string seed;
  reader.text("key_seed", seed);
  if (seed.empty()) return;
  const auto bytes = base64_decode(seed);
  if (!bytes || bytes->size() != 32) {
    reader.fail(*reader.find("key_seed"), "key_seed", "must be 32 bytes in base64 (openssl rand -base64 32)");
  }
  out.telnyx_key_seed.emplace();
  std::copy(bytes->begin(), bytes->end(), out.telnyx_key_seed->begin());
}

void read_account(table_reader& reader, const toml::node& node, scenario& out) {
  const auto which = reader.choice("carrier", carrier_names, 1);
  std::string id;
  reader.text("id", id);
  if (!which || id.empty())
    reader.fail(node, "", "needs carrier (twilio or telnyx) and id (account SID or connection)");
  const auto carrier = static_cast<carrier_name>(*which);
  auto& section = carrier == carrier_name::twilio ? out.twilio : out.telnyx;
  std::string voice_url;
  reader.text("voice_url", voice_url);
  if (!voice_url.empty()) section.voice_urls[id] = voice_url;
  auto limits = section.limits;
  read_limits(reader, carrier, limits);
  section.accounts[id] = limits;
}

void read_outcomes(table_reader& reader, scenario& out) {
  double sum = 0;
  out.shares.fill(0);
  for (std::size_t i = 0; i < call_fate_names.size(); ++i) {
    reader.number(call_fate_names[i], out.shares[i], 0, 1'000'000);
    sum += out.shares[i];
  }
  reader.sip_codes("failed_sip", out.failed_sip);
  if (sum <= 0) throw scenario_error("[outcomes] has no share above 0; give at least one fate a share, e.g. human = 1");
}

void read_destination(table_reader& reader, const toml::node& node, scenario& out) {
  std::string to;
  reader.text("to", to);
  if (!e164::parse(to) && !to.starts_with("sip:")) {
    reader.fail(node, "to", "must be a number in E.164 such as \"+12125550123\", or an agent's SIP address");
  }
  destination_script script;
  if (const auto fate = reader.choice("fate", call_fate_names)) script.fate = static_cast<call_fate>(*fate);
  int sip = 0;
  reader.integer("sip", sip, 400, 699);
  if (sip != 0) script.sip = sip;
  reader.text("refuse", script.refusal);
  if (!script.fate && script.refusal.empty()) reader.fail(node, "", "needs fate or refuse");
  out.destinations[to] = script;
}

void read_number(table_reader& reader, const toml::node& node, scenario& out) {
  scripted_number script;
  reader.text("number", script.number);
  if (!e164::parse(script.number)) reader.fail(node, "number", "must be a number in E.164 such as \"+12125550123\"");
  const auto which = reader.choice("carrier", carrier_names, 1);
  if (!which) reader.fail(node, "carrier", "is missing; use twilio or telnyx");
  script.carrier = static_cast<carrier_name>(*which);
  reader.text("account", script.account);
  if (const auto kind = reader.choice("type", number_kind_names)) script.kind = static_cast<number_kind>(*kind);
  reader.text("friendly_name", script.friendly_name);
  reader.text("voice_url", script.voice_url);
  reader.text("refuse", script.refusal);
  out.numbers.push_back(std::move(script));
}

void read_fault(table_reader& reader, const toml::node& node, scenario& out) {
  std::array<std::string_view, fault_traits.size()> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = fault_traits[i].name;
  fault_rule rule;
  const auto kind = reader.choice("kind", kinds);
  if (!kind) reader.fail(node, "kind", "is missing; examples/carrier-faults.toml lists the kinds");
  rule.kind = static_cast<fault_kind>(*kind);
  if (const auto carrier = reader.choice("carrier", carrier_names, 1))
    rule.carrier = static_cast<carrier_name>(*carrier);
  if (const auto operation = reader.choice("on", operation_names)) {
    rule.operation = *operation == operation_names.size() - 1
                         ? std::nullopt
                         : std::optional<api_operation>{static_cast<api_operation>(*operation)};
  }
  reader.number("probability", rule.probability, 0, 1);
  reader.integer("skip", rule.skip, 0, 1'000'000'000);
  reader.integer("limit", rule.limit, 0, 1'000'000'000);
  reader.range("delay_ms", rule.delay);
  reader.integer("retry_after_s", rule.retry_after_s, 0, 86'400);
  out.faults.push_back(rule);
}

}  // namespace

scenario::scenario() {
  twilio.limits.calls_per_second = 1;
  telnyx.limits.calls_per_second = 30;
}

const account_limits& scenario::limits_of(carrier_name carrier, std::string_view account) const {
  const auto& section = of(carrier);
  const auto found = section.accounts.find(account);
  return found == section.accounts.end() ? section.limits : found->second;
}

scenario parse_scenario(std::string_view toml, std::string_view name) {
  toml::table root;
  try {
    root = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    throw scenario_error(std::string(name) + ":" + std::to_string(error.source().begin.line) + ": " +
                         std::string(error.description()));
  }
  scenario out;
  table_reader reader{root, name, ""};
  std::int64_t seed = -1;
  reader.integer("seed", seed, 0, std::numeric_limits<std::int64_t>::max());
  if (seed >= 0) out.seed = static_cast<std::uint64_t>(seed);
  read_table(reader, "twilio", name, [&](table_reader& table) { read_carrier(table, carrier_name::twilio, out); });
  read_table(reader, "telnyx", name, [&](table_reader& table) { read_carrier(table, carrier_name::telnyx, out); });
  read_tables(reader, "account", name,
              [&](table_reader& table, const toml::node& node) { read_account(table, node, out); });
  read_table(reader, "callbacks", name, [&](table_reader& table) {
    table.integer("attempts_max", out.callback_attempts_max, 1, 10);
    table.integer("retry_ms", out.callback_retry_ms, 0, 600'000);
    table.integer("timeout_ms", out.callback_timeout_ms, 1, 60'000);
  });
  read_table(reader, "outcomes", name, [&](table_reader& table) { read_outcomes(table, out); });
  read_table(reader, "timing", name, [&](table_reader& table) {
    table.range("post_dial_ms", out.times.post_dial);
    table.range("ring_ms", out.times.ring);
    table.range("no_answer_ms", out.times.no_answer);
    table.range("talk_ms", out.times.talk);
    table.range("verdict_ms", out.times.verdict);
  });
  read_table(reader, "agents", name, [&](table_reader& table) { table.integer("status", out.agent_status, 200, 599); });
  read_tables(reader, "destination", name,
              [&](table_reader& table, const toml::node& node) { read_destination(table, node, out); });
  read_tables(reader, "number", name,
              [&](table_reader& table, const toml::node& node) { read_number(table, node, out); });
  read_tables(reader, "fault", name,
              [&](table_reader& table, const toml::node& node) { read_fault(table, node, out); });
  reader.finish();
  return out;
}

scenario load_scenario(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw scenario_error("cannot read the scenario file " + path);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return parse_scenario(text, path);
}

}  // namespace dialer::carriers::simulator
