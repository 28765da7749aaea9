#include "cli/settings_description.hpp"

#include <algorithm>
#include <concepts>
#include <cstdio>

#include "api/campaign_words.hpp"
#include "api/sealed_secret.hpp"

namespace dialer::cli {
namespace {

std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(std::integral auto value) {
  return std::to_string(value);
}
std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}
std::string text_of(std::chrono::seconds value) {
  return std::to_string(value.count());
}
template <class Names, class Enum>
std::string word(const Names& names, Enum value) {
  return std::string{api::find_name(names, value)};
}

described_fields fields_of(callerid::sharing_policy sharing, const std::vector<std::string>& allowed_countries) {
  std::string countries;
  for (const std::string& country : allowed_countries) countries += (countries.empty() ? "" : ", ") + country;
  return {{"sharing", word(api::sharing_names, sharing)}, {"allowed_countries", countries}};
}

described_fields fields_of(const engine::workspace_record& one) {
  return {{"weight", text_of(one.weight)}};
}

described_fields fields_of(const engine::agent_record& one) {
  return {{"published", text_of(one.published)},
          {"answer_url", one.answer_url},
          {"concurrent_calls_max", text_of(one.concurrent_calls_max)}};
}

// Encrypted, but nobody's business all the same, and as long as a line.
std::string secret_text(const std::string& reference) {
  return api::is_sealed(reference) ? "(entered over the API)" : reference;
}

described_fields fields_of(const sql::integration_record& one) {
  const carriers::account& account = one.account;
  return {{"provider", word(api::carrier_names, account.kind)},
          {"base_url", account.base_url},
          {"ca_file", account.ca_file},
          {"account_sid", account.account_sid},
          {"connection_id", account.connection_id},
          {"secret", secret_text(one.secret_ref)},
          {"secondary_secret", secret_text(one.secondary_secret_ref)},
          {"webhook_public_key", account.webhook_public_key},
          {"calls_per_second", text_of(account.calls_per_second)},
          {"concurrent_calls_max", text_of(account.concurrent_calls_max)},
          {"platform", text_of(one.platform)},
          {"sip_trunk", one.sip_trunk},
          {"phone_number", one.phone_number ? one.phone_number.text() : ""}};
}

std::string capabilities_text(std::uint8_t mask) {
  std::string all;
  for (const auto& [name, bit] : api::capability_names) {
    if ((mask & bit) != 0) all += (all.empty() ? "" : ", ") + std::string(name);
  }
  return all;
}

/// Without what is said or not: that stays as it is, country included.
described_fields fields_of(const callerid::phone_number& one, const std::string& workspace,
                           const std::string& integration) {
  described_fields fields{{"workspace", workspace},
                          {"integration", integration},
                          {"status", word(api::status_names, one.status)},
                          {"type", word(api::type_names, one.type)},
                          {"capabilities", capabilities_text(one.capabilities)},
                          {"outbound_enabled", text_of(one.outbound_enabled)},
                          {"region", one.region},
                          {"calls_per_day_max", text_of(one.calls_per_day_max)},
                          {"calls_per_hour_max", text_of(one.calls_per_hour_max)},
                          {"concurrent_calls_max", text_of(one.concurrent_calls_max)},
                          {"weight", text_of(one.weight)},
                          {"attestation", word(api::attestation_names, one.attested)},
                          {"registered", text_of(one.registered)}};
  if (!one.country.empty()) fields.emplace_back("country", one.country);
  return fields;
}

std::string text_of(const agent_name& one) {
  return one.name.empty() ? "" : one.workspace + "/" + one.name;
}

std::string in_order(std::vector<std::string> words) {
  std::ranges::sort(words);
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string in_order(const std::vector<agent_name>& agents) {
  std::vector<std::string> words;
  for (const agent_name& one : agents) words.push_back(text_of(one));
  return in_order(std::move(words));
}

described_fields fields_of(const number_settings& one) {
  described_fields fields = fields_of(one.what, one.workspace, one.integration);
  if (one.friendly_name) fields.emplace_back("friendly_name", *one.friendly_name);
  if (one.answered_by) fields.emplace_back("answered_by", text_of(*one.answered_by));
  if (one.fallback) fields.emplace_back("fallback", text_of(*one.fallback));
  if (one.voicemail_message) fields.emplace_back("voicemail_message", *one.voicemail_message);
  if (one.sms_by) fields.emplace_back("sms_by", in_order(*one.sms_by));
  return fields;
}

described_fields fields_of(const campaigns::settings& one, const std::string& agent) {
  described_fields fields{{"agent", agent},
                          {"weight", text_of(one.weight)},
                          {"calls_per_second_max", text_of(one.calls_per_second_max)},
                          {"concurrent_calls_max", text_of(one.concurrent_calls_max)},
                          {"attempts_per_contact_max", text_of(one.attempts_per_contact_max)},
                          {"attempts_per_number_24h", text_of(one.attempts_per_number_24h)},
                          {"attempts_per_number_7d", text_of(one.attempts_per_number_7d)},
                          {"caller_id", word(api::caller_id_names, one.caller_id)},
                          {"caller_id_number", one.caller_id_number ? one.caller_id_number.text() : ""},
                          {"ring_timeout_s", text_of(one.ring_timeout)},
                          {"call_time_limit_s", text_of(one.call_time_limit)},
                          {"machine_detection", word(api::detection_names, one.detection)},
                          {"default_country", one.default_country},
                          {"redial_absent", text_of(one.redial_absent)}};
  for (std::size_t i = 0; i < one.window.size(); ++i) {
    fields.emplace_back("window." + std::string{api::weekdays[i].substr(0, 3)}, api::to_text(one.window[i]));
  }
  for (const disposition each : all_dispositions) {
    const retry_rule& rule = one.retry[static_cast<std::size_t>(each)];
    fields.emplace_back("retry." + std::string(to_string(each)),
                        text_of(rule.attempts_max) + " attempts " + text_of(rule.delay) + " s apart");
  }
  return fields;
}

void add_prices(const std::vector<sql::number_price>& prices, described& to) {
  for (const sql::number_price& one : prices) {
    to["number prices"].emplace_back(one.country + " " + word(api::type_names, one.type),
                                     to_string(one.purchase) + ", then " + to_string(one.monthly) + " a month");
  }
}

void add_restrictions(const std::vector<callerid::number_restriction>& restrictions, described& all) {
  std::vector<std::string> lines;
  for (const callerid::number_restriction& one : restrictions) {
    lines.push_back((one.country.empty() ? "any country" : one.country) + " " +
                    (one.type ? word(api::type_names, *one.type) : "any type") + ": " +
                    word(api::demand_names, one.demand));
  }
  if (!lines.empty()) all["number restrictions"] = {{"restrictions", in_order(std::move(lines))}};
}

}  // namespace

described describe(const settings& wanted) {
  described all;
  all["organisation " + wanted.organisation] = fields_of(wanted.sharing, wanted.allowed_countries);
  for (const auto& one : wanted.workspaces) all["workspace " + one.name] = fields_of(one);
  for (const auto& one : wanted.agents) all["agent " + one.workspace + "/" + one.what.name] = fields_of(one.what);
  for (const auto& one : wanted.integrations) all["integration " + one.account.name] = fields_of(one);
  for (const auto& one : wanted.numbers) {
    all["number " + one.what.number.text()] = fields_of(one);
  }
  for (const auto& one : wanted.campaigns) {
    all["campaign " + one.workspace + "/" + one.what.name] = fields_of(one.what, one.agent);
  }
  add_restrictions(wanted.restrictions, all);
  std::vector<std::string> lists;
  for (const auto& one : wanted.do_not_call) lists.push_back(one.name + " (" + one.file.string() + ")");
  if (!lists.empty()) all["do-not-call lists"] = {{"lists", in_order(std::move(lists))}};
  add_prices(wanted.number_prices, all);
  return all;
}

described describe(const std::string& organisation, const engine::organisation_snapshot& snapshot,
                   const std::vector<sql::integration_record>& integrations,
                   const std::vector<sql::number_record>& numbers, const std::vector<sql::do_not_call_record>& lists,
                   const std::vector<sql::number_price>& prices) {
  described all;
  std::map<id128, std::string> names;
  all["organisation " + organisation] = fields_of(snapshot.sharing, snapshot.allowed_countries);
  for (const auto& one : snapshot.workspaces) {
    names[one.id] = one.name;
    all["workspace " + one.name] = fields_of(one);
  }
  for (const auto& one : snapshot.agents) {
    names[one.id] = one.name;
    all["agent " + names[one.workspace] + "/" + one.name] = fields_of(one);
  }
  for (const auto& one : integrations) {
    names[one.account.id] = one.account.name;
    all["integration " + one.account.name] = fields_of(one);
  }
  std::map<id128, agent_name> agents;
  for (const auto& one : snapshot.agents) agents[one.id] = {names[one.workspace], one.name};
  for (const auto& one : numbers) {
    if (one.status == callerid::number_status::released) continue;
    number_settings what{names[one.workspace],     names[one.integration], one,          {},
                         one.friendly_name,        agent_name{},           agent_name{}, one.voicemail_message,
                         std::vector<agent_name>{}};
    for (const auto& each : snapshot.assignments) {
      if (each.number != one.id) continue;
      if (each.as == callerid::profile::inbound) what.answered_by = agents[each.agent];
      if (each.as == callerid::profile::sms) what.sms_by->push_back(agents[each.agent]);
    }
    if (one.fallback_agent) what.fallback = agents[*one.fallback_agent];
    all["number " + one.number.text()] = fields_of(what);
  }
  for (const auto& one : snapshot.campaigns) {
    all["campaign " + names[one.workspace] + "/" + one.name] = fields_of(one, names[one.agent]);
  }
  add_restrictions(snapshot.restrictions, all);
  std::vector<std::string> files;
  for (const auto& one : lists) files.push_back(one.name + " (" + one.path + ")");
  if (!files.empty()) all["do-not-call lists"] = {{"lists", in_order(std::move(files))}};
  add_prices(prices, all);
  return all;
}

void keep_unsaid(const settings& wanted, const described& before, described& after) {
  for (const number_settings& one : wanted.numbers) {
    const std::string what = "number " + one.what.number.text();
    const auto known = before.find(what);
    if (known == before.end()) continue;
    described_fields& said = after.at(what);
    for (const auto& field : known->second) {
      const auto same = std::ranges::find(said, field.first, &described_fields::value_type::first);
      if (same == said.end()) said.push_back(field);
    }
  }
}

std::vector<std::string> differences(const described& before, const described& after, const std::string& what) {
  std::vector<std::string> lines;
  const auto old = before.find(what);
  const auto now = after.find(what);
  if (old == before.end() || now == after.end()) return lines;
  const auto find = [](const described_fields& fields, const std::string& name) {
    return std::ranges::find(fields, name, &described_fields::value_type::first);
  };
  const auto tell = [&](const std::string& name, const std::string& from, const std::string& to) {
    if (from == to) return;
    lines.push_back(name + ": " + (from.empty() ? "(none)" : from) + " -> " + (to.empty() ? "(none)" : to));
  };
  for (const auto& [name, value] : now->second) {
    const auto field = find(old->second, name);
    tell(name, field == old->second.end() ? "" : field->second, value);
  }
  for (const auto& [name, value] : old->second) {
    if (find(now->second, name) == now->second.end()) tell(name, value, "");
  }
  return lines;
}

}  // namespace dialer::cli
