#pragma once
// One line of the REST API: from it come the route, the scope it needs, its metrics and its part of the document.

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http_server.hpp"
#include "api/key_ring.hpp"
#include "api/problem.hpp"
#include "api/sealed_secret.hpp"
#include "campaigns/place_finder.hpp"
#include "engine/stats.hpp"
#include "sql/session.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {

/// Ends an operation; everything it wrote is rolled back.
class rest_error : public std::runtime_error {
 public:
  explicit rest_error(problem what) : std::runtime_error{what.detail}, what_{std::move(what)} {}
  const problem& what_happened() const noexcept { return what_; }

 private:
  problem what_;
};

/// What is not there, and what is there for others only: the same words for both.
[[noreturn]] void refuse_missing(std::string_view kind);
/// 422 about one parameter.
[[noreturn]] void refuse_param(std::string param, std::string message);

/// What the engine in this process sees of its organisations; nothing of others.
using engine_views = std::function<std::vector<engine::organisation_view>()>;

struct rest_answer {
  boost::json::object body;
  /// Set: answered only when the engine acts by this generation, and `engine` in the body says whether it does.
  std::optional<std::uint64_t> generation{};
  /// Told in this answer and never again: a repeat under the same Idempotency-Key gets the body without it.
  boost::json::object once{};
  int status = 0;  ///< other than the operation's; 0: that one
};

/// A request under way, checked against the document. Its transaction is committed after the operation returned.
struct rest_call {
  sql::transaction& tx;
  const caller& who;
  const http_request& request;
  const http_params& query;  ///< decoded
  const boost::json::object& body;
  const std::function<id128()>& make_id;
  const secret_keys& secrets;
  const engine_views& views;
  const sql::rules_loader& rules;
  const campaigns::place_finder& place;
  utc_time now{};
  const sql::do_not_call_record* list = nullptr;  ///< that came as the body, in its place; of list_body::suppression

  std::optional<std::string_view> query_param(std::string_view name) const;
};

struct opened_export;  // rest_export.hpp
class number_desk;     // number_desk.hpp

/// A request that asks a carrier between its transactions, each of which sees what was committed before it.
class carrier_call {
 public:
  virtual ~carrier_call() = default;
  /// In a snapshot; changes nothing.
  virtual void look(const std::function<void(rest_call&)>& at) = 0;
  /// Committed when this returns, with a row in the audit log and, under an Idempotency-Key, the answer for now. What
  /// is thrown rolls it back.
  virtual rest_answer change(const std::function<rest_answer(rest_call&)>& what) = 0;
  /// For who asks the carrier; not in use meanwhile.
  virtual sql::session& session() = 0;
  /// Throws rest_error when this service has none.
  virtual const number_desk& desk() const = 0;
};

/// A body of any size that is kept in a file until it is there whole. The same list again is done once, so it takes no
/// Idempotency-Key.
enum class list_body : std::uint8_t {
  none,
  contacts,     ///< instead of `run`
  suppression,  ///< a registry's numbers: `run` finds the list built
};

struct query_parameter {
  std::string_view name;
  std::string_view type;  ///< "string", "integer" or "boolean"
  std::string_view description;
  bool needed_unless_confined = false;  ///< says whose; a key that is confined to a workspace may leave it out
};

/// What a key that is confined to a workspace may reach.
enum class reach : std::uint8_t {
  workspace,     ///< the operation looks no further than the workspace
  organisation,  ///< it concerns the whole organisation: refused to a confined key
};

struct rest_operation {
  std::string_view method;  ///< GET looks, in a snapshot; others change, and take an Idempotency-Key
  std::string_view path;    ///< "/v1/campaigns/{campaign_id}"
  std::string_view name;    ///< "getCampaign"
  std::string_view summary;
  sql::scope needs = sql::scope::read;
  reach where = reach::workspace;
  std::string_view takes{};  ///< schema of the body; empty: none
  std::string_view gives{};  ///< schema of the answer
  int success = 200;
  std::vector<query_parameter> query{};
  rest_answer (*run)(rest_call&) = nullptr;
  std::size_t unanswered_max = 1024;            ///< that may wait for an answer; few, where one reads for seconds
  std::chrono::milliseconds respond_within{0};  ///< 0: the server's
  bool only_looks = false;                      ///< a POST that changes nothing: its question takes a body
  list_body takes_list = list_body::none;
  bool is_stream = false;                       ///< answered with events until one side ends it; instead of `run`
  rest_answer (*ask)(carrier_call&) = nullptr;  ///< asks a carrier, on threads that wait for one; instead of `run`
  opened_export (*open_export)(rest_call&) = nullptr;  ///< answered with a file of any length; instead of `run`

  bool changes() const { return method != "GET" && !only_looks; }
};

}  // namespace dialer::api
