#include "sql/contact_store.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "sql/generation.hpp"

namespace dialer::sql {
namespace {

constexpr std::size_t lanes_max = std::numeric_limits<std::int16_t>::max();

std::optional<campaigns::import_progress> read_progress(session& on, organisation_id organisation, campaign_id campaign,
                                                        const std::string& source) {
  const result row = on.run(
      "SELECT byte_offset, rows, accepted, duplicate, rejected, verdict_bytes, finished FROM campaign_import "
      "WHERE org_id = $1 AND campaign_id = $2 AND source = $3",
      params{}.uuid(organisation).uuid(campaign).text(source));
  if (row.rows() == 0) return std::nullopt;
  return campaigns::import_progress{row.number(0, 0), row.number(0, 1), row.number(0, 2), row.number(0, 3),
                                    row.number(0, 4), row.number(0, 5), row.boolean(0, 6)};
}

campaigns::lane_number add_lane(transaction& in, organisation_id organisation, campaign_id campaign,
                                const std::string& place, bool urgent) {
  const result made = in.run(
      "INSERT INTO lane (org_id, campaign_id, lane, place, urgent) SELECT $1, $2, coalesce(max(lane) + 1, 0), $3, $4 "
      "FROM lane WHERE org_id = $1 AND campaign_id = $2 RETURNING lane",
      params{}.uuid(organisation).uuid(campaign).text(place).boolean(urgent));
  return static_cast<campaigns::lane_number>(made.integer(0, 0));
}

params numbers_of(organisation_id organisation, campaign_id campaign, const std::vector<e164>& numbers) {
  std::vector<std::int64_t> digits;
  digits.reserve(numbers.size());
  for (const e164 number : numbers) digits.push_back(static_cast<std::int64_t>(number.digits()));
  return params{}.uuid(organisation).uuid(campaign).int8_array(digits);
}

std::vector<campaigns::known_number> known_numbers(const result& rows) {
  std::vector<campaigns::known_number> known;
  known.reserve(static_cast<std::size_t>(rows.rows()));
  for (int i = 0; i < rows.rows(); ++i) known.push_back({rows.phone(i, 0), rows.number(i, 1)});
  return known;
}

void visit_numbers(session& on, organisation_id organisation, campaign_id campaign,
                   const std::function<void(e164)>& visit) {
  on.for_each_row("SELECT number FROM contact WHERE org_id = $1 AND campaign_id = $2",
                  params{}.uuid(organisation).uuid(campaign), [&](const result& row) { visit(row.phone(0, 0)); });
}

}  // namespace

contact_store::contact_store(connect_options connection, organisation_id organisation, campaign_id campaign,
                             std::string source, std::optional<audit_entry> by)
    : session_{std::move(connection)},
      organisation_{organisation},
      campaign_{campaign},
      source_{std::move(source)},
      by_{std::move(by)} {
  const params key = params{}.uuid(organisation_).uuid(campaign_);
  if (session_.run("SELECT 1 FROM campaign WHERE org_id = $1 AND id = $2", key).rows() == 0) {
    throw std::invalid_argument("there is no campaign " + campaign_.text());
  }
  if (!lock_campaign()) {
    throw std::invalid_argument("another import into campaign " + campaign_.text() + " is running: wait until it ends");
  }
  lock_node();
  read_lanes();
  const result greatest = session_.run(
      "SELECT max(newest.contact_id) FROM lane l, LATERAL (SELECT c.contact_id FROM contact c WHERE c.org_id = "
      "l.org_id AND c.campaign_id = l.campaign_id AND c.lane = l.lane ORDER BY c.contact_id DESC LIMIT 1) newest "
      "WHERE l.org_id = $1",
      params{}.uuid(organisation_));
  last_contact_ = greatest.narrow<contact_id>(0, 0);

  if (const auto known = read_progress(session_, organisation_, campaign_, source_)) progress_ = *known;
}

// An import that was just killed holds its lock until the server notices: a moment is waited for that.
bool contact_store::lock_campaign() {
  constexpr int tries = 40;
  for (int i = 0; i < tries; ++i) {
    const result locked = session_.run("SELECT pg_try_advisory_lock(hashtextextended($1, 0)), pg_sleep($2)",
                                       params{}.text(campaign_.text()).float8(i == 0 ? 0 : 0.05));
    if (locked.boolean(0, 0)) return true;
  }
  return false;
}

// Of several imports into one organisation each makes ids under a number of its own. 1 is add_urgent_contact's.
void contact_store::lock_node() {
  const result locked = session_.run(
      "SELECT n FROM generate_series(2, 255) n WHERE pg_try_advisory_lock(hashtextextended('contacts ' || $1 || ' ' || "
      "n, 0)) LIMIT 1",
      params{}.text(organisation_.text()));
  if (locked.rows() == 0)
    throw std::invalid_argument("254 imports of this organisation are running: wait until one ends");
  node_ = static_cast<std::uint8_t>(locked.integer(0, 0));
}

// From the next millisecond on: within one, ids are not ordered by when they were made but by who made them.
id_sequence contact_store::contact_ids() const {
  constexpr std::uint64_t rest_of_millisecond = (1 << 22) - 1;
  return id_sequence{node_, last_contact_.value | rest_of_millisecond};
}

void contact_store::read_lanes() {
  lanes_.clear();
  const result rows = session_.run("SELECT place, lane FROM lane WHERE org_id = $1 AND campaign_id = $2 AND NOT urgent",
                                   params{}.uuid(organisation_).uuid(campaign_));
  for (int i = 0; i < rows.rows(); ++i) {
    lanes_[std::string(rows.text(i, 0))] = static_cast<campaigns::lane_number>(rows.integer(i, 1));
  }
}

std::vector<campaigns::known_number> contact_store::find(const std::vector<e164>& numbers) {
  return known_numbers(session_.run(
      "SELECT c.number, c.source_row FROM unnest($3) n JOIN contact c ON c.org_id = $1 AND c.campaign_id = $2 "
      "AND c.number = n",
      numbers_of(organisation_, campaign_, numbers)));
}

void contact_store::for_each_number(const std::function<void(e164)>& visit) {
  visit_numbers(session_, organisation_, campaign_, visit);
}

bool contact_store::add_lanes(transaction& in, const std::vector<campaigns::imported_contact>& contacts) {
  bool added = false;
  for (const auto& contact : contacts) {
    if (lanes_.contains(contact.place)) continue;
    if (!added) lock_organisation(in, organisation_);
    if (lanes_.size() >= lanes_max) {
      throw std::invalid_argument("row " + std::to_string(contact.row) + ": the campaign has " +
                                  std::to_string(lanes_max) + " different places already: split the list");
    }
    const auto number = add_lane(in, organisation_, campaign_, contact.place, false);
    lanes_.emplace(contact.place, number);
    added = true;
  }
  return added;
}

void contact_store::encode(const std::vector<campaigns::imported_contact>& contacts) {
  copy_.clear();
  const std::string* last_place = nullptr;  // neighbours in a list often share their place
  campaigns::lane_number lane = 0;
  for (const auto& contact : contacts) {
    if (contact.id <= last_contact_) {
      throw std::logic_error("contact " + contact.id.text() + " does not come after " + last_contact_.text() +
                             ": a dialed lane would pass it over");
    }
    last_contact_ = contact.id;
    if (last_place == nullptr || *last_place != contact.place) {
      lane = lanes_.at(contact.place);
      last_place = &contact.place;
    }
    copy_.row(12);
    copy_.uuid(organisation_);
    copy_.uuid(campaign_);
    copy_.int2(static_cast<std::int16_t>(lane));
    copy_.int8(static_cast<std::int64_t>(contact.id.value));
    copy_.int8(static_cast<std::int64_t>(contact.number.digits()));
    copy_.int8(static_cast<std::int64_t>(contact.row));
    copy_.text(contact.name);
    copy_.text(contact.external_id);
    copy_.text(contact.time_zone);
    copy_.text(contact.state);
    copy_.text(contact.postal_code);
    copy_.jsonb(contact.variables);
  }
}

void contact_store::move_progress(transaction& in, const campaigns::import_progress& to) {
  const result moved = in.run(
      "INSERT INTO campaign_import AS known (org_id, campaign_id, source, byte_offset, rows, accepted, duplicate, "
      "rejected, verdict_bytes, finished) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
      "ON CONFLICT (org_id, campaign_id, source) DO UPDATE SET byte_offset = $4, rows = $5, accepted = $6, "
      "duplicate = $7, rejected = $8, verdict_bytes = $9, finished = $10, updated_at = now() "
      "WHERE known.byte_offset = $11 AND known.rows = $12 AND NOT known.finished",
      params{}
          .uuid(organisation_)
          .uuid(campaign_)
          .text(source_)
          .int8(to.byte_offset)
          .int8(to.rows)
          .int8(to.accepted)
          .int8(to.duplicate)
          .int8(to.rejected)
          .int8(to.verdict_bytes)
          .boolean(to.finished)
          .int8(progress_.byte_offset)
          .int8(progress_.rows));
  if (moved.affected() != 1) {
    throw std::runtime_error("the import of this source was continued by another process, or is finished");
  }
}

void contact_store::commit(const std::vector<campaigns::imported_contact>& contacts,
                           const campaigns::import_progress& progress) {
  const contact_id last_before = last_contact_;
  try {
    transaction tx{session_};
    // The engine hears of new lanes, and of contacts in lanes that it may have found empty.
    if (add_lanes(tx, contacts)) {
      raise_generation(tx, organisation_);
    } else if (progress.finished) {
      lock_organisation(tx, organisation_);
      raise_generation(tx, organisation_);
    }
    move_progress(tx, progress);
    encode(contacts);
    if (!contacts.empty()) {
      session_.copy_in(
          "COPY contact (org_id, campaign_id, lane, contact_id, number, source_row, name, external_id, time_zone, "
          "state, "
          "postal_code, variables) FROM STDIN (FORMAT binary)",
          copy_.bytes());
    }
    if (by_) append_audit(tx, organisation_, *by_);
    tx.commit();
    by_.reset();
    progress_ = progress;
  } catch (...) {
    last_contact_ = last_before;
    lanes_
        .clear();  // numbers given in this transaction are void; without them the next commit fails instead of guessing
    if (session_.connected()) read_lanes();
    throw;
  }
}

std::optional<contact_id> add_urgent_contact(transaction& in, organisation_id organisation, campaign_id campaign,
                                             const campaigns::imported_contact& what, utc_time now) {
  const params of = params{}.uuid(organisation).uuid(campaign);
  const result found = in.run("SELECT lane FROM lane WHERE org_id = $1 AND campaign_id = $2 AND place = $3 AND urgent",
                              params{of}.text(what.place));
  const auto lane = found.rows() != 0 ? static_cast<campaigns::lane_number>(found.integer(0, 0))
                                      : add_lane(in, organisation, campaign, what.place, true);
  const result last = in.run(
      "SELECT max(newest.contact_id) FROM lane l, LATERAL (SELECT c.contact_id FROM contact c WHERE c.org_id = "
      "l.org_id "
      "AND c.campaign_id = l.campaign_id AND c.lane = l.lane ORDER BY c.contact_id DESC LIMIT 1) newest "
      "WHERE l.org_id = $1 AND l.urgent",
      params{}.uuid(organisation));
  // Another node than the importers', whose ids in other lanes may be made at this moment.
  id_sequence ids{1, last.narrow<contact_id>(0, 0).value};
  const contact_id id{ids.next(now)};
  const result stored = in.run(
      "INSERT INTO contact (org_id, campaign_id, lane, contact_id, number, source_row, name, external_id, time_zone, "
      "state, postal_code, variables) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11::jsonb) "
      "ON CONFLICT (org_id, campaign_id, number) DO NOTHING",
      params{of}
          .int2(lane)
          .int8(id.value)
          .int8(what.number.digits())
          .text(what.name)
          .text(what.external_id)
          .text(what.time_zone)
          .text(what.state)
          .text(what.postal_code)
          .text(what.variables));
  if (stored.affected() != 1) return std::nullopt;
  raise_generation(in, organisation);
  return id;
}

contact_trial::contact_trial(connect_options connection, organisation_id organisation, campaign_id campaign)
    : session_{std::move(connection)}, organisation_{organisation}, campaign_{campaign} {
  session_.run("CREATE TEMPORARY TABLE tried (number bigint PRIMARY KEY, source_row bigint NOT NULL)");
}

std::optional<campaigns::import_progress> contact_trial::progress(const std::string& source) {
  return read_progress(session_, organisation_, campaign_, source);
}

std::vector<campaigns::known_number> contact_trial::find(const std::vector<e164>& numbers) {
  return known_numbers(session_.run(
      "SELECT c.number, c.source_row FROM unnest($3) n JOIN contact c ON c.org_id = $1 AND c.campaign_id = $2 "
      "AND c.number = n UNION ALL SELECT t.number, t.source_row FROM unnest($3) n JOIN tried t ON t.number = n",
      numbers_of(organisation_, campaign_, numbers)));
}

void contact_trial::for_each_number(const std::function<void(e164)>& visit) {
  visit_numbers(session_, organisation_, campaign_, visit);
}

void contact_trial::commit(const std::vector<campaigns::imported_contact>& contacts,
                           const campaigns::import_progress&) {
  if (contacts.empty()) return;
  copy_.clear();
  for (const auto& contact : contacts) {
    copy_.row(2);
    copy_.int8(static_cast<std::int64_t>(contact.number.digits()));
    copy_.int8(static_cast<std::int64_t>(contact.row));
  }
  session_.copy_in("COPY tried (number, source_row) FROM STDIN (FORMAT binary)", copy_.bytes());
}

}  // namespace dialer::sql
