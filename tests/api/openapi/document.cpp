// Writes the document that GET /v1/openapi.json answers with.
#include <iostream>

#include "api/rest_document.hpp"
#include "api/rest_resources.hpp"

int main() {
  std::vector<dialer::api::rest_operation> all;
  for (const dialer::api::rest_resource& resource : dialer::api::rest_resources()) {
    all.insert(all.end(), resource.operations.begin(), resource.operations.end());
  }
  std::cout << dialer::api::openapi_document(all, dialer::api::gather_schemas(dialer::api::rest_resources())) << "\n";
}
