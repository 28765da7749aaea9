#pragma once
// What a request does on a worker's thread: its transactions, the answer that is kept under its Idempotency-Key, and
// its row in the audit log.

#include <cstdint>
#include <functional>
#include <string>

#include "api/json_schema.hpp"
#include "api/rest_admission.hpp"
#include "api/rest_operation.hpp"
#include "model/clock.hpp"
#include "sql/audit_log.hpp"
#include "sql/session.hpp"

namespace dialer::api {

struct rest_options;

/// What an operation came to.
struct done_request {
  int status = 200;
  std::string body;
  std::uint64_t generation = 0;  ///< 0: nothing to wait for
  bool replayed = false;
};

/// Who did it, and to what.
sql::audit_entry audit_of(const rest_operation& operation, const caller& who, const http_request& request,
                          const std::string& reason, std::string resource);

/// Any thread. Sessions are of the tenant's role.
class rest_executor {
 public:
  /// The arguments must outlive it.
  rest_executor(const rest_options& options, const std::function<id128()>& make_id, const clock& time,
                const json_schemas& schemas)
      : options_{options}, make_id_{make_id}, time_{time}, schemas_{schemas} {}

  /// An operation's `run`, in one transaction. `list`: what came as the body, in its place. Throws rest_error,
  /// sql::sql_error and what the operation throws; then nothing has changed.
  done_request run(const rest_operation& operation, const caller& who, const http_request& request, sql::session& on,
                   const sql::do_not_call_record* list = nullptr) const;
  /// An operation's `ask`, in as many as it makes. A refusal after the first of them is kept under the key, too.
  done_request ask(const rest_operation& operation, const caller& who, const http_request& request,
                   sql::session& on) const;

  /// Of what outlives the call.
  rest_call call_of(sql::transaction& tx, const admitted_request& admitted, const http_request& request) const;

 private:
  const rest_options& options_;
  const std::function<id128()>& make_id_;
  const clock& time_;
  const json_schemas& schemas_;
};

}  // namespace dialer::api
