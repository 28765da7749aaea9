#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/json_schema.hpp"
#include "api/rest_operation.hpp"

namespace dialer::api {

/// Operations about one kind of thing, with the schemas they speak in as the text of a JSON object.
struct rest_resource {
  std::vector<rest_operation> operations;
  std::string_view schemas;
};

/// The schemas of all resources and those that all share. Throws std::invalid_argument when one is defined twice.
json_schemas gather_schemas(const std::vector<rest_resource>& resources);

/// The OpenAPI 3.1 document of these operations.
std::string openapi_document(const std::vector<rest_operation>& operations, const json_schemas& schemas);

/// Names of the parameters in "/v1/campaigns/{campaign_id}".
std::vector<std::string> path_parameters(std::string_view path);

}  // namespace dialer::api
