#include "sql/api_requests.hpp"

namespace dialer::sql {
namespace {

constexpr std::chrono::seconds setting_timeout{2};
constexpr std::string_view lock_not_available = "55P03";

params key_of(const api_request_name& name) {
  return params{}.uuid(name.organisation).uuid(name.key).text(name.idempotency_key);
}

}  // namespace

begun_api_request begin_api_request(transaction& in, const api_request_name& name) {
  in.run(
      "DELETE FROM api_request WHERE org_id = $1 AND (api_key_id, key) IN (SELECT api_key_id, key FROM api_request "
      "WHERE org_id = $1 AND at < now() - interval '48 hours' ORDER BY at LIMIT 10 FOR UPDATE SKIP LOCKED)",
      params{}.uuid(name.organisation));
  in.on().run_script("SET LOCAL lock_timeout = 50", setting_timeout);
  try {
    const result made = in.run(
        "INSERT INTO api_request (org_id, api_key_id, key, digest) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (org_id, api_key_id, key) DO NOTHING",
        key_of(name).bytea(name.digest));
    in.on().run_script("SET LOCAL lock_timeout = 0", setting_timeout);
    if (made.affected() == 1) return {};
  } catch (const sql_error& error) {
    if (error.sqlstate() != lock_not_available) throw;
    return {api_request_standing::in_progress, {}};
  }
  const result found = in.run(
      "SELECT digest = $4, status, body, generation FROM api_request WHERE org_id = $1 AND api_key_id = $2 AND key = "
      "$3",
      key_of(name).bytea(name.digest));
  if (!found.boolean(0, 0)) return {api_request_standing::different, {}};
  return {api_request_standing::repeated,
          {static_cast<int>(found.integer(0, 1)), std::string(found.text(0, 2)), found.number(0, 3)}};
}

void finish_api_request(transaction& in, const api_request_name& name, const api_request_answer& answer) {
  in.run(
      "UPDATE api_request SET status = $4, body = $5, generation = $6 WHERE org_id = $1 AND api_key_id = $2 AND key = "
      "$3",
      key_of(name).int2(answer.status).text(answer.body).int8(answer.generation));
}

}  // namespace dialer::sql
