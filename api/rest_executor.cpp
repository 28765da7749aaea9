#include "api/rest_executor.hpp"

#include <openssl/sha.h>

#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "api/rest_failure.hpp"
#include "api/rest_service.hpp"
#include "sql/api_requests.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

/// The id of what was made or changed, else where it was asked for.
std::string resource_of(const http_request& request, const json::object& answer) {
  const json::value* id = answer.if_contains("id");
  return id != nullptr && id->is_string() ? std::string(id->as_string()) : request.path;
}

std::string digest_of(const http_request& request) {
  const std::string same = request.method + "\n" + request.target + "\n" + request.body;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(same.data()), same.size(),
         reinterpret_cast<unsigned char*>(&digest[0]));
  return digest;
}

done_request done_by(const rest_operation& operation, const rest_answer& answer) {
  return {answer.status == 0 ? operation.success : answer.status, json::serialize(answer.body),
          answer.generation.value_or(0)};
}

std::optional<done_request> begin(sql::transaction& tx, const sql::api_request_name& name) {
  sql::begun_api_request begun = sql::begin_api_request(tx, name);
  switch (begun.standing) {
    case sql::api_request_standing::fresh: return std::nullopt;
    case sql::api_request_standing::repeated:
      return done_request{begun.answer.status, std::move(begun.answer.body), begun.answer.generation, true};
    case sql::api_request_standing::in_progress:
      throw rest_error{{409, "request_in_progress",
                        "the first request with this Idempotency-Key is not done yet; repeat it in a second",
                        "Idempotency-Key"}};
    case sql::api_request_standing::different: break;
  }
  throw rest_error{{422, "idempotency_key_reused",
                    "this Idempotency-Key was used for another request; use a new one for this", "Idempotency-Key"}};
}

class request_at_carrier final : public carrier_call {
 public:
  request_at_carrier(const rest_executor& executor, const number_desk* desk, const rest_operation& operation,
                     const admitted_request& admitted, const http_request& request, sql::session& on)
      : executor_{executor},
        desk_{desk},
        operation_{operation},
        admitted_{admitted},
        request_{request},
        on_{on},
        name_{admitted.who.organisation, admitted.who.key, admitted.idempotency_key, digest_of(request)} {}

  /// What it came to before, when it is a repeat.
  std::optional<done_request> before() {
    if (name_.idempotency_key.empty()) return std::nullopt;
    sql::transaction tx{on_};
    return begin(tx, name_);
  }

  void look(const std::function<void(rest_call&)>& at) override {
    sql::transaction tx{on_, sql::transaction::mode::snapshot};
    rest_call call = executor_.call_of(tx, admitted_, request_);
    at(call);
  }

  rest_answer change(const std::function<rest_answer(rest_call&)>& what) override {
    sql::transaction tx{on_};
    // Another one that came meanwhile was first: this one is a repeat from here on.
    if (!remembers_ && !name_.idempotency_key.empty() && begin(tx, name_)) throw overtaken{};
    rest_call call = executor_.call_of(tx, admitted_, request_);
    rest_answer answer = what(call);
    const done_request done = done_by(operation_, answer);
    if (!name_.idempotency_key.empty()) {
      sql::finish_api_request(tx, name_, {done.status, done.body, done.generation});
    }
    sql::append_audit(
        tx, admitted_.who.organisation,
        audit_of(operation_, admitted_.who, request_, admitted_.reason, resource_of(request_, answer.body)));
    tx.commit();
    changed_ = true;
    remembers_ = !name_.idempotency_key.empty();
    return answer;
  }

  bool changed() const { return changed_; }

  sql::session& session() override { return on_; }

  const number_desk& desk() const override {
    if (desk_ != nullptr) return *desk_;
    throw rest_error{{503, "no_desk", "this engine asks carriers for nothing but calls"}};
  }

  /// What it came to in the end, for a repeat.
  void remember(int status, const std::string& body, std::uint64_t generation) {
    if (!remembers_) return;
    sql::transaction tx{on_};
    sql::finish_api_request(tx, name_, {status, body, generation});
    tx.commit();
  }

  struct overtaken {};

 private:
  const rest_executor& executor_;
  const number_desk* desk_;
  const rest_operation& operation_;
  const admitted_request& admitted_;
  const http_request& request_;
  sql::session& on_;
  const sql::api_request_name name_;
  bool changed_ = false;
  bool remembers_ = false;  // its answer is stored
};

}  // namespace

sql::audit_entry audit_of(const rest_operation& operation, const caller& who, const http_request& request,
                          const std::string& reason, std::string resource) {
  return {who.key.text(), std::string(operation.name), std::move(resource), reason, request.id};
}

done_request rest_executor::run(const rest_operation& operation, const caller& who, const http_request& request,
                                sql::session& on, const sql::do_not_call_record* list) const {
  const admitted_request admitted = read_request(operation, request, who, schemas_);
  const sql::acting_for tenant{on, who.organisation};
  using mode = sql::transaction::mode;
  sql::transaction tx{on, operation.changes() ? mode::read_write : mode::snapshot};
  const sql::api_request_name name{who.organisation, who.key, admitted.idempotency_key, digest_of(request)};
  const bool remembered = !name.idempotency_key.empty();
  if (remembered) {
    if (auto repeated = begin(tx, name)) return std::move(*repeated);
  }
  rest_call call = call_of(tx, admitted, request);
  call.list = list;
  rest_answer answer = operation.run(call);
  done_request done = done_by(operation, answer);
  if (remembered) sql::finish_api_request(tx, name, {done.status, done.body, done.generation});
  if (operation.changes()) {
    sql::append_audit(tx, who.organisation,
                      audit_of(operation, who, request, admitted.reason, resource_of(request, answer.body)));
  }
  tx.commit();
  if (!answer.once.empty()) {
    for (auto& [told, value] : answer.once) answer.body[told] = std::move(value);
    done.body = json::serialize(answer.body);
  }
  return done;
}

done_request rest_executor::ask(const rest_operation& operation, const caller& who, const http_request& request,
                                sql::session& on) const {
  const admitted_request admitted = read_request(operation, request, who, schemas_);
  const sql::acting_for tenant{on, who.organisation};
  request_at_carrier call{*this, options_.desk, operation, admitted, request, on};
  if (auto repeated = call.before()) return std::move(*repeated);
  try {
    const rest_answer answer = operation.ask(call);
    done_request done = done_by(operation, answer);
    call.remember(done.status, done.body, done.generation);
    return done;
  } catch (const request_at_carrier::overtaken&) {
    return call.before().value();
  } catch (const rest_error& refused) {
    call.remember(refused.what_happened().status, to_response(refused).body, 0);
    throw;
  } catch (...) {
    if (!call.changed()) throw;
    throw half_done{std::current_exception()};
  }
}

rest_call rest_executor::call_of(sql::transaction& tx, const admitted_request& admitted,
                                 const http_request& request) const {
  return {tx,
          admitted.who,
          request,
          admitted.query,
          admitted.body,
          make_id_,
          options_.secrets,
          options_.views,
          options_.rules,
          options_.place,
          time_.now().utc};
}

}  // namespace dialer::api
