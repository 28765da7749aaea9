#pragma once
// Idempotency of API requests: the key is stored in the transaction of the effect, so either both are there or neither.

#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// A request as it is recognised again.
struct api_request_name {
  organisation_id organisation;
  api_key_id key;
  std::string idempotency_key;
  std::string digest;  ///< SHA-256 of what must be the same in a repeat
};

struct api_request_answer {
  int status = 0;
  std::string body;
  std::uint64_t generation = 0;  ///< 0: none to wait for
};

enum class api_request_standing : std::uint8_t {
  fresh,        ///< go on, and store the answer in the same transaction
  repeated,     ///< it was done: here is its answer
  in_progress,  ///< another transaction is at it; this one is lost, roll it back
  different,    ///< the key was used for something else
};

struct begun_api_request {
  api_request_standing standing = api_request_standing::fresh;
  api_request_answer answer;  ///< when repeated
};

/// First statement of the transaction. Waits at most 50 ms for another that has the same key. Forgets some of those
/// that are older than two days.
begun_api_request begin_api_request(transaction& in, const api_request_name& name);
void finish_api_request(transaction& in, const api_request_name& name, const api_request_answer& answer);

}  // namespace dialer::sql
