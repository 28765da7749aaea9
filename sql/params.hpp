#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model/clock.hpp"
#include "model/ids.hpp"

namespace dialer::sql {

/// Bound parameters $1, $2, … in binary form. Values are copied in; the order of calls is the order of numbers.
class params {
 public:
  params& boolean(bool value);
  params& int2(std::int64_t value);  ///< smallint
  /// An enumerator is stored as its number.
  template <class Enum>
  requires std::is_enum_v<Enum> params& int2(Enum value) { return int2(static_cast<std::int64_t>(value)); }
  params& int4(std::int64_t value);  ///< integer
  params& int8(std::int64_t value);  ///< bigint
  params& int8(std::uint64_t value) { return int8(static_cast<std::int64_t>(value)); }
  params& float8(double value);
  params& text(std::string_view value);
  params& time(utc_time value);
  params& time(const std::optional<utc_time>& value);  ///< nothing: null
  params& bytea(std::string_view value);
  params& uuid(const id128& value);
  params& uuid(const std::optional<id128>& value);  ///< nothing: null
  params& int8_array(const std::vector<std::int64_t>& values);
  params& uuid_array(const std::vector<id128>& values);
  params& text_array(const std::vector<std::string_view>& values);

  struct bound {
    std::uint32_t type = 0;  ///< PostgreSQL's oid
    std::string bytes;
    bool null = false;
  };
  const std::vector<bound>& values() const { return values_; }

 private:
  params& add(std::uint32_t type, std::string bytes);
  params& add_null(std::uint32_t type);
  std::vector<bound> values_;
};

}  // namespace dialer::sql
