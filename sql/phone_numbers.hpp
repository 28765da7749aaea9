#pragma once
// Numbers as their organisations hold them: the whole record, who may use one for what, and what a carrier has still to
// say about one.

#include <optional>
#include <string>
#include <vector>

#include "callerid/inventory.hpp"
#include "model/clock.hpp"
#include "model/ids.hpp"
#include "model/money.hpp"
#include "sql/session.hpp"

namespace dialer::sql {

/// A number with what only its owners need to know.
struct number_record : callerid::phone_number {
  std::string friendly_name;
  bool platform = false;  ///< bought on the platform's account
  std::string area_code;
  std::string carrier_ref;  ///< Twilio PN…, Telnyx's id; empty: not known
  std::string trunk_address;
  std::string trunk_username;
  std::string trunk_password;  ///< sealed, or empty
  std::optional<agent_id> fallback_agent;
  std::string voicemail_message;
  money monthly_cost;  ///< what its wallet pays; none for a number of one's own
  utc_time created_at{};
  std::optional<utc_time> released_at;
};

/// In the order of their making; one that was released stays as what it was.
std::vector<number_record> read_number_records(session& on, organisation_id organisation);
std::optional<number_record> read_number_record(session& on, organisation_id organisation, phone_number_id number);
/// Of all that have this number the one that is not released, else the one that was released last.
std::optional<number_record> find_number_record(session& on, organisation_id organisation, e164 number);

/// A new one under its id; the database dates it. Raises the organisation's generation, as every change below does.
/// Throws sql_error 23505 when the organisation holds the number already.
void insert_number(transaction& in, organisation_id organisation, const number_record& wanted);
/// All but id, number, date and whether it is frozen. False: it was so already. One that becomes released is dated, and
/// loses its assignments.
bool update_number(transaction& in, organisation_id organisation, const number_record& wanted);
/// Gives it up: it is released here, and one of the platform costs no rent any more and is given up at its carrier,
/// too, from `due` on.
void release_number(transaction& in, organisation_id organisation, number_record which, utc_time due);

struct assignment_record : callerid::assignment {
  utc_time since{};
};
/// The earliest first; none of released numbers.
std::vector<assignment_record> read_assignments(session& on, organisation_id organisation);
/// False: it was there. `since`: of one that it takes the place of.
bool add_assignment(transaction& in, organisation_id organisation, const callerid::assignment& wanted,
                    const std::optional<utc_time>& since = {});
bool remove_assignment(transaction& in, organisation_id organisation, const callerid::assignment& which);

/// Stored as its number: append only.
enum class order_kind : std::uint8_t { purchase = 1, release = 2 };

/// What is asked of a carrier about a number, from before it is asked until its answer is acted on.
struct number_order {
  organisation_id organisation;
  phone_number_id number;
  integration_id integration;
  order_kind kind = order_kind::purchase;
  workspace_id workspace;            ///< who paid; the number may be in another one by now
  std::string carrier_order;         ///< the carrier's id of it, once known
  money charged;                     ///< to the workspace's wallet, for a purchase
  std::optional<utc_time> asked_at;  ///< when the carrier may have got the request last; nothing: certainly never
  int looks = 0;                     ///< how often it was asked what became of it, in a row
  utc_time due_at{};                 ///< when there is something to do next
};

void insert_order(transaction& in, const number_order& wanted);
/// What of it changes while it waits: carrier_order, asked_at, looks, due_at.
void update_order(session& on, const number_order& wanted);
/// False: it was settled meanwhile.
bool remove_order(transaction& in, const number_order& which);
std::optional<number_order> read_order(session& on, organisation_id organisation, phone_number_id number);
std::vector<number_order> read_orders(session& on, organisation_id organisation);
/// The one that has waited longest first.
std::vector<number_order> read_due_orders(session& on, organisation_id organisation, utc_time now, int count);

/// Held by who asks a carrier about an order, until its end or the end of the session: nobody else does so meanwhile.
class order_claim {
 public:
  order_claim(session& on, phone_number_id number);
  ~order_claim();
  order_claim(const order_claim&) = delete;
  order_claim& operator=(const order_claim&) = delete;
  bool held() const noexcept { return held_; }

 private:
  session& session_;
  std::int64_t key_;
  bool held_ = false;
};

}  // namespace dialer::sql
