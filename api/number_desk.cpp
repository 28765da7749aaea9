#include "api/number_desk.hpp"

#include <algorithm>
#include <stdexcept>

#include "carriers/http/tls_client.hpp"
#include "engine/base_url.hpp"
#include "sql/generation.hpp"
#include "sql/number_health.hpp"
#include "sql/number_rents.hpp"
#include "sql/wallet.hpp"

namespace dialer::api {
namespace {

using carriers::number_outcome;

constexpr std::chrono::seconds first_wait{10};
constexpr int doublings_max = 8;  // of the wait: 43 minutes at most
constexpr std::size_t held_max = 20'000;
constexpr int pages_max = 200;  // of a list, however little is on each
constexpr int due_at_once = 20;

std::chrono::seconds wait_after(int looks) {
  return first_wait * (1 << std::min(looks, doublings_max));
}

/// One question: `encode` writes it, `decode` reads the answer.
template <class Encode, class Decode>
auto exchange(const ask_carrier& ask, const carriers::account& over, Encode encode, Decode decode) {
  const auto codec = carriers::make_number_codec(over);
  std::string request;
  encode(*codec, request);
  const carriers::http::kept_answer answer = ask(over, std::move(request));
  return decode(*codec, carriers::http::http_answer(answer));
}

}  // namespace

carriers::account number_desk::account(sql::session& on, organisation_id organisation,
                                       integration_id integration) const {
  for (sql::integration_record& one : sql::read_integrations(on, organisation)) {
    if (one.account.id != integration) continue;
    if (one.revoked_at) {
      throw std::runtime_error("integration \"" + one.account.name + "\" was revoked; set the account up again");
    }
    one.account.secret = options_.resolve_secret(one.secret_ref, {organisation, integration});
    (void)carriers::make_number_codec(one.account);
    (void)engine::parse_base_url(one.account.base_url);
    if (!one.account.ca_file.empty()) carriers::http::check_ca_file(one.account.ca_file);
    return std::move(one.account);
  }
  throw std::runtime_error("there is no integration " + integration.text());
}

carriers::number_page<carriers::offered_number> number_desk::search(const carriers::account& over,
                                                                    const carriers::number_search& query) const {
  return exchange(
      options_.ask, over, [&](auto& codec, auto& out) { codec.encode_search(query, out); },
      [](auto& codec, const auto& answer) { return codec.decode_search(answer); });
}

carriers::number_page<carriers::held_number> number_desk::held(const carriers::account& over,
                                                               std::optional<e164> only) const {
  carriers::number_page<carriers::held_number> all;
  int pages = 0;
  do {
    auto page = exchange(
        options_.ask, over, [&](auto& codec, auto& out) { codec.encode_held(only, all.next, out); },
        [](auto& codec, const auto& answer) { return codec.decode_held(answer); });
    all.clean = page.clean;
    all.why = std::move(page.why);
    all.refused = page.refused;
    all.next = std::move(page.next);
    std::ranges::move(page.numbers, std::back_inserter(all.numbers));
    if (all.numbers.size() > held_max || ++pages == pages_max) {
      all.clean = all.clean && all.next.empty() && all.numbers.size() <= held_max;
      if (!all.clean && all.why.empty()) all.why = "its list of the account's numbers does not end";
    }
  } while (all.clean && !all.next.empty());
  if (only) std::erase_if(all.numbers, [&](const auto& one) { return one.number != *only; });  // carriers match parts
  return all;
}

carriers::number_answer number_desk::route(const carriers::account& over, const std::string& carrier_ref) const {
  const std::string url = options_.voice_url(over.kind);
  return exchange(
      options_.ask, over, [&](auto& codec, auto& out) { codec.encode_route(carrier_ref, url, out); },
      [](auto& codec, const auto& answer) { return codec.decode_route(answer); });
}

std::string number_desk::webhook_of(const carriers::account& over) const {
  return over.kind == carriers::carrier_kind::telnyx ? over.connection_id : options_.voice_url(over.kind);
}

order_standing number_desk::settle(sql::session& on, organisation_id organisation, phone_number_id number) const {
  const sql::order_claim claim{on, number};
  if (!claim.held()) return {.why = "it is being asked for"};
  const auto order = sql::read_order(on, organisation, number);
  if (!order) return {.settled = true};
  carriers::account over;
  try {
    over = account(on, organisation, order->integration);
  } catch (const sql::sql_error&) {
    throw;
  } catch (const std::exception& wrong) {
    if (order->kind == sql::order_kind::purchase && !order->asked_at) return not_asked(on, *order, wrong.what());
    put_off(on, *order, wrong.what());
    return {.why = wrong.what()};
  }
  return order->kind == sql::order_kind::purchase ? purchase(on, over, *order) : release(on, over, *order);
}

order_standing number_desk::purchase(sql::session& on, const carriers::account& over, sql::number_order order) const {
  const auto number = sql::read_number_record(on, order.organisation, order.number).value();
  const std::string reference = order.number.text();
  const bool asks = !order.asked_at;
  carriers::number_answer answer;
  if (asks) {
    order.asked_at = time_.now().utc;
    order.due_at = *order.asked_at + answered_within;
    sql::update_order(on, order);  // before the request leaves: whoever finds this looks first
    const std::string url = options_.voice_url(over.kind);
    answer = exchange(
        options_.ask, over, [&](auto& codec, auto& out) { codec.encode_buy(number.number, reference, url, out); },
        [](auto& codec, const auto& got) { return codec.decode_buy(got); });
  } else {
    answer = exchange(
        options_.ask, over, [&](auto& codec, auto& out) { codec.encode_find_purchase(number.number, reference, out); },
        [&](auto& codec, const auto& got) { return codec.decode_find_purchase(got, number.number); });
  }
  const utc_time now = time_.now().utc;
  if (!answer.carrier_order.empty()) order.carrier_order = answer.carrier_order;
  switch (answer.outcome) {
    case number_outcome::done: bought(on, order, answer.carrier_ref); return {.settled = true};
    case number_outcome::refused:
      // Of one that may still be on its way to the carrier, the carrier knows nothing yet.
      if (asks || !order.carrier_order.empty() || now >= *order.asked_at + known_within) {
        refund(on, order, answer.why);
        return {.settled = true, .why = answer.why, .gone = answer.gone};
      }
      order.due_at = *order.asked_at + known_within;
      sql::update_order(on, order);
      return {.why = answer.why};
    case number_outcome::throttled:
      if (asks) {
        order.asked_at.reset();
        return not_asked(on, order, answer.why);
      }
      break;
    case number_outcome::unknown:
      if (asks) return {.why = answer.why};  // due as it was written
      break;
    case number_outcome::pending: break;
  }
  put_off(on, order, answer.outcome == number_outcome::pending ? "" : answer.why);
  return {.why = answer.why};
}

order_standing number_desk::release(sql::session& on, const carriers::account& over, sql::number_order order) const {
  const auto number = sql::read_number_record(on, order.organisation, order.number).value();
  order.asked_at = time_.now().utc;
  // One that the carrier never named is given up by what it lists; but one that was bought anew since was given up.
  std::string reference = number.carrier_ref;
  const auto now = reference.empty() ? sql::find_number_record(on, order.organisation, number.number) : std::nullopt;
  const bool anew = now && now->id != number.id && now->status != callerid::number_status::released && now->platform &&
                    now->integration == order.integration;
  if (anew && now->status == callerid::number_status::pending) {
    put_off(on, order, "");
    return {.why = "it is being bought anew"};
  }
  if (reference.empty() && !anew) {
    const auto page = held(over, number.number);
    if (!page.clean) {
      put_off(on, order, page.why);
      return {.why = page.why};
    }
    if (!page.numbers.empty()) reference = page.numbers.front().carrier_ref;
  }
  carriers::number_answer answer{.outcome = number_outcome::done};
  if (!reference.empty()) {
    answer = exchange(
        options_.ask, over, [&](auto& codec, auto& out) { codec.encode_release(reference, out); },
        [](auto& codec, const auto& got) { return codec.decode_release(got); });
  }
  if (answer.outcome != number_outcome::done) {
    put_off(on, order, answer.why);
    return {.why = answer.why};
  }
  sql::transaction tx{on};
  sql::lock_organisation(tx, order.organisation);
  sql::remove_order(tx, order);
  tx.commit();
  return {.settled = true};
}

void number_desk::bought(sql::session& on, const sql::number_order& order, const std::string& carrier_ref) const {
  sql::transaction tx{on};
  sql::lock_organisation(tx, order.organisation);
  if (!sql::remove_order(tx, order)) return;
  auto number = sql::read_number_record(on, order.organisation, order.number).value();
  number.status = callerid::number_status::active;
  number.carrier_ref = carrier_ref;
  sql::update_number(tx, order.organisation, number);
  const utc_time now = time_.now().utc;
  sql::start_rent(tx, order.organisation, order.number, now);
  sql::begin_warm_up(tx, order.organisation, number.number, now);
  tx.commit();
}

void number_desk::refund(sql::session& on, const sql::number_order& order, const std::string& why) const {
  sql::transaction tx{on};
  sql::lock_organisation(tx, order.organisation);
  if (!sql::remove_order(tx, order)) return;
  auto number = sql::read_number_record(on, order.organisation, order.number).value();
  number.status = callerid::number_status::released;
  sql::update_number(tx, order.organisation, number);
  sql::transfer back;
  back.id = wallet_transfer_id{options_.make_id()};
  back.name = "refund " + order.number.text();
  back.from = sql::wallet_account::purchases;
  back.to = sql::wallet_account::balance;
  back.amount = order.charged;
  back.number = order.number;
  back.note = why;
  const auto moved = sql::move_money(tx, order.organisation, order.workspace, back);
  if (moved != sql::transfer_outcome::done) throw std::logic_error("a purchase that was paid can't be refunded");
  tx.commit();
}

// A purchase that its carrier certainly never heard of.
order_standing number_desk::not_asked(sql::session& on, const sql::number_order& order, const std::string& why) const {
  if (order.looks < tries_max) {
    put_off(on, order, why);
    return {.why = why};
  }
  refund(on, order, why);
  return {.settled = true, .why = why};
}

// Nothing is given up for want of an answer: it is asked again, ever later.
void number_desk::put_off(sql::session& on, sql::number_order order, const std::string& why) const {
  order.due_at = time_.now().utc + wait_after(order.looks);
  ++order.looks;
  sql::update_order(on, order);
  if (!why.empty()) options_.warn(order.number.text() + ": its carrier can't settle the order yet: " + why);
}

carriers::account account_of(carrier_call& call, organisation_id organisation, integration_id integration) {
  const number_desk& desk = call.desk();
  try {
    return desk.account(call.session(), organisation, integration);
  } catch (const sql::sql_error&) {
    throw;
  } catch (const std::exception& wrong) {
    throw rest_error{{409, "account_unusable", std::string("the carrier account can't be used: ") + wrong.what()}};
  }
}

number_workers::number_workers(const sql::connect_options& connection, unsigned threads, const number_desk& desk,
                               const clock& time)
    : desk_{desk}, time_{time} {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, connection] { run(sql::session{connection}); });
  }
}

number_workers::~number_workers() {
  {
    const std::lock_guard lock{mutex_};
    stop_.request_stop();
  }
  wake_.notify_all();
  for (std::thread& each : threads_) each.join();
}

void number_workers::run(sql::session session) {
  const auto stopping = [this] { return stop_.stop_requested(); };
  while (!stopping()) {
    try {
      for (const sql::organisation_record& of : sql::read_organisations(session)) {
        for (const sql::number_order& one : sql::read_due_orders(session, of.id, time_.now().utc, due_at_once)) {
          if (stopping()) return;
          settle(session, one);
        }
      }
    } catch (const sql::sql_error&) {
      session.disconnect();  // /readyz says that the database is gone
    }
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, look_every, stopping);
  }
}

void number_workers::settle(sql::session& on, const sql::number_order& due) {
  std::string broken;
  try {
    desk_.settle(on, due.organisation, due.number);
    return;
  } catch (const sql::sql_error& error) {
    if (error.kind() != sql::error_class::refused) throw;
    broken = "SQLSTATE " + error.sqlstate();
  } catch (const std::exception& error) {
    broken = error.what();
  }
  desk_.warn(due.number.text() + ": its order can't be settled: " + broken);  // others' can
}

}  // namespace dialer::api
