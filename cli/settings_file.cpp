#include "cli/settings_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "api/campaign_words.hpp"
#include "carriers/agent_address.hpp"
#include "cli/secrets.hpp"
#include "cli/toml_table.hpp"
#include "compliance/countries.hpp"
#include "engine/base_url.hpp"

namespace dialer::cli {
namespace {

using api::attestation_names;
using api::caller_id_names;
using api::capability_names;
using api::carrier_names;
using api::demand_names;
using api::detection_names;
using api::name_of;
using api::parse_local_hours;
using api::sharing_names;
using api::status_names;
using api::type_names;
using api::weekdays;
using std::string_view;

constexpr std::uint32_t count_max = 4'294'967'295;

template <class Enum, std::size_t N>
std::span<const name_of<Enum>> all(const std::array<name_of<Enum>, N>& names) {
  return names;
}

/// Reads one file; keeps what is defined so far, so that later tables can refer to it.
class reading {
 public:
  reading(const toml::table& root, const std::string& file) : root_{root, file, ""}, file_{file} {}

  settings run() {
    const bool named = root_.table("organisation", R"([organisation])", [&](toml_table& in, const toml::node&) {
      out_.organisation = in.required_text("name", "give the organisation a name");
      in.choice("sharing", out_.sharing, all(sharing_names));
      allowed_countries(in);
    });
    if (!named) root_.fail_missing("organisation", "begin the file with [organisation] and its name");
    root_.tables("workspace", [&](toml_table& in, const toml::node& node) { workspace(in, node); });
    root_.tables("agent", [&](toml_table& in, const toml::node& node) { agent(in, node); });
    root_.tables("integration", [&](toml_table& in, const toml::node& node) { integration(in, node); });
    root_.tables("numbers", [&](toml_table& in, const toml::node&) { numbers(in); });
    root_.tables("number_restriction", [&](toml_table& in, const toml::node&) { restriction(in); });
    root_.tables("campaign", [&](toml_table& in, const toml::node& node) { campaign(in, node); });
    root_.tables("do_not_call", [&](toml_table& in, const toml::node&) { do_not_call(in); });
    root_.tables("number_price", [&](toml_table& in, const toml::node&) { number_price(in); });
    root_.finish();
    return std::move(out_);
  }

 private:
  // Workspaces and agents are written "workspace/agent" elsewhere.
  std::string plain_name(toml_table& in) {
    std::string name = in.required_text("name", "give it a name");
    if (name.find('/') != std::string::npos) in.fail("name", "must not hold \"/\"; write it without");
    return name;
  }

  void once(std::set<std::string>& taken, const std::string& name, toml_table& in, string_view key) {
    if (!taken.insert(name).second) in.fail(key, "\"" + name + "\" is defined twice; remove or rename one");
  }

  std::string defined(const std::set<std::string>& names, toml_table& in, string_view key) {
    std::string name = in.required_text(key, "say which one by its name");
    if (!names.contains(name)) {
      in.fail(key, "\"" + name + "\" is not defined in this file; add [[" + std::string(key) + "]] with this name");
    }
    return name;
  }

  void allowed_countries(toml_table& in) {
    std::set<std::string> countries;
    in.texts("allowed_countries", R"(["US", "CA"])", [&](const toml::node& at, const std::string& text) {
      if (!compliance::is_known_country(text)) {
        in.fail(at, "allowed_countries",
                "holds \"" + text + "\"; write two capital letters (ISO 3166), such as \"US\"");
      }
      countries.insert(text);
    });
    out_.allowed_countries.assign(countries.begin(), countries.end());
  }

  void workspace(toml_table& in, const toml::node&) {
    engine::workspace_record one;
    one.name = plain_name(in);
    once(workspaces_, one.name, in, "name");
    in.integer("weight", one.weight, 1, 1000);
    out_.workspaces.push_back(std::move(one));
  }

  void agent(toml_table& in, const toml::node&) {
    agent_settings one;
    one.workspace = defined(workspaces_, in, "workspace");
    one.what.name = plain_name(in);
    once(agents_, one.workspace + "/" + one.what.name, in, "name");
    one.what.published = true;
    in.boolean("published", one.what.published);
    one.what.answer_url = in.required_text("answer_url", "give the URL that tells the carrier what to do on answer");
    const std::string_view fault = carriers::agent_address_fault(one.what.answer_url);
    if (!fault.empty()) in.fail("answer_url", std::string{fault});
    in.integer("concurrent_calls_max", one.what.concurrent_calls_max, 0, count_max);
    out_.agents.push_back(std::move(one));
  }

  void integration(toml_table& in, const toml::node&) {
    sql::integration_record one;
    carriers::account& account = one.account;
    account.name = in.required_text("name", "give it a name");
    once(integrations_, account.name, in, "name");
    if (in.find("provider") == nullptr) in.fail_missing("provider", "write \"twilio\" or \"telnyx\"");
    in.choice("provider", account.kind, all(carrier_names));
    const bool twilio = account.kind == carriers::carrier_kind::twilio;
    account.base_url = api::default_base_url(account.kind);
    if (in.text("base_url", account.base_url)) {
      try {
        (void)engine::parse_base_url(account.base_url);
      } catch (const std::invalid_argument& wrong) {
        in.fail("base_url", wrong.what());
      }
    }
    if (std::string file; in.text("ca_file", file)) account.ca_file = absolute(file);
    if (twilio) {
      account.account_sid = in.required_text("account_sid", "copy the Account SID (AC...) from the Twilio console");
      if (!account.account_sid.starts_with("AC") || account.account_sid.size() != 34) {
        in.fail("account_sid", "must be AC and 32 letters or digits, as the Twilio console shows it");
      }
    } else {
      account.connection_id = in.required_text("connection_id", "copy the id of the Call Control application");
      in.text("webhook_public_key", account.webhook_public_key);
    }
    one.secret_ref = secret(in, "secret");
    if (one.secret_ref.empty()) in.fail_missing("secret", R"(write secret = "env:NAME" or "file:/absolute/path")");
    if (twilio) one.secondary_secret_ref = secret(in, "secondary_secret");
    in.number("calls_per_second", account.calls_per_second, 0, 10'000, true);
    in.integer("concurrent_calls_max", account.concurrent_calls_max, 0, count_max);
    in.boolean("platform", one.platform);
    in.text("sip_trunk", one.sip_trunk);
    phone_number(in, one.phone_number);
    if (!accounts_.insert(carriers::account_key(account)).second) {
      in.fail(twilio ? "account_sid" : "connection_id", "is used by another integration of this file; keep one");
    }
    out_.integrations.push_back(std::move(one));
  }

  static void phone_number(toml_table& in, e164& out) {
    std::string text;
    if (!in.text("phone_number", text)) return;
    const auto number = e164::parse(text);
    if (!number) in.fail("phone_number", "is \"" + text + "\"; write E.164: + and 7 to 15 digits");
    out = *number;
  }

  static std::string secret(toml_table& in, string_view key) {
    std::string reference;
    if (!in.text(key, reference)) return {};
    if (const std::string problem = secret_reference_problem(reference); !problem.empty()) in.fail(key, problem);
    return reference;
  }

  void numbers(toml_table& in) {
    number_settings shared;
    shared.workspace = defined(workspaces_, in, "workspace");
    shared.integration = defined(integrations_, in, "integration");
    callerid::phone_number& what = shared.what;
    what.status = callerid::number_status::active;
    what.capabilities = voice;
    what.outbound_enabled = true;
    in.choice("status", what.status, all(status_names));
    in.choice("type", what.type, all(type_names));
    in.boolean("outbound_enabled", what.outbound_enabled);
    in.text("region", what.region);
    in.integer("calls_per_day_max", what.calls_per_day_max, 0, count_max);
    in.integer("calls_per_hour_max", what.calls_per_hour_max, 0, count_max);
    in.integer("concurrent_calls_max", what.concurrent_calls_max, 0, count_max);
    in.integer("weight", what.weight, 1, 1000);
    country(in, what.country);
    in.choice("attestation", what.attested, all(attestation_names));
    in.boolean("registered", what.registered);
    std::uint8_t mask = 0;
    const auto add_capability = [&](const toml::node& at, const std::string& text) {
      const auto* found = std::ranges::find(capability_names, text, &name_of<std::uint8_t>::first);
      if (found == capability_names.end())
        in.fail(at, "capabilities", "holds \"" + text + "\"; use voice, sms, mms, fax");
      mask = static_cast<std::uint8_t>(mask | found->second);
    };
    if (in.texts("capabilities", R"(["voice"])", add_capability)) what.capabilities = mask;
    in.texts("shown_by", R"(["Ann"])", [&](const toml::node& at, const std::string& text) {
      shared.shown_by.push_back(named_agent(in, at, "shown_by", text, shared.workspace));
    });
    users(in, shared);
    const bool listed = in.texts("list", R"(["+12125550123"])", [&](const toml::node& at, const std::string& text) {
      const auto number = e164::parse(text);
      if (!number) in.fail(at, "list", "holds \"" + text + "\"; write E.164: + and 7 to 15 digits");
      if (!numbers_.insert(*number).second) in.fail(at, "list", "holds " + text + " a second time; keep one");
      number_settings one = shared;
      one.what.number = *number;
      out_.numbers.push_back(std::move(one));
    });
    if (!listed) in.fail_missing("list", R"(write list = ["+12125550123", ...])");
  }

  agent_name named_agent(toml_table& in, const toml::node& at, string_view key, const std::string& text,
                         const std::string& workspace) const {
    const auto slash = text.find('/');
    agent_name who = slash == std::string::npos ? agent_name{workspace, text}
                                                : agent_name{text.substr(0, slash), text.substr(slash + 1)};
    if (!agents_.contains(who.workspace + "/" + who.name)) {
      in.fail(at, key,
              "names agent \"" + who.workspace + "/" + who.name +
                  "\", which this file does not define; add it, or write \"workspace/agent\"");
    }
    return who;
  }

  /// Who answers, who sends messages, and what it is called.
  void users(toml_table& in, number_settings& shared) {
    shared.friendly_name = in.text_or_none("friendly_name");
    shared.voicemail_message = in.text_or_none("voicemail_message");
    const auto agent = [&](string_view key) -> std::optional<agent_name> {
      const auto text = in.text_or_none(key);
      if (!text) return std::nullopt;
      return text->empty() ? agent_name{} : named_agent(in, *in.find(key), key, *text, shared.workspace);
    };
    shared.answered_by = agent("answered_by");
    shared.fallback = agent("fallback");
    const bool nobody = shared.answered_by && shared.answered_by->name.empty();
    const auto needs_an_agent = [&](string_view key, bool said) {
      if (nobody && said) in.fail(key, "is of no use: answered_by is \"\"; name who answers, or remove this");
    };
    needs_an_agent("fallback", shared.fallback && !shared.fallback->name.empty());
    needs_an_agent("voicemail_message", shared.voicemail_message && !shared.voicemail_message->empty());
    if (nobody) {
      shared.fallback.emplace();
      shared.voicemail_message.emplace();
    } else if (shared.answered_by && (shared.what.capabilities & voice) == 0) {
      in.fail("answered_by", "needs numbers that can do that; add \"voice\" to capabilities");
    }
    std::vector<agent_name> senders;
    const bool said = in.texts("sms_by", R"(["Ann"])", [&](const toml::node& at, const std::string& text) {
      senders.push_back(named_agent(in, at, "sms_by", text, shared.workspace));
    });
    if (!senders.empty() && (shared.what.capabilities & sms) == 0) {
      in.fail("sms_by", "needs numbers that can do that; add \"sms\" to capabilities");
    }
    if (said) shared.sms_by = std::move(senders);
  }

  void restriction(toml_table& in) {
    callerid::number_restriction one;
    country(in, one.country);
    if (in.find("type") != nullptr) in.choice("type", one.type.emplace(), all(type_names));
    if (in.find("demand") == nullptr) {
      in.fail_missing("demand", "say what numbers must meet: never, registration, attestation_a, _b or _c");
    }
    in.choice("demand", one.demand, all(demand_names));
    out_.restrictions.push_back(std::move(one));
  }

  static void country(toml_table& in, std::string& out) {
    if (in.text("country", out) && !compliance::is_known_country(out)) {
      in.fail("country", "is \"" + out + "\"; write two capital letters (ISO 3166), such as \"US\"");
    }
  }

  void campaign(toml_table& in, const toml::node&) {
    campaign_settings one;
    campaigns::settings& what = one.what;
    one.workspace = defined(workspaces_, in, "workspace");
    what.name = in.required_text("name", "give it a name");
    once(campaigns_, one.workspace + "/" + what.name, in, "name");
    one.agent = in.required_text("agent", "say which agent of the workspace answers");
    if (!agents_.contains(one.workspace + "/" + one.agent)) {
      in.fail("agent", "\"" + one.agent + "\" is not defined in workspace \"" + one.workspace +
                           "\"; add [[agent]] with this name and workspace");
    }
    in.integer("weight", what.weight, 1, 1000);
    in.number("calls_per_second_max", what.calls_per_second_max, 0, 10'000);
    in.integer("concurrent_calls_max", what.concurrent_calls_max, 0, count_max);
    window(in, what.window);
    in.table("retry", "retry.busy = { delay_s = 600, attempts_max = 3 }",
             [&](toml_table& rules, const toml::node&) { retry(rules, what.retry); });
    in.integer("attempts_per_contact_max", what.attempts_per_contact_max, 1);
    in.integer("attempts_per_number_24h", what.attempts_per_number_24h, 1);
    in.integer("attempts_per_number_7d", what.attempts_per_number_7d, 1);
    if (what.attempts_per_number_7d < what.attempts_per_number_24h) {
      in.fail("attempts_per_number_7d", "is " + std::to_string(what.attempts_per_number_7d) +
                                            ", below attempts_per_number_24h; a week holds every day's attempts");
    }
    in.choice("caller_id", what.caller_id, all(caller_id_names));
    caller_id_number(in, what);
    in.choice("machine_detection", what.detection, all(detection_names));
    seconds(in, "ring_timeout_s", what.ring_timeout, 5, 600);
    seconds(in, "call_time_limit_s", what.call_time_limit, 30, 14'400);
    if (in.text("default_country", what.default_country) &&
        (what.default_country.size() != 2 ||
         !std::ranges::all_of(what.default_country, [](char c) { return c >= 'A' && c <= 'Z'; }))) {
      in.fail("default_country", "must be two capital letters (ISO 3166), such as \"US\"");
    }
    in.boolean("redial_absent", what.redial_absent);
    out_.campaigns.push_back(std::move(one));
  }

  static void caller_id_number(toml_table& in, campaigns::settings& what) {
    const bool fixed = what.caller_id == campaigns::caller_id_policy::fixed;
    std::string text;
    if (!in.text("caller_id_number", text)) {
      if (fixed) in.fail_missing("caller_id_number", "caller_id is \"fixed\": name the number to show");
      return;
    }
    const auto number = e164::parse(text);
    if (!number) in.fail("caller_id_number", "is \"" + text + "\"; write E.164: + and 7 to 15 digits");
    if (!fixed) in.fail("caller_id_number", "is shown only when caller_id is \"fixed\"; remove it, or change that");
    what.caller_id_number = *number;
  }

  static void seconds(toml_table& in, string_view key, std::chrono::seconds& out, std::int64_t min, std::int64_t max) {
    std::int64_t value = out.count();
    in.integer(key, value, min, max);
    out = std::chrono::seconds{value};
  }

  static local_hours day(toml_table& in, string_view key) {
    const std::string text = in.required_text(key, "write \"08:00-21:00\" or \"closed\"");
    const auto window = parse_local_hours(text);
    if (!window) in.fail(key, "is \"" + text + R"("; write "08:00-21:00" (24:00 is the day's end) or "closed")");
    return *window;
  }

  static void window(toml_table& in, weekly_hours& out) {
    const toml::node* node = in.find("window");
    if (node == nullptr) return;
    if (node->is_string()) {
      out.fill(day(in, "window"));
      return;
    }
    out.fill({0, 0});
    in.table("window", R"(window = "08:00-21:00" or [campaign.window] with monday = "08:00-21:00")",
             [&](toml_table& days, const toml::node&) {
               for (std::size_t i = 0; i < weekdays.size(); ++i) {
                 if (days.find(weekdays[i]) != nullptr) out[i] = day(days, weekdays[i]);
               }
             });
  }

  static void retry(toml_table& in, campaigns::retry_rules& out) {
    for (const disposition each : all_dispositions) {
      in.table(to_string(each), "{ delay_s = 600, attempts_max = 3 }", [&](toml_table& rule, const toml::node&) {
        retry_rule& to = out[static_cast<std::size_t>(each)];
        if (each == disposition::answered || each == disposition::invalid_number) {
          rule.fail("attempts_max", "makes no sense: nobody is called again after \"" + std::string(to_string(each)) +
                                        "\"; remove this rule");
        }
        seconds(rule, "delay_s", to.delay, 0, 30 * 86'400);
        rule.integer("attempts_max", to.attempts_max, 1, 100);
      });
    }
  }

  void do_not_call(toml_table& in) {
    do_not_call_settings one;
    one.name = in.required_text("name", "name the list, such as \"us-national\"");
    one.file = absolute(in.required_text("file", "write the path of a list made by: dialer dnc build"));
    once(lists_, one.name, in, "name");
    out_.do_not_call.push_back(std::move(one));
  }

  void number_price(toml_table& in) {
    sql::number_price one;
    one.country = in.required_text("country", "write two capital letters (ISO 3166), such as \"US\"");
    if (!compliance::is_known_country(one.country)) {
      in.fail("country", "is \"" + one.country + "\"; write two capital letters (ISO 3166), such as \"US\"");
    }
    if (in.find("type") == nullptr) in.fail_missing("type", "write local, national, mobile or toll_free");
    in.choice("type", one.type, all(type_names));
    const std::string currency =
        in.required_text("currency", "write three capital letters (ISO 4217), such as \"USD\"");
    if (!parse_money("0", currency)) {
      in.fail("currency", "is \"" + currency + "\"; write three capital letters (ISO 4217), such as \"USD\"");
    }
    one.purchase = price(in, "purchase", currency);
    one.monthly = price(in, "monthly", currency);
    once(prices_, one.country + " " + std::string(api::find_name(type_names, one.type)), in, "type");
    out_.number_prices.push_back(std::move(one));
  }

  static money price(toml_table& in, string_view key, const std::string& currency) {
    const std::string example = "write it in quotes and in " + currency + ", such as \"" +
                                (fraction_digits(currency) == 0 ? "150" : "1.15") + "\"";
    const std::string text = in.required_text(key, example);
    const auto amount = parse_money(text, currency);
    if (!amount || amount->minor < 0) in.fail(key, "is \"" + text + "\", which is no price; " + example);
    return *amount;
  }

  std::string absolute(const std::string& path) const {
    return (std::filesystem::absolute(file_).parent_path() / path).lexically_normal().string();
  }

  toml_table root_;
  const std::string& file_;
  settings out_;
  std::set<std::string> workspaces_, agents_, integrations_, accounts_, campaigns_, lists_, prices_;
  std::set<e164> numbers_;
};

}  // namespace

settings parse_settings(string_view toml, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(toml);
  } catch (const toml::parse_error& wrong) {
    throw settings_error(name + ":" + std::to_string(wrong.source().begin.line) +
                         ": not TOML: " + std::string(wrong.description()) + "; see examples/dialer.toml");
  }
  return reading{root, name}.run();
}

settings read_settings_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) {
    throw settings_error("cannot read the configuration file " + file.string() +
                         "; check the path, or start from examples/dialer.toml");
  }
  return parse_settings(text, file.string());
}

}  // namespace dialer::cli
