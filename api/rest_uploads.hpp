#pragma once
// Lists of contacts that are uploaded: from the head of the request to the answer about its rows.

#include <exception>
#include <functional>
#include <memory>

#include "api/list_import.hpp"
#include "api/list_uploads.hpp"
#include "api/rest_admission.hpp"

namespace dialer::api {

struct rest_options;

/// An upload with what is known of it so far.
struct upload_request {
  http_request request;
  admitted_request admitted;
  list_import import;
  campaign_id campaign;
};

class rest_uploads {
 public:
  /// The campaign that the request names, within what its key sees. May block; throws rest_error.
  using campaign_finder = std::function<campaign_id(const upload_request&)>;

  /// `options`, `time` and `files` must outlive it.
  rest_uploads(const rest_options& options, const clock& time, list_uploads& files, campaign_finder find);

  /// Of an upload whose key and query are settled. The listener's thread only; what follows is on a thread of the
  /// upload's own: `respond`, or `failed` with what was thrown.
  std::unique_ptr<body_sink> begin(upload_request what, const respond_function& respond,
                                   std::function<void(std::exception_ptr)> failed);

 private:
  http_response import(const upload_request& asked) const;

  const rest_options& options_;
  const clock& time_;
  const campaign_finder find_;
  list_uploads& files_;
};

}  // namespace dialer::api
