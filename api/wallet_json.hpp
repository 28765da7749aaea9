#pragma once
// A wallet as JSON, over REST and on the command line alike.

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "sql/number_rents.hpp"
#include "sql/wallet.hpp"

namespace dialer::api {

/// "paid_in", "purchases", "rent"
std::string_view name_of_account(sql::wallet_account account) noexcept;

boost::json::object wallet_json(workspace_id workspace, const std::optional<money>& balance,
                                const std::vector<sql::unpaid_rent>& unpaid);
boost::json::object wallet_entry_json(const sql::wallet_entry& one);

}  // namespace dialer::api
