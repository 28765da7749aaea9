#include "api/list_text.hpp"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "api/instants.hpp"
#include "campaigns/verdicts.hpp"

namespace dialer::api {
namespace {

namespace json = boost::json;

const char* state_of(const sql::attempt_record& one) {
  if (!one.learned) return "decided";
  switch (one.learned->kind) {
    case engine::outcome_kind::accepted: return "accepted";
    case engine::outcome_kind::in_doubt: return "in_doubt";
    case engine::outcome_kind::adopted: return "adopted";
    case engine::outcome_kind::held: return "held";
    case engine::outcome_kind::not_sent: return "not_sent";
    case engine::outcome_kind::rejected: return "rejected";
    case engine::outcome_kind::absent: return "absent";
    case engine::outcome_kind::ended: return "ended";
    case engine::outcome_kind::late: return "late";
  }
  return "decided";
}

}  // namespace

json::object contact_json(campaign_id campaign, const sql::contact_row& row) {
  json::object one{{"id", row.contact.text()},
                   {"campaign_id", campaign.text()},
                   {"row", row.row},
                   {"number", row.number.text()},
                   {"name", row.name},
                   {"external_id", row.external_id},
                   {"stage", std::string(to_string(row.stage))},
                   {"attempts", row.attempts},
                   {"disposition", nullptr},
                   {"reason", nullptr},
                   {"due_at", nullptr}};
  if (row.ended_as) one["disposition"] = std::string(to_string(*row.ended_as));
  if (row.why != reason::none) one["reason"] = std::string(to_string(row.why));
  if (row.due_at) one["due_at"] = to_text(*row.due_at);
  return one;
}

json::object attempt_json(const sql::attempt_record& one) {
  const engine::outcome learned = one.learned.value_or(engine::outcome{});
  json::object all{{"id", one.attempt.text()},
                   {"campaign_id", one.campaign.text()},
                   {"contact_id", one.contact.text()},
                   {"to", one.to.text()},
                   {"from", one.from.text()},
                   {"number", one.number},
                   {"decided_at", to_text(one.decided_at)},
                   {"state", state_of(one)},
                   {"changed_at", nullptr},
                   {"disposition", nullptr},
                   {"reason", nullptr},
                   {"answered", learned.answered},
                   {"duration_s", learned.duration_s},
                   {"call_ref", one.call_ref},
                   {"carrier_code", learned.carrier_code}};
  if (one.learned) all["changed_at"] = to_text(learned.at);
  if (learned.ended_as) all["disposition"] = std::string(to_string(*learned.ended_as));
  if (learned.why != reason::none) all["reason"] = std::string(to_string(learned.why));
  return all;
}

void append_head(std::string& to, export_format format, const json::object& row) {
  if (format == export_format::ndjson) return;
  bool first = true;
  for (const auto& field : row) {
    if (!first) to += ',';
    to += std::string_view{field.key().data(), field.key().size()};
    first = false;
  }
  to += "\r\n";
}

void append_row(std::string& to, export_format format, const json::object& row) {
  if (format == export_format::ndjson) {
    to += json::serialize(row);
    to += '\n';
    return;
  }
  bool first = true;
  for (const auto& field : row) {
    if (!first) to += ',';
    first = false;
    const json::value& value = field.value();
    if (value.is_string()) {
      campaigns::append_cell(to, std::string_view{value.as_string().data(), value.as_string().size()});
    } else if (!value.is_null()) {
      to += json::serialize(value);
    }
  }
  to += "\r\n";
}

}  // namespace dialer::api
