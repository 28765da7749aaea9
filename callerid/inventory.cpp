#include "callerid/inventory.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <optional>

namespace dialer::callerid {
namespace {

template <class Key, class Value>
using map = boost::unordered_flat_map<Key, Value, std::hash<Key>>;

/// Judges assignments one after the other: what was accepted before stands, what contradicts it is the conflict. So the
/// conflicts reported are a set whose removal leaves none, and an existing assignment is never blamed for a new one.
class referee {
 public:
  referee(sharing_policy policy, const std::vector<phone_number>& numbers) : policy_{policy} {
    for (const phone_number& number : numbers) numbers_.emplace(number.id, &number);
  }

  std::optional<assignment_conflict> judge(const assignment& asked) {
    const auto found = numbers_.find(asked.number);
    if (found == numbers_.end()) {
      return conflict(asked, "numbers of this organisation",
                      "no number " + asked.number.text() + " in this organisation",
                      "assign a number that the organisation holds, or remove this assignment");
    }
    const phone_number& number = *found->second;
    if (policy_ != sharing_policy::organisation && number.workspace != asked.workspace) {
      return conflict(
          asked, policy_ == sharing_policy::workspace ? "sharing = workspace" : "sharing = exclusive",
          number.number.text() + " belongs to " + number.workspace.text() + ", the agent to " + asked.workspace.text(),
          "assign a number of the agent's own workspace, or set the sharing policy to organisation");
    }
    // A released number is gone for good: an assignment left over from it holds no place.
    if (policy_ == sharing_policy::exclusive && number.status != number_status::released) {
      return judge_exclusive(asked, number);
    }
    return std::nullopt;
  }

 private:
  static assignment_conflict conflict(const assignment& asked, std::string rule, std::string obstacle,
                                      std::string remedy) {
    return {asked.number, asked.agent, std::move(rule), std::move(obstacle), std::move(remedy)};
  }

  std::optional<assignment_conflict> judge_exclusive(const assignment& asked, const phone_number& number) {
    if (const auto taken = agent_of_.find(asked.number); taken != agent_of_.end() && taken->second != asked.agent) {
      return conflict(asked, "sharing = exclusive",
                      number.number.text() + " is already shown by " + taken->second.text(),
                      "remove that assignment, or give this agent a number of its own");
    }
    if (const auto has = number_of_.find(asked.agent); has != number_of_.end() && has->second != asked.number) {
      return conflict(asked, "sharing = exclusive",
                      asked.agent.text() + " already shows " + numbers_.at(has->second)->number.text(),
                      "remove that assignment first: under this policy an agent shows one number");
    }
    agent_of_.emplace(asked.number, asked.agent);
    number_of_.emplace(asked.agent, asked.number);
    return std::nullopt;
  }

  sharing_policy policy_;
  map<phone_number_id, const phone_number*> numbers_;
  map<phone_number_id, agent_id> agent_of_;   // under `exclusive`
  map<agent_id, phone_number_id> number_of_;  // under `exclusive`
};

}  // namespace

std::vector<assignment_conflict> check_assignments(sharing_policy policy, const std::vector<phone_number>& numbers,
                                                   const std::vector<assignment>& assignments) {
  referee judge{policy, numbers};
  std::vector<assignment_conflict> conflicts;
  for (const assignment& asked : assignments) {
    if (auto conflict = judge.judge(asked)) conflicts.push_back(std::move(*conflict));
  }
  return conflicts;
}

bool may_be_shown(const phone_number& number) noexcept {
  return number.status == number_status::active && number.outbound_enabled && (number.capabilities & voice) != 0 &&
         !number.frozen;
}

}  // namespace dialer::callerid
