#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "campaigns/contact.hpp"
#include "campaigns/contact_sink.hpp"
#include "sql/audit_log.hpp"
#include "sql/copy_writer.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// Where imported contacts go: binary COPY, one transaction for contacts, new lanes and progress.
///
/// One importer per campaign at a time: held by an advisory lock and, should that be lost with the connection, by the
/// progress row, which only the store that wrote it last can move on. Blocking; one thread.
class contact_store final : public campaigns::contact_sink {
 public:
  /// `source` names what is imported (say, the digest of the file), so that it can be resumed. Throws
  /// std::invalid_argument when the campaign does not exist or is being imported into, sql_error otherwise.
  /// `by`: whose import it is, noted with the first commit.
  contact_store(connect_options connection, organisation_id organisation, campaign_id campaign, std::string source,
                std::optional<audit_entry> by = {});

  /// Progress of an earlier import of the same source; a fresh one starts from zero.
  const campaigns::import_progress& progress() const { return progress_; }
  /// For this import's contacts: greater than every id of the organisation, and no other import that runs meanwhile
  /// makes the same ones, in whatever campaign.
  id_sequence contact_ids() const;

  std::vector<campaigns::known_number> find(const std::vector<e164>& numbers) override;
  void for_each_number(const std::function<void(e164)>& visit) override;
  void commit(const std::vector<campaigns::imported_contact>& contacts,
              const campaigns::import_progress& progress) override;

 private:
  bool lock_campaign();
  void lock_node();
  void read_lanes();
  bool add_lanes(transaction& in, const std::vector<campaigns::imported_contact>& contacts);
  void encode(const std::vector<campaigns::imported_contact>& contacts);
  void move_progress(transaction& in, const campaigns::import_progress& to);

  session session_;
  organisation_id organisation_;
  campaign_id campaign_;
  std::string source_;
  std::optional<audit_entry> by_;
  campaigns::import_progress progress_;
  contact_id last_contact_;  // of the organisation
  std::uint8_t node_ = 0;    // of its identifiers' makers
  std::unordered_map<std::string, campaigns::lane_number> lanes_;
  copy_writer copy_;
};

/// Stores one contact that is to be called before the campaign's others, in the urgent lane of its place, and raises
/// the generation. Its id and row are given here; in a transaction that has locked the organisation, so that ids are
/// durable in their order. Nullopt when the campaign holds the number.
std::optional<contact_id> add_urgent_contact(transaction& in, organisation_id organisation, campaign_id campaign,
                                             const campaigns::imported_contact& what, utc_time now);

/// The same list tried: its rows are judged as contact_store's would be, and none is kept. What it accepts is
/// remembered in a temporary table of its session, so that memory does not grow with the list. Blocking; one thread.
class contact_trial final : public campaigns::contact_sink {
 public:
  /// Throws sql_error. A campaign that is not there holds no number.
  contact_trial(connect_options connection, organisation_id organisation, campaign_id campaign);

  /// Of an import of this source, begun or done; nullopt when there is none.
  std::optional<campaigns::import_progress> progress(const std::string& source);

  std::vector<campaigns::known_number> find(const std::vector<e164>& numbers) override;
  void for_each_number(const std::function<void(e164)>& visit) override;
  void commit(const std::vector<campaigns::imported_contact>& contacts,
              const campaigns::import_progress& progress) override;

 private:
  session session_;
  organisation_id organisation_;
  campaign_id campaign_;
  copy_writer copy_;
};

}  // namespace dialer::sql
