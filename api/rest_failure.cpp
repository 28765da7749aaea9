#include "api/rest_failure.hpp"

#include "api/rest_lookup.hpp"
#include "sql/configuration.hpp"

namespace dialer::api {
namespace {

rest_error internal() {
  return rest_error{{500, "internal", "the request failed here; nothing was changed"}};
}

rest_error explain(const sql::sql_error& error) {
  switch (error.kind()) {
    case sql::error_class::not_sent:
    case sql::error_class::connection:
      return rest_error{{503, "database_unavailable", "nothing was changed; try again in a second"}};
    case sql::error_class::unknown:
      return rest_error{{503, "outcome_unknown",
                         "the database did not say whether the change was made; repeat the request with the same "
                         "Idempotency-Key, or look before you repeat it"}};
    case sql::error_class::refused: break;
  }
  if (error.sqlstate() == "57014") return rest_error{{503, "too_slow", "this took too long; ask for less"}};
  // Keys over names are named so by the database; what breaks another one is our mistake.
  if (error.sqlstate() == "23505" && error.constraint().ends_with("_name_key")) {
    return rest_error{{409, "conflict", "something of that name is there already; choose another or change that one"}};
  }
  return internal();
}

}  // namespace

http_response to_response(const rest_error& refused) {
  http_response response = to_response(refused.what_happened());
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  const std::string& code = refused.what_happened().code;
  if (response.status == 503 || code == "request_in_progress") response.headers.emplace_back("Retry-After", "1");
  return response;
}

told_failure explain_failure(const std::exception_ptr& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (const rest_error& refused) {
    return {to_response(refused), ""};
  } catch (const half_done& late) {
    told_failure told = explain_failure(late.cause);
    told.response = to_response(rest_error{{503, "outcome_unknown",
                                            "what was asked for is begun, and will be settled or paid back; repeat the "
                                            "request with the same Idempotency-Key, or look before you repeat it"}});
    return told;
  } catch (const sql::rule_refused& refused) {
    return {to_response(rule_problem(refused.why(), false)), ""};
  } catch (const sql::configuration_error& refused) {
    return {to_response(rest_error{{409, "conflict", refused.what()}}), ""};
  } catch (const sql::sql_error& error) {
    told_failure told{to_response(explain(error)), ""};
    // Not its words when the server spoke them.
    const bool quotes = error.kind() == sql::error_class::refused;
    if (told.response.status >= 500) told.ours = quotes ? "SQLSTATE " + error.sqlstate() : error.what();
    return told;
  } catch (const std::exception& error) {
    return {to_response(internal()), error.what()};
  }
}

}  // namespace dialer::api
