#include "api/pending_answer.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "api/gzip.hpp"
#include "api/http_refusals.hpp"
#include "api/problem.hpp"
#include "api/server_core.hpp"

namespace dialer::api {
namespace {

// Less fits into the segment that is sent anyway.
constexpr std::size_t packed_from_bytes = 1'024;

// A problem is still to get its request's id.
bool is_worth_packing(const http_response& response) {
  return !response.stream && response.body.size() > packed_from_bytes && response.content_type != problem_type;
}

}  // namespace

pending_answer::pending_answer(std::weak_ptr<server_core> core, std::weak_ptr<http_session> connection,
                               std::uint64_t serial, std::shared_ptr<std::atomic<std::size_t>> unanswered, bool packs)
    : core_{std::move(core)},
      connection_{std::move(connection)},
      serial_{serial},
      unanswered_{std::move(unanswered)},
      packs_{packs} {
  ++*unanswered_;
}

pending_answer::~pending_answer() {
  if (deliver(refusals::no_answer())) fault();
}

bool pending_answer::deliver(http_response response) {
  if (answered_.exchange(true)) return false;
  --*unanswered_;
  if (const auto core = core_.lock()) {
    if (packs_ && is_worth_packing(response) && !core->io.get_executor().running_in_this_thread()) {
      response.body = gzip(response.body);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    boost::asio::post(core->io, [connection = connection_, serial = serial_, response = std::move(response)]() mutable {
      if (const auto alive = connection.lock()) alive->answer(std::move(response), serial);
    });
  }
  return true;
}

void pending_answer::fault() {
  if (const auto core = core_.lock()) ++core->stats.handler_faults;
}

}  // namespace dialer::api
