#pragma once
// One throw-away cluster for the whole test executable, one fresh database per fixture.

#include <string>

#include "sql/private_cluster.hpp"
#include "sql/session.hpp"

namespace dialer::sql::test {

/// Connection string of an empty database with the current schema, made for this call.
std::string fresh_database();
/// Likewise without any table.
std::string empty_database();
/// A session on it with short timeouts.
session connect(const std::string& database);

}  // namespace dialer::sql::test
