#include "api/rest_service.hpp"

#include <openssl/sha.h>

#include <array>
#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <stdexcept>

#include "api/applied_wait.hpp"
#include "api/event_board.hpp"
#include "api/event_stream.hpp"
#include "api/event_watch.hpp"
#include "api/export_places.hpp"
#include "api/export_stream.hpp"
#include "api/gzip.hpp"
#include "api/list_import.hpp"
#include "api/packed_body.hpp"
#include "api/problem.hpp"
#include "api/rest_admission.hpp"
#include "api/rest_document.hpp"
#include "api/rest_export.hpp"
#include "api/rest_lookup.hpp"
#include "api/sql_workers.hpp"
#include "api/upload_json.hpp"
#include "sql/api_requests.hpp"
#include "sql/audit_log.hpp"
#include "sql/configuration.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr std::size_t uploads_max = 4;             // at a time
constexpr std::chrono::minutes upload_within{60};  // for the import of a list that has come
constexpr std::size_t classes = 6;                 // of status codes; 0 unused

/// An operation in service.
struct served_operation {
  rest_operation what;
  std::array<std::atomic<std::uint64_t>, classes> answered{};
};

/// What an operation came to.
struct done_request {
  int status = 200;
  std::string body;
  std::uint64_t generation = 0;  // 0: nothing to wait for
  bool replayed = false;
};

sql::connect_options as_tenant(sql::connect_options database) {
  database.role = sql::tenant_role;
  database.application_name = "dialer api";
  return database;
}

sql::audit_entry audit_of(const rest_operation& operation, const caller& who, const http_request& request,
                          const std::string& reason, std::string resource) {
  return {who.key.text(), std::string(operation.name), std::move(resource), reason, request.id};
}

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

http_response to_response(const rest_error& refused) {
  http_response response = to_response(refused.what_happened());
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  const std::string& code = refused.what_happened().code;
  if (response.status == 503 || code == "request_in_progress") response.headers.emplace_back("Retry-After", "1");
  return response;
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
  if (error.sqlstate() == "23505") {
    return rest_error{{409, "conflict", "something of that name is there already; choose another or change that one"}};
  }
  return rest_error{{500, "internal", "the request failed here; nothing was changed"}};
}

}  // namespace

namespace {

struct removed_at_end {
  ~removed_at_end() {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  std::filesystem::path file;
};

/// An upload with what is known of it so far.
struct upload_request {
  http_request request;
  admitted_request admitted;
  list_import import;
  campaign_id campaign;
};

}  // namespace

struct rest_service::impl {
  impl(rest_options with, std::vector<rest_resource> resources, const key_ring& ring, const clock& time,
       std::function<id128()> ids, std::function<void(const std::string&)> warning)
      : options{std::move(with)},
        keys{ring},
        make_id{std::move(ids)},
        warn{std::move(warning)},
        schemas{gather_schemas(resources)},
        budget{options.rate},
        acknowledgements{options.database, time},
        time_{time},
        uploads{options.uploads, options.space},
        events{make_id().high},
        watch{options.database, events, options.views},
        workers{as_tenant(options.database), options.threads, options.waiting_max} {
    std::vector<rest_operation> all;
    for (rest_resource& resource : resources) {
      for (rest_operation& one : resource.operations) {
        all.push_back(one);
        operations.push_back(std::make_shared<served_operation>());
        operations.back()->what = std::move(one);
      }
    }
    document = openapi_document(all, schemas);
    document_packed = gzip(document);
  }

  // --- on the listener's thread ---

  static respond_function count(const std::shared_ptr<served_operation>& operation, const respond_function& respond) {
    return [operation, respond](http_response response) {
      const auto status_class = static_cast<std::size_t>(response.status / 100);
      if (status_class < classes) ++operation->answered[status_class];
      respond(std::move(response));
    };
  }

  /// Key, its budget, its scope. Nothing: it is answered. From here on `respond` tells of the budget.
  std::optional<caller> admit(const rest_operation& operation, const http_request& request, respond_function& respond) {
    try {
      const caller who = identify_caller(request, keys);
      const request_budget::verdict given = budget.take(who.key, time_.now().steady);
      respond = [told = budget.headers_of(given), respond](http_response response) {
        response.headers.insert(response.headers.end(), told.begin(), told.end());
        respond(std::move(response));
      };
      if (!given.taken) {
        throw rest_error{{429, "rate_limited",
                          "this API key has no requests left; wait for " + std::to_string(given.more_after.count()) +
                              " s (Retry-After), and pace requests by the RateLimit header"}};
      }
      check_scope(operation, who);
      return who;
    } catch (const rest_error& refused) {
      respond(to_response(refused));
      return std::nullopt;
    }
  }

  http_response document_for(const http_request& request) const {
    http_response response;
    response.content_type = "application/json";
    const bool packs = accepts_gzip(request.header("Accept-Encoding"));
    response.body = packs ? document_packed : document;
    if (packs) response.headers.emplace_back("Content-Encoding", "gzip");
    return response;
  }

  std::unique_ptr<body_sink> open_upload(const std::shared_ptr<served_operation>& operation, http_request request,
                                         const respond_function& respond) {
    respond_function counted = count(operation, respond);
    const auto who = admit(operation->what, request, counted);
    if (!who) return nullptr;
    auto asked = std::make_shared<upload_request>();
    asked->request = std::move(request);
    try {
      asked->admitted = read_request(operation->what, asked->request, *who, schemas);
      asked->import = read_upload(asked->admitted.query);
    } catch (const rest_error& refused) {
      counted(to_response(refused));
      return nullptr;
    }
    asked->import.place = options.place;
    asked->import.by = audit_of(operation->what, *who, asked->request, asked->admitted.reason,
                                std::string(asked->request.param("campaign_id")));
    asked->import.verdicts = [this](const std::string& name) { return uploads.directory() / (name + ".verdicts.csv"); };
    asked->import.go_on = [this](const campaigns::import_progress&) { return !uploads.stopping(); };
    return uploads.begin({[this, asked] { find_upload_campaign(*asked); },
                          [this, asked, counted](const std::filesystem::path& list) {
                            asked->import.list = list;
                            counted(import_upload(*asked));
                          },
                          [this, asked, counted, operation](std::exception_ptr error) {
                            counted(explain_failure(operation->what, asked->request, error));
                          }});
  }

  void handle(const std::shared_ptr<served_operation>& operation, http_request request,
              const respond_function& respond) {
    respond_function counted = count(operation, respond);
    const auto who = admit(operation->what, request, counted);
    if (!who) return;
    const bool taken =
        workers.submit([this, operation, who = *who, counted, asked = std::move(request)](sql::session& on) mutable {
          work(operation->what, who, asked, on, counted);
        });
    if (!taken) {
      counted(to_response(
          rest_error{{503, "overloaded", "too many requests wait for the database; try again in a second"}}));
    }
  }

  void open_stream(const std::shared_ptr<served_operation>& operation, const http_request& request,
                   const respond_function& respond) {
    respond_function counted = count(operation, respond);
    const auto who = admit(operation->what, request, counted);
    if (!who) return;
    try {
      (void)read_request(operation->what, request, *who, schemas);
      http_response response;
      response.content_type = "text/event-stream";
      response.stream = std::make_shared<event_stream>(events.of(who->organisation), *who,
                                                       request.header("Last-Event-ID"), keys, time_);
      counted(std::move(response));
    } catch (const rest_error& refused) {
      counted(to_response(refused));
    }
  }

  void open_export(const std::shared_ptr<served_operation>& operation, http_request request,
                   const respond_function& respond) {
    respond_function counted = count(operation, respond);
    const auto who = admit(operation->what, request, counted);
    if (!who) return;
    std::shared_ptr<void> place;
    try {
      place = exports->take(who->organisation);
    } catch (const rest_error& refused) {
      return counted(to_response(refused));
    }
    const bool taken =
        workers.submit([this, operation, who = *who, counted, place, asked = std::move(request)](sql::session& on) {
          begin_export(operation->what, who, asked, on, place, counted);
        });
    if (!taken) {
      counted(to_response(
          rest_error{{503, "overloaded", "too many requests wait for the database; try again in a second"}}));
    }
  }

  // --- on a worker's thread ---

  void begin_export(const rest_operation& operation, const caller& who, const http_request& request, sql::session& on,
                    const std::shared_ptr<void>& place, const respond_function& respond) {
    try {
      const admitted_request admitted = read_request(operation, request, who, schemas);
      const sql::acting_for tenant{on, who.organisation};
      sql::transaction tx{on, sql::transaction::mode::snapshot};
      rest_call call = call_of(tx, admitted, request);
      opened_export opened = operation.open_export(call);
      tx.commit();
      http_response response;
      response.content_type = content_type_of(opened.format);
      response.end_is_told = true;
      export_ports ports{[this](std::function<void(sql::session&)> work) { return workers.submit(std::move(work)); },
                         warn, keys, time_};
      response.stream = std::make_shared<export_stream>(std::move(opened.reader), who, std::move(ports), place);
      respond(std::move(response));
    } catch (...) {
      respond(explain_failure(operation, request, std::current_exception()));
    }
  }

  /// Of what outlives the call.
  rest_call call_of(sql::transaction& tx, const admitted_request& admitted, const http_request& request) const {
    return {tx,
            admitted.who,
            request,
            admitted.query,
            admitted.body,
            make_id,
            options.secrets,
            options.views,
            options.rules,
            options.place,
            time_.now().utc};
  }

  void work(const rest_operation& operation, const caller& who, http_request& request, sql::session& on,
            const respond_function& respond) {
    try {
      if (auto refused = unpack_body(request)) return respond(std::move(*refused));
      deliver(operation, who, perform(operation, who, request, on), respond);
    } catch (...) {
      respond(explain_failure(operation, request, std::current_exception()));
    }
  }

  http_response explain_failure(const rest_operation& operation, const http_request& request,
                                const std::exception_ptr& failed) const {
    try {
      std::rethrow_exception(failed);
    } catch (const rest_error& refused) {
      return to_response(refused);
    } catch (const sql::rule_refused& refused) {
      return to_response(rule_problem(refused.why(), false));
    } catch (const sql::configuration_error& refused) {
      return to_response(rest_error{{409, "conflict", refused.what()}});
    } catch (const sql::sql_error& error) {
      const rest_error told = explain(error);
      // Not its words when the server spoke them: they quote values, phone numbers among them.
      const bool quotes = error.kind() == sql::error_class::refused;
      if (told.what_happened().status >= 500) {
        complain(operation, request, quotes ? "SQLSTATE " + error.sqlstate() : error.what());
      }
      return to_response(told);
    } catch (const std::exception& error) {
      complain(operation, request, error.what());
      return to_response(rest_error{{500, "internal", "the request failed here; nothing was changed"}});
    }
  }

  // --- on an upload's thread ---

  void find_upload_campaign(upload_request& asked) const {
    const caller& who = asked.admitted.who;
    sql::session on{as_tenant(options.database)};
    const sql::acting_for tenant{on, who.organisation};
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    const rest_call call = call_of(tx, asked.admitted, asked.request);
    asked.campaign = find_campaign(call).id;
  }

  http_response import_upload(const upload_request& asked) const {
    list_import_result done;
    const removed_at_end verdicts_of_dry_run{asked.import.list.string() + ".verdicts"};
    try {
      done = import_list(asked.import, options.database, asked.admitted.who.organisation, asked.campaign, time_);
    } catch (const std::invalid_argument& refused) {
      throw rest_error{{409, "conflict", refused.what()}};
    }
    if (!done.what.refused.empty()) throw rest_error{{422, "no_list", done.what.refused}};
    http_response response;
    response.content_type = "application/json";
    response.body = json::serialize(upload_json(asked.import, done));
    return response;
  }

  void complain(const rest_operation& operation, const http_request& request, const std::string& why) const {
    warn(request.id + " " + std::string(operation.name) + ": " + why);
  }

  done_request perform(const rest_operation& operation, const caller& who, const http_request& request,
                       sql::session& on) {
    const admitted_request admitted = read_request(operation, request, who, schemas);
    const sql::acting_for tenant{on, who.organisation};
    using mode = sql::transaction::mode;
    sql::transaction tx{on, operation.changes() ? mode::read_write : mode::snapshot};
    const sql::api_request_name name{who.organisation, who.key, admitted.idempotency_key, digest_of(request)};
    const bool remembered = !name.idempotency_key.empty();
    if (remembered) {
      if (auto repeated = begin(tx, name)) return std::move(*repeated);
    }
    rest_call call = call_of(tx, admitted, request);
    rest_answer answer = operation.run(call);
    done_request done{operation.success, json::serialize(answer.body), answer.generation.value_or(0)};
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

  static std::optional<done_request> begin(sql::transaction& tx, const sql::api_request_name& name) {
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

  void deliver(const rest_operation& operation, const caller& who, done_request done, const respond_function& respond) {
    http_response response;
    response.status = done.status;
    response.content_type = "application/json";
    if (done.replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
    if (done.generation == 0 || operation.method == "GET") {
      response.body = std::move(done.body);
      return respond(std::move(response));
    }
    acknowledgements.wait(who.organisation, done.generation, options.acknowledged_within,
                          [respond, response, body = std::move(done.body)](bool applied) mutable {
                            json::value told = json::parse(body);
                            told.as_object()["engine"] = applied ? "acknowledged" : "pending";
                            if (!applied) response.status = 202;
                            response.body = json::serialize(told);
                            respond(std::move(response));
                          });
  }

  const rest_options options;
  const key_ring& keys;
  const std::function<id128()> make_id;
  const std::function<void(const std::string&)> warn;
  const json_schemas schemas;
  request_budget budget;  // the listener's thread
  std::vector<std::shared_ptr<served_operation>> operations;
  std::string document, document_packed;
  applied_wait acknowledgements;
  const clock& time_;
  list_uploads uploads;
  event_board events;
  event_watch watch;
  // Shared with those under way, which their connections keep.
  std::shared_ptr<export_places> exports = std::make_shared<export_places>();
  sql_workers workers;  // last: what it does needs all of the above
};

rest_service::rest_service(rest_options options, std::vector<rest_resource> resources, const key_ring& keys,
                           const clock& time, std::function<id128()> make_id,
                           std::function<void(const std::string&)> warn)
    : impl_{std::make_shared<impl>(std::move(options), std::move(resources), keys, time, std::move(make_id),
                                   std::move(warn))} {}

rest_service::~rest_service() = default;

std::vector<route> rest_service::routes() {
  std::vector<route> all;
  for (const auto& operation : impl_->operations) {
    const rest_operation& what = operation->what;
    if (what.takes_list) {
      all.push_back({.method = std::string(what.method),
                     .path = std::string(what.path),
                     .unanswered_max = uploads_max,
                     .stream =
                         [self = impl_.get(), operation](http_request request, const respond_function& respond) {
                           return self->open_upload(operation, std::move(request), respond);
                         },
                     .respond_within = upload_within});
      continue;
    }
    if (what.is_stream) {
      all.push_back({std::string(what.method), std::string(what.path),
                     [self = impl_.get(), operation](const http_request& request, const respond_function& respond) {
                       self->open_stream(operation, request, respond);
                     }});
      continue;
    }
    if (what.open_export != nullptr) {
      all.push_back({std::string(what.method), std::string(what.path),
                     [self = impl_.get(), operation](http_request request, const respond_function& respond) {
                       self->open_export(operation, std::move(request), respond);
                     }});
      continue;
    }
    all.push_back({.method = std::string(what.method),
                   .path = std::string(what.path),
                   .handle =
                       [self = impl_.get(), operation](http_request request, const respond_function& respond) {
                         self->handle(operation, std::move(request), respond);
                       },
                   .unanswered_max = what.unanswered_max,
                   .respond_within = what.respond_within,
                   .takes_gzip = true});
  }
  all.push_back(
      {"GET", "/v1/openapi.json", [self = impl_.get()](const http_request& request, const respond_function& respond) {
         respond(self->document_for(request));
       }});
  return all;
}

rest_stats rest_service::stats() const {
  rest_stats stats;
  for (const auto& operation : impl_->operations) {
    for (std::size_t i = 1; i < classes; ++i) {
      const std::uint64_t answered = operation->answered[i].load();
      if (answered == 0) continue;
      stats.lines.push_back(
          {std::string(operation->what.method), std::string(operation->what.path), std::to_string(i) + "xx", answered});
    }
  }
  return stats;
}

void write_metrics(const rest_stats& stats, metric_writer& out) {
  for (const rest_stats::line& one : stats.lines) {
    out.counter("dialer_api_requests_total", "Requests to the REST API that were answered.", one.answered,
                {{"method", one.method}, {"route", one.path}, {"status", one.status}});
  }
}

}  // namespace dialer::api
