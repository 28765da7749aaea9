#pragma once

#include <string_view>

#include "sql/session.hpp"

namespace dialer::sql {

/// The role of migration 0005: under row-level security, with the rights the API needs and no others.
inline constexpr std::string_view tenant_role = "dialer_api";

/// Acts for one organisation from here to the end of the object, on a session of `tenant_role`. Not inside a
/// transaction.
class acting_for {
 public:
  acting_for(session& on, organisation_id tenant) : session_{on} { session_.act_for(tenant); }
  ~acting_for() { session_.act_for(std::nullopt); }
  acting_for(const acting_for&) = delete;
  acting_for& operator=(const acting_for&) = delete;

 private:
  session& session_;
};

}  // namespace dialer::sql
