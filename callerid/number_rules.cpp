#include "callerid/number_rules.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <utility>

namespace dialer::callerid {
namespace {

template <class Key, class Value>
using map = boost::unordered_flat_map<Key, Value, std::hash<Key>>;

constexpr std::size_t profiles = 4;  // 0 is none

std::size_t slot(profile as) {
  return static_cast<std::size_t>(as);
}

refusal refuse(std::string_view rule, std::string obstacle, std::string remedy) {
  refusal made;
  made.rule = rule;
  made.obstacle = std::move(obstacle);
  made.remedy = std::move(remedy);
  return made;
}

refusal no_such_number() {
  return refuse("S5", "there is no such number", "name a number that your workspace holds");
}

std::string_view does(profile as) {
  switch (as) {
    case profile::outbound: return "is shown by";
    case profile::inbound: return "answers for";
    case profile::sms: return "sends messages for";
  }
  return "serves";
}

std::string_view name_of(profile as) {
  switch (as) {
    case profile::outbound: return "outbound";
    case profile::inbound: return "inbound";
    case profile::sms: return "sms";
  }
  return "";
}

/// Judges assignments one after the other: what was accepted before stands, what contradicts it is the conflict. So the
/// conflicts reported are a set whose removal leaves none, and an existing assignment is never blamed for a new one.
class referee {
 public:
  referee(sharing_policy policy, std::span<const phone_number> numbers) : policy_{policy} {
    for (const phone_number& number : numbers) numbers_.emplace(number.id, &number);
  }

  std::optional<refusal> judge(const assignment& asked) {
    const auto found = numbers_.find(asked.number);
    if (found == numbers_.end()) return no_such_number();
    const phone_number& number = *found->second;
    if (policy_ != sharing_policy::organisation && number.workspace != asked.workspace) {
      refusal made = refuse("S4", number.number.text() + " belongs to another workspace than the agent",
                            "assign a number of the agent's own workspace, or set the sharing policy to organisation");
      made.workspace = number.workspace;
      return made;
    }
    // A released number is gone for good: an assignment left over from it holds no place.
    if (number.status == number_status::released) return std::nullopt;
    const bool one_agent = policy_ == sharing_policy::exclusive || asked.as == profile::inbound;
    if (one_agent) {
      const auto taken = agent_of_[slot(asked.as)].find(asked.number);
      if (taken != agent_of_[slot(asked.as)].end() && taken->second.agent != asked.agent) {
        return is_taken(number, taken->second);
      }
    }
    if (policy_ == sharing_policy::exclusive) {
      const auto [has, first] = number_of_[slot(asked.as)].emplace(asked.agent, asked.number);
      if (!first && has->second != asked.number) return has_another(asked, *numbers_.at(has->second));
    }
    if (one_agent) agent_of_[slot(asked.as)].emplace(asked.number, asked);
    return std::nullopt;
  }

 private:
  static refusal is_taken(const phone_number& number, const assignment& by) {
    const bool answers = by.as == profile::inbound;
    refusal made =
        refuse(answers ? "S3" : "S4", number.number.text() + " already " + std::string(does(by.as)) + " another agent",
               answers ? "remove that inbound assignment first, or use another number: a call in reaches one agent"
                       : "remove that assignment first, or give this agent a number of its own");
    made.agent = by.agent;
    made.workspace = by.workspace;
    return made;
  }

  static refusal has_another(const assignment& asked, const phone_number& number) {
    refusal made = refuse("S4", "the agent has another " + std::string(name_of(asked.as)) + " number already",
                          "remove that assignment first: under the policy exclusive an agent has one number a profile");
    made.number = number.id;
    made.workspace = number.workspace;
    return made;
  }

  sharing_policy policy_;
  map<phone_number_id, const phone_number*> numbers_;
  map<phone_number_id, assignment> agent_of_[profiles];  // inbound; under `exclusive` all
  map<agent_id, phone_number_id> number_of_[profiles];   // under `exclusive`
};

std::pair<capability, std::string_view> needed_for(number_use as) {
  switch (as) {
    case number_use::message: return {sms, "sms"};
    case number_use::media_message: return {mms, "mms"};
    case number_use::call:
    case number_use::answer: break;
  }
  return {voice, "voice"};
}

number_use use_of(profile as) {
  switch (as) {
    case profile::outbound: return number_use::call;
    case profile::inbound: return number_use::answer;
    case profile::sms: break;
  }
  return number_use::message;
}

std::string_view rule_of(number_use as) {
  return as == number_use::answer ? "S3" : "S6";
}

std::optional<refusal> check_capability(const phone_number& number, number_use as) {
  const auto [needed, name] = needed_for(as);
  if ((number.capabilities & needed) != 0) return std::nullopt;
  return refuse(rule_of(as), number.number.text() + " has no " + std::string(name) + " capability",
                "use a number with the capability " + std::string(name));
}

std::string_view name_of(number_status status) {
  switch (status) {
    case number_status::pending: return "pending";
    case number_status::active: return "active";
    case number_status::inactive: return "inactive";
    case number_status::released: return "released";
  }
  return "";
}

bool meets(const phone_number& number, number_demand demand) {
  switch (demand) {
    case number_demand::never: return false;
    case number_demand::registration: return number.registered;
    case number_demand::attestation_a: return number.attested == attestation::a;
    case number_demand::attestation_b: return number.attested == attestation::a || number.attested == attestation::b;
    case number_demand::attestation_c: return number.attested != attestation::unknown;
  }
  return false;
}

std::pair<const char*, const char*> words_of(number_demand demand) {
  switch (demand) {
    case number_demand::never: break;
    case number_demand::registration:
      return {"is not registered as a caller ID", "register it, then have the operator set registered"};
    case number_demand::attestation_a: return {"is not attested A", "have the carrier attest it A"};
    case number_demand::attestation_b: return {"is not attested B or better", "have the carrier attest it B or A"};
    case number_demand::attestation_c: return {"is not attested", "have the carrier attest it"};
  }
  return {"is of a kind that its country restricts", "show a number of another type"};
}

}  // namespace

std::string named_obstacle(const refusal& of) {
  std::string ids;
  const auto add = [&ids](const auto& id) {
    if (id) ids += (ids.empty() ? "" : ", ") + id.text();
  };
  add(of.agent);
  add(of.number);
  add(of.workspace);
  return ids.empty() ? of.obstacle : of.obstacle + " (" + ids + ")";
}

std::optional<refusal> check_account(bool ours) {
  if (ours) return std::nullopt;
  return refuse("S2", "the carrier account already serves another organisation",
                "use an account of this organisation's own");
}

std::vector<conflict> find_conflicts(sharing_policy policy, std::span<const phone_number> numbers,
                                     std::span<const assignment> assignments) {
  referee judge{policy, numbers};
  std::vector<conflict> conflicts;
  for (const assignment& asked : assignments) {
    if (auto why = judge.judge(asked)) conflicts.push_back({asked, std::move(*why)});
  }
  return conflicts;
}

std::optional<refusal> check_assignment(sharing_policy policy, std::span<const phone_number> numbers,
                                        std::span<const assignment> standing, const assignment& asked) {
  referee judge{policy, numbers};
  for (const assignment& each : standing) judge.judge(each);
  if (auto why = judge.judge(asked)) return why;
  const phone_number& number = *std::ranges::find(numbers, asked.number, &phone_number::id);
  if (number.status == number_status::released) {
    return refuse(rule_of(use_of(asked.as)), number.number.text() + " is released", "assign a number that is held");
  }
  return check_capability(number, use_of(asked.as));
}

std::optional<refusal> check_number(const phone_number& number, number_use as) {
  if (number.status != number_status::active) {
    return refuse(rule_of(as), number.number.text() + " is " + std::string(name_of(number.status)),
                  number.status == number_status::pending    ? "wait for the carrier's order, or process it"
                  : number.status == number_status::released ? "use a number that is held"
                                                             : "set its status to active");
  }
  if (number.frozen && as != number_use::answer) {
    return refuse(rule_of(as), number.number.text() + " is frozen", "unfreeze it once what it was frozen for is over");
  }
  if (!number.outbound_enabled && as == number_use::call) {
    return refuse(rule_of(as), number.number.text() + " does not allow outbound calls", "set outbound_enabled");
  }
  return check_capability(number, as);
}

bool is_visible(sharing_policy policy, const phone_number& number, workspace_id from,
                std::span<const assignment> standing) {
  if (number.workspace == from) return true;
  return policy == sharing_policy::organisation && std::ranges::any_of(standing, [&](const assignment& each) {
           return each.number == number.id && each.workspace == from;
         });
}

std::optional<refusal> check_purchase(bool may_create, const std::optional<money>& price,
                                      const std::optional<money>& balance) {
  const auto refuse_as = [](refusal_kind kind, std::string obstacle, std::string remedy) {
    refusal made = refuse("S7", std::move(obstacle), std::move(remedy));
    made.kind = kind;
    return made;
  };
  if (!may_create) {
    return refuse_as(refusal_kind::permission, "the API key lacks the permission numbers_create",
                     "use a key with the scope numbers_create");
  }
  if (!price) {
    return refuse_as(refusal_kind::conflict, "there is no price for numbers of this country and type",
                     "ask the operator to set one, or choose another country or type");
  }
  if (!balance)
    return refuse_as(refusal_kind::funds, "the workspace has no wallet", "pay " + to_string(*price) + " in");
  if (balance->currency != price->currency) {
    return refuse_as(refusal_kind::funds,
                     "the wallet holds " + balance->currency + ", the price is " + to_string(*price),
                     "buy from a workspace whose wallet holds " + price->currency);
  }
  if (balance->minor < price->minor) {
    return refuse_as(refusal_kind::funds,
                     "the wallet holds " + to_string(*balance) + " of the price of " + to_string(*price),
                     "pay in " + to_string(money{price->minor - balance->minor, price->currency}) + " or more");
  }
  return std::nullopt;
}

std::optional<refusal> check_restrictions(const phone_number& number, std::string_view country,
                                          std::span<const number_restriction> rows) {
  for (const number_restriction& row : rows) {
    const bool concerns =
        (row.country.empty() || country.empty() || row.country == country) && (!row.type || *row.type == number.type);
    if (!concerns || meets(number, row.demand)) continue;
    const auto [obstacle, remedy] = words_of(row.demand);
    return refuse("S8", number.number.text() + " " + obstacle, remedy);
  }
  return std::nullopt;
}

}  // namespace dialer::callerid
