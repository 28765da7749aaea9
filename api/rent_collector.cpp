#include "api/rent_collector.hpp"

#include "sql/configuration.hpp"
#include "sql/number_rents.hpp"

namespace dialer::api {

void write_metrics(const rent_stats& stats, metric_writer& out) {
  out.counter("dialer_number_rents_charged_total", "Months of rent that wallets paid for numbers.", stats.charged);
  out.gauge("dialer_number_rents_unpaid", "Numbers whose rent their wallet does not cover.",
            static_cast<double>(stats.unpaid));
}

rent_collector::rent_collector(const clock& time, std::function<id128()> make_id,
                               std::function<void(const std::string&)> warn)
    : time_{time}, make_id_{std::move(make_id)}, warn_{std::move(warn)} {}

void rent_collector::start(const sql::connect_options& connection) {
  thread_ = std::thread{[this, connection] { run(sql::session{connection}); }};
}

void rent_collector::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void rent_collector::run(sql::session session) {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    lock.unlock();
    try {
      look(session);
    } catch (const sql::sql_error&) {
      session.disconnect();  // /readyz says that the database is gone
    }
    lock.lock();
    wake_.wait_for(lock, look_every, [this] { return stopping_; });
  }
}

void rent_collector::look(sql::session& on) {
  const utc_time now = time_.now().utc;
  std::uint64_t unpaid = 0;
  for (const sql::organisation_record& one : sql::read_organisations(on)) {
    for (const phone_number_id number : sql::read_due_rents(on, one.id, now, due_max)) charge(on, one.id, number, now);
    unpaid += sql::count_unpaid_rents(on, one.id);
  }
  unpaid_ = unpaid;
}

void rent_collector::charge(sql::session& on, organisation_id organisation, phone_number_id number, utc_time now) {
  sql::rent_charge made;
  do {
    try {
      sql::transaction tx{on};
      made = sql::charge_rent(tx, organisation, number, now, wallet_transfer_id{make_id_()});
      tx.commit();
    } catch (const sql::sql_error& error) {
      if (error.kind() != sql::error_class::refused) throw;
      warn_("the rent of " + number.text() + " is not charged: " + error.what());
      return;  // others' is, and this one is tried again
    }
    charged_ += made.outcome == sql::rent_outcome::charged;
  } while (made.outcome == sql::rent_outcome::charged);
  if (made.outcome == sql::rent_outcome::unpaid) {
    warn_("the wallet of " + made.workspace.text() + " does not cover the rent of " + number.text() + ", " +
          to_string(made.amount) + "; it is tried again every day, and when money comes in: dialer wallet top-up");
  }
}

rent_stats rent_collector::stats() const {
  return {charged_, unpaid_};
}

}  // namespace dialer::api
