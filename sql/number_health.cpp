#include "sql/number_health.hpp"

#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

std::optional<utc_time> time_of(const result& row, int column) {
  return row.null(0, column) ? std::nullopt : std::optional{row.time(0, column)};
}

std::vector<callerid::health_record> read(session& on, const char* statement, const params& with) {
  std::vector<callerid::health_record> all;
  on.for_each_row(statement, with, [&](const result& row) {
    callerid::health_record& one = all.emplace_back();
    one.number = row.phone(0, 0);
    one.state = row.enumerator<callerid::health>(0, 1);
    one.since = row.time(0, 2);
    one.until = time_of(row, 3);
    one.warm_up_from = time_of(row, 4);
    one.rests = static_cast<std::uint32_t>(row.integer(0, 5));
    one.counted_from = row.time(0, 6);
    if (!row.null(0, 7)) one.ratio = row.float8(0, 7);
    one.why = row.text(0, 8);
  });
  return all;
}

}  // namespace

std::vector<callerid::health_record> read_number_health(session& on, organisation_id organisation) {
  return read(on,
              "SELECT DISTINCT ON (number) number, state, since, until, warm_up_from, rests, counted_from, ratio, why "
              "FROM number_health WHERE org_id = $1 ORDER BY number DESC, since DESC, by_person DESC",
              params{}.uuid(organisation));
}

std::vector<callerid::health_record> read_health_history(session& on, organisation_id organisation, e164 number,
                                                         std::optional<utc_time> before, int count) {
  return read(on,
              "SELECT number, state, since, until, warm_up_from, rests, counted_from, ratio, why FROM number_health "
              "WHERE org_id = $1 AND number = $2 AND ($3::timestamptz IS NULL OR since < $3) "
              "ORDER BY since DESC, by_person DESC LIMIT $4",
              params{}.uuid(organisation).int8(number.digits()).time(before).int8(std::int64_t{count}));
}

void begin_warm_up(transaction& in, organisation_id organisation, e164 number, utc_time from) {
  in.run(
      "WITH newest AS (SELECT since, state, until FROM number_health WHERE org_id = $1 AND number = $2 "
      "ORDER BY since DESC, by_person DESC LIMIT 1) "
      "INSERT INTO number_health (org_id, number, since, state, warm_up_from, counted_from, why, by_person) "
      "SELECT $1, $2, greatest($3, (SELECT since + interval '1 microsecond' FROM newest)), 0, $3, $3, "
      "'new: warms up', true WHERE NOT EXISTS (SELECT FROM newest WHERE state = 4 OR (state = 3 AND until > $3))",
      params{}.uuid(organisation).int8(number.digits()).time(from));
}

void end_rest(transaction& in, organisation_id organisation, e164 number, utc_time now, const std::string& why) {
  lock_organisation(in, organisation);
  in.run(
      "INSERT INTO number_health (org_id, number, since, state, warm_up_from, counted_from, ratio, why, by_person) "
      "SELECT DISTINCT ON (number) org_id, number, greatest($3, since + interval '1 microsecond'), 1::smallint, "
      "warm_up_from, $3, ratio, $4, true FROM number_health "
      "WHERE org_id = $1 AND number = $2 ORDER BY number, since DESC, by_person DESC",
      params{}.uuid(organisation).int8(number.digits()).time(now).text(why));
  raise_generation(in, organisation);
}

}  // namespace dialer::sql
