#include "api/wallet_json.hpp"

#include <boost/json/array.hpp>
#include <string>

#include "api/instants.hpp"

namespace dialer::api {

namespace json = boost::json;

std::string_view name_of_account(sql::wallet_account account) noexcept {
  switch (account) {
    case sql::wallet_account::balance: return "balance";
    case sql::wallet_account::paid_in: return "paid_in";
    case sql::wallet_account::purchases: return "purchases";
    case sql::wallet_account::rent: return "rent";
  }
  return {};
}

json::object wallet_json(workspace_id workspace, const std::optional<money>& balance,
                         const std::vector<sql::unpaid_rent>& unpaid) {
  json::array rents;
  for (const sql::unpaid_rent& one : unpaid) {
    rents.push_back(json::object{{"phone_number_id", one.id.text()},
                                 {"phone_number", one.number.text()},
                                 {"amount", one.amount.minor},
                                 {"currency", one.amount.currency},
                                 {"unpaid_since", to_text(one.since)}});
  }
  return {{"workspace_id", workspace.text()},
          {"balance", balance ? balance->minor : 0},
          {"currency", balance ? json::value(balance->currency) : json::value(nullptr)},
          {"unpaid_rents", std::move(rents)}};
}

json::object wallet_entry_json(const sql::wallet_entry& one) {
  return {{"id", one.id.text()},
          {"at", to_text(one.at)},
          {"name", one.name},
          {"account", std::string(name_of_account(one.other))},
          {"amount", one.amount.minor},
          {"currency", one.amount.currency},
          {"phone_number_id", one.number ? json::value(one.number->text()) : json::value(nullptr)},
          {"note", one.note}};
}

}  // namespace dialer::api
