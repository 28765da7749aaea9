#pragma once
// The part of JSON Schema (2020-12, as OpenAPI 3.1 uses it) that our document is written in. What it checks of a
// request is what the document promises, because both read the same text.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/problem.hpp"

namespace dialer::api {

/// Named schemas that refer to each other as "#/components/schemas/NAME". Thread-safe after construction.
class json_schemas {
 public:
  /// Throws std::invalid_argument for a keyword that isn't known here or a reference that leads nowhere: a promise that
  /// nobody checks is a mistake of the source.
  explicit json_schemas(boost::json::object named);

  const boost::json::object& all() const noexcept { return named_; }
  /// What is wrong with the value, by path ("window.monday", "numbers[3]"); empty when nothing is. Tells
  /// twenty mistakes at most.
  std::vector<param_error> check(const boost::json::value& schema, const boost::json::value& value) const;
  /// By the schema of that name, which must be there.
  std::vector<param_error> check_named(std::string_view name, const boost::json::value& value) const;

 private:
  const boost::json::value& resolve(const boost::json::object& schema) const;
  void require_known(const boost::json::value& schema) const;
  void check_at(const std::string& path, const boost::json::value& schema, const boost::json::value& value,
                std::vector<param_error>& errors) const;
  void check_object(const std::string& path, const boost::json::object& schema, const boost::json::object& value,
                    std::vector<param_error>& errors) const;

  boost::json::object named_;
};

}  // namespace dialer::api
