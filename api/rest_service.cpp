#include "api/rest_service.hpp"

#include <array>
#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>

#include "api/applied_wait.hpp"
#include "api/event_board.hpp"
#include "api/event_stream.hpp"
#include "api/event_watch.hpp"
#include "api/export_places.hpp"
#include "api/export_stream.hpp"
#include "api/gzip.hpp"
#include "api/packed_body.hpp"
#include "api/rest_admission.hpp"
#include "api/rest_document.hpp"
#include "api/rest_executor.hpp"
#include "api/rest_export.hpp"
#include "api/rest_failure.hpp"
#include "api/rest_lookup.hpp"
#include "api/rest_uploads.hpp"
#include "api/sql_workers.hpp"
#include "api/suppression_lists.hpp"
#include "api/upload_json.hpp"
#include "sql/tenant.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

constexpr unsigned carrier_threads = 4;  // each waits for a carrier at times
constexpr std::size_t carrier_waiting_max = 32;
constexpr std::size_t uploads_max = 4;             // at a time
constexpr std::chrono::minutes upload_within{60};  // for the import of a list that has come
constexpr std::size_t classes = 6;                 // of status codes; 0 unused

/// An operation in service.
struct served_operation {
  rest_operation what;
  std::array<std::atomic<std::uint64_t>, classes> answered{};
};

sql::connect_options as_tenant(sql::connect_options database) {
  database.role = sql::tenant_role;
  database.application_name = "dialer api";
  return database;
}

}  // namespace

struct rest_service::impl {
  impl(rest_options with, std::vector<rest_resource> resources, const key_ring& ring, const clock& time,
       std::function<id128()> ids, std::function<void(const std::string&)> warning)
      : options{std::move(with)},
        keys{ring},
        make_id{std::move(ids)},
        warn{std::move(warning)},
        schemas{gather_schemas(resources)},
        executor{options, make_id, time, schemas},
        budget{options.rate},
        acknowledgements{options.database, time},
        time_{time},
        suppression{options.suppression_lists},
        uploads{options, time, files, [this](const upload_request& asked) { return campaign_of(asked); }},
        files{options.uploads, options.space},
        events{make_id().high},
        watch{options.database, events, options.views},
        workers{as_tenant(options.database), options.threads, options.waiting_max},
        carrier_workers{as_tenant(options.database), carrier_threads, carrier_waiting_max} {
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

  /// Key, its budget, its scope. Nothing: it is answered. From here on `respond` counts, and tells of the budget.
  std::optional<caller> admit(const std::shared_ptr<served_operation>& operation, const http_request& request,
                              respond_function& respond) {
    respond = count(operation, respond);
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
      check_scope(operation->what, who);
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
                                         respond_function respond) {
    const auto who = admit(operation, request, respond);
    if (!who) return nullptr;
    upload_request asked;
    try {
      asked.admitted = read_request(operation->what, request, *who, schemas);
      asked.import = read_upload(asked.admitted.query);
    } catch (const rest_error& refused) {
      respond(to_response(refused));
      return nullptr;
    }
    asked.import.by =
        audit_of(operation->what, *who, request, asked.admitted.reason, std::string(request.param("campaign_id")));
    const auto failed = [this, operation, respond, id = request.id](const std::exception_ptr& error) {
      respond(answer_failure(operation->what, id, error));
    };
    asked.request = std::move(request);
    return uploads.begin(std::move(asked), respond, failed);
  }

  std::unique_ptr<body_sink> open_suppression_list(const std::shared_ptr<served_operation>& operation,
                                                   http_request request, respond_function respond) {
    const auto who = admit(operation, request, respond);
    if (!who) return nullptr;
    suppression_upload asked;
    try {
      asked = read_suppression_upload(read_request(operation->what, request, *who, schemas).query, time_.now().utc);
    } catch (const rest_error& refused) {
      respond(to_response(refused));
      return nullptr;
    }
    const auto failed = [this, operation, respond, id = request.id](const std::exception_ptr& error) {
      respond(answer_failure(operation->what, id, error));
    };
    return files.begin({[] {},
                        [this, operation, who = *who, asked, respond, request](const std::filesystem::path& text) {
                          sql::session on{as_tenant(options.database)};
                          done_request done;
                          suppression.put(who.organisation, text, asked, on, [&](const sql::do_not_call_record& built) {
                            done = executor.run(operation->what, who, request, on, &built);
                          });
                          return [this, operation, who, respond, done = std::move(done)] {
                            deliver(operation->what, who, done, respond);
                          };
                        },
                        failed});
  }

  void handle(const std::shared_ptr<served_operation>& operation, http_request request, respond_function respond) {
    const auto who = admit(operation, request, respond);
    if (!who) return;
    const auto doing = [this, operation, who = *who, respond, asked = std::move(request)](sql::session& on) mutable {
      work(operation->what, who, asked, on, respond);
    };
    if (operation->what.ask == nullptr) return on_worker(respond, doing);
    if (carrier_workers.submit(doing)) return;
    respond(
        to_response(rest_error{{503, "overloaded", "too many requests wait for carriers; try again in some seconds"}}));
  }

  void open_stream(const std::shared_ptr<served_operation>& operation, const http_request& request,
                   respond_function respond) {
    const auto who = admit(operation, request, respond);
    if (!who) return;
    try {
      (void)read_request(operation->what, request, *who, schemas);
      http_response response;
      response.content_type = "text/event-stream";
      response.stream = std::make_shared<event_stream>(events.of(who->organisation), *who,
                                                       request.header("Last-Event-ID"), keys, time_);
      respond(std::move(response));
    } catch (const rest_error& refused) {
      respond(to_response(refused));
    }
  }

  void open_export(const std::shared_ptr<served_operation>& operation, http_request request, respond_function respond) {
    const auto who = admit(operation, request, respond);
    if (!who) return;
    std::shared_ptr<void> place;
    try {
      place = exports->take(who->organisation);
    } catch (const rest_error& refused) {
      return respond(to_response(refused));
    }
    on_worker(respond, [this, operation, who = *who, respond, place, asked = std::move(request)](sql::session& on) {
      begin_export(operation->what, who, asked, on, place, respond);
    });
  }

  void on_worker(const respond_function& respond, std::function<void(sql::session&)> work) {
    if (workers.submit(std::move(work))) return;
    respond(
        to_response(rest_error{{503, "overloaded", "too many requests wait for the database; try again in a second"}}));
  }

  // --- on a worker's thread ---

  void begin_export(const rest_operation& operation, const caller& who, const http_request& request, sql::session& on,
                    const std::shared_ptr<void>& place, const respond_function& respond) {
    try {
      const admitted_request admitted = read_request(operation, request, who, schemas);
      const sql::acting_for tenant{on, who.organisation};
      sql::transaction tx{on, sql::transaction::mode::snapshot};
      rest_call call = executor.call_of(tx, admitted, request);
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
      respond(answer_failure(operation, request.id, std::current_exception()));
    }
  }

  void work(const rest_operation& operation, const caller& who, http_request& request, sql::session& on,
            const respond_function& respond) {
    try {
      if (auto refused = unpack_body(request)) return respond(std::move(*refused));
      deliver(operation, who,
              operation.ask == nullptr ? executor.run(operation, who, request, on)
                                       : executor.ask(operation, who, request, on),
              respond);
    } catch (...) {
      respond(answer_failure(operation, request.id, std::current_exception()));
    }
  }

  http_response answer_failure(const rest_operation& operation, const std::string& request_id,
                               const std::exception_ptr& failed) const {
    told_failure told = explain_failure(failed);
    if (!told.ours.empty()) warn(request_id + " " + std::string(operation.name) + ": " + told.ours);
    return std::move(told.response);
  }

  void deliver(const rest_operation& operation, const caller& who, done_request done, const respond_function& respond) {
    http_response response;
    response.status = done.status;
    response.content_type = done.status < 400 ? "application/json" : problem_type;
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

  // --- on an upload's thread ---

  campaign_id campaign_of(const upload_request& asked) const {
    sql::session on{as_tenant(options.database)};
    const sql::acting_for tenant{on, asked.admitted.who.organisation};
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    return find_campaign(executor.call_of(tx, asked.admitted, asked.request)).id;
  }

  const rest_options options;
  const key_ring& keys;
  const std::function<id128()> make_id;
  const std::function<void(const std::string&)> warn;
  const json_schemas schemas;
  const rest_executor executor;
  request_budget budget;  // the listener's thread
  std::vector<std::shared_ptr<served_operation>> operations;
  std::string document, document_packed;
  applied_wait acknowledgements;
  const clock& time_;
  suppression_lists suppression;
  rest_uploads uploads;
  list_uploads files;
  event_board events;
  event_watch watch;
  // Shared with those under way, which their connections keep.
  std::shared_ptr<export_places> exports = std::make_shared<export_places>();
  // Last: what they do needs all of the above.
  sql_workers workers;
  sql_workers carrier_workers;
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
    if (what.takes_list != list_body::none) {
      all.push_back({.method = std::string(what.method),
                     .path = std::string(what.path),
                     .unanswered_max = uploads_max,
                     .stream =
                         [self = impl_.get(), operation](http_request request, const respond_function& respond) {
                           return operation->what.takes_list == list_body::contacts
                                      ? self->open_upload(operation, std::move(request), respond)
                                      : self->open_suppression_list(operation, std::move(request), respond);
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
