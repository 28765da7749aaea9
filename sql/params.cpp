#include "sql/params.hpp"

#include <bit>

#include "sql/big_endian.hpp"

namespace dialer::sql {
namespace {

// Type oids are fixed for ever in PostgreSQL's catalog (pg_type.dat).
enum : std::uint32_t {
  oid_bool = 16,
  oid_bytea = 17,
  oid_int8 = 20,
  oid_int2 = 21,
  oid_int4 = 23,
  oid_text = 25,
  oid_float8 = 701,
  oid_text_array = 1009,
  oid_int8_array = 1016,
  oid_timestamptz = 1184,
  oid_uuid = 2950,
  oid_uuid_array = 2951,
};

template <class Unsigned>
void append(std::string& to, Unsigned value) {
  char bytes[sizeof value];
  store_big_endian(bytes, value);
  to.append(bytes, sizeof bytes);
}

template <class Unsigned>
std::string encoded(Unsigned value) {
  std::string bytes;
  append(bytes, value);
  return bytes;
}

std::string array_header(std::size_t count, std::uint32_t element) {
  std::string bytes;
  append(bytes, std::uint32_t{count == 0 ? 0U : 1U});  // dimensions
  append(bytes, std::uint32_t{0});                     // no nulls
  append(bytes, element);
  if (count != 0) {
    append(bytes, static_cast<std::uint32_t>(count));
    append(bytes, std::uint32_t{1});  // lower bound
  }
  return bytes;
}

void append_uuid(std::string& to, const id128& value) {
  append(to, value.high);
  append(to, value.low);
}

}  // namespace

params& params::add(std::uint32_t type, std::string bytes) {
  values_.push_back({type, std::move(bytes), false});
  return *this;
}

params& params::add_null(std::uint32_t type) {
  values_.push_back({type, {}, true});
  return *this;
}

params& params::boolean(bool value) {
  return add(oid_bool, encoded(static_cast<std::uint8_t>(value)));
}
params& params::int2(std::int64_t value) {
  return add(oid_int2, encoded(static_cast<std::uint16_t>(value)));
}
params& params::int4(std::int64_t value) {
  return add(oid_int4, encoded(static_cast<std::uint32_t>(value)));
}
params& params::int8(std::int64_t value) {
  return add(oid_int8, encoded(static_cast<std::uint64_t>(value)));
}
params& params::float8(double value) {
  return add(oid_float8, encoded(std::bit_cast<std::uint64_t>(value)));
}
params& params::text(std::string_view value) {
  return add(oid_text, std::string(value));
}
params& params::time(utc_time value) {
  return add(oid_timestamptz, encoded(static_cast<std::uint64_t>(to_postgres(value))));
}
params& params::time(const std::optional<utc_time>& value) {
  return value ? time(*value) : add_null(oid_timestamptz);
}
params& params::bytea(std::string_view value) {
  return add(oid_bytea, std::string(value));
}
params& params::uuid(const std::optional<id128>& value) {
  return value ? uuid(*value) : add_null(oid_uuid);
}

params& params::uuid(const id128& value) {
  std::string bytes;
  append_uuid(bytes, value);
  return add(oid_uuid, std::move(bytes));
}

params& params::int8_array(const std::vector<std::int64_t>& values) {
  std::string bytes = array_header(values.size(), oid_int8);
  for (const std::int64_t value : values) {
    append(bytes, std::uint32_t{8});
    append(bytes, static_cast<std::uint64_t>(value));
  }
  return add(oid_int8_array, std::move(bytes));
}

params& params::uuid_array(const std::vector<id128>& values) {
  std::string bytes = array_header(values.size(), oid_uuid);
  for (const id128& value : values) {
    append(bytes, std::uint32_t{16});
    append_uuid(bytes, value);
  }
  return add(oid_uuid_array, std::move(bytes));
}

params& params::text_array(const std::vector<std::string_view>& values) {
  std::string bytes = array_header(values.size(), oid_text);
  for (const std::string_view value : values) {
    append(bytes, static_cast<std::uint32_t>(value.size()));
    bytes.append(value);
  }
  return add(oid_text_array, std::move(bytes));
}

}  // namespace dialer::sql
