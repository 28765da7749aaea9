#include "api/export_stream.hpp"

#include <stdexcept>
#include <utility>

#include "sql/tenant.hpp"

namespace dialer::api {

export_stream::export_stream(std::unique_ptr<export_reader> reader, caller who, export_ports ports,
                             std::shared_ptr<void> place)
    : reader_{std::move(reader)},
      who_{std::move(who)},
      ports_{std::move(ports)},
      place_{std::move(place)},
      until_{ports_.time.now().steady + whole_within} {}

void export_stream::wake_by(std::function<void()> ready) {
  const std::lock_guard lock{mutex_};
  ready_ = std::move(ready);
}

std::optional<std::string> export_stream::next() {
  // First: whatever else keeps it, its place is not kept for ever.
  if (ports_.time.now().steady >= until_) throw std::runtime_error("an export takes an hour at most");
  const key_verdict standing = ports_.keys.standing(who_.key);
  if (standing == key_verdict::unavailable) return std::string{};
  if (standing != key_verdict::good) throw std::runtime_error("the key of this export is in force no more");
  const std::lock_guard lock{mutex_};
  switch (state_) {
    case state::broken: throw std::runtime_error("a page of this export could not be read");
    case state::idle:
      if (last_) return std::nullopt;
      ask();
      return std::string{};
    case state::reading: return std::string{};
    case state::read: break;
  }
  std::string page = std::move(page_);
  page_.clear();
  state_ = state::idle;
  if (!last_) ask();  // the next one, while this one is on its way
  if (page.empty() && last_) return std::nullopt;
  return page;
}

// With the mutex held.
void export_stream::ask() {
  // Refused: asked again at the next turn.
  if (ports_.submit([self = shared_from_this()](sql::session& on) { self->read_page(on); })) state_ = state::reading;
}

void export_stream::read_page(sql::session& on) {
  std::string page;
  bool more = false;
  bool failed = false;
  try {
    const sql::acting_for tenant{on, who_.organisation};
    sql::transaction tx{on, sql::transaction::mode::snapshot};
    more = reader_->read(tx, page);
    tx.commit();
  } catch (const sql::sql_error& error) {
    failed = true;  // not its words: they quote values, phone numbers among them
    ports_.warn("an export broke off: SQLSTATE " + error.sqlstate());
  } catch (const std::exception& error) {
    failed = true;
    ports_.warn(std::string("an export broke off: ") + error.what());
  }
  std::function<void()> ready;
  {
    const std::lock_guard lock{mutex_};
    state_ = failed ? state::broken : state::read;
    page_ = std::move(page);
    last_ = !more;
    ready = ready_;
  }
  if (ready) ready();
}

}  // namespace dialer::api
