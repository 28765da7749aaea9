#pragma once
// A list of any length as the body of one answer. Rows are read a page at a time, each in a transaction of its own that
// is over before the page is sent: who reads slowly holds two pages of memory and no transaction. Every row is as it
// was when its page was read.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/http_server.hpp"
#include "api/key_ring.hpp"
#include "model/clock.hpp"
#include "sql/session.hpp"

namespace dialer::api {

/// Where an export has come to. Used by one thread at a time.
class export_reader {
 public:
  virtual ~export_reader() = default;
  /// The next page as text. False: that was the last. `in` sees the organisation only.
  virtual bool read(sql::transaction& in, std::string& into) = 0;
};

/// What an export asks of the service, from any thread; it must outlive the export.
struct export_ports {
  /// Runs it on a thread of the workers; false: too much waits, try again later.
  std::function<bool(std::function<void(sql::session&)>)> submit;
  std::function<void(const std::string&)> warn;
  const key_ring& keys;
  const clock& time;
};

/// From its first page on it takes an hour at most, and ends early, without an end that the peer would take for one,
/// when the key is in force no more or the database fails.
class export_stream final : public answer_stream, public std::enable_shared_from_this<export_stream> {
 public:
  static constexpr std::chrono::hours whole_within{1};

  /// `place` among the exports under way: given back with the stream.
  export_stream(std::unique_ptr<export_reader> reader, caller who, export_ports ports, std::shared_ptr<void> place);

  void wake_by(std::function<void()> ready) override;
  std::optional<std::string> next() override;

 private:
  enum class state : std::uint8_t { idle, reading, read, broken };
  void ask();
  void read_page(sql::session& on);

  const std::unique_ptr<export_reader> reader_;
  const caller who_;
  const export_ports ports_;
  const std::shared_ptr<void> place_;
  const steady_time until_;
  std::mutex mutex_;
  // Under mutex_.
  std::function<void()> ready_;
  state state_ = state::idle;
  std::string page_;
  bool last_ = false;  // page_ is
};

}  // namespace dialer::api
