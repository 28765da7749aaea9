#include "api/list_uploads.hpp"

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "api/rest_operation.hpp"

namespace dialer::api {
namespace {

constexpr std::string_view spool_prefix = "upload-";

/// What stays free of the disk, whatever comes.
constexpr std::uintmax_t left_free_min = std::uintmax_t{1} << 30;

/// Between two looks at the disk.
constexpr std::size_t look_every_bytes = 4 * 1024 * 1024;

/// Between the listener's thread, which gives pieces, and the upload's, which writes them down. Holds one.
struct channel {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::string> piece;
  std::function<void()> go_on;
  bool whole = false;
  bool abandoned = false;

  void set(bool channel::*flag) {
    const std::lock_guard lock{mutex};
    this->*flag = true;
    changed.notify_all();
  }
};

class upload_sink final : public body_sink {
 public:
  explicit upload_sink(std::shared_ptr<channel> to) : to_{std::move(to)} {}
  ~upload_sink() override { to_->set(&channel::abandoned); }
  upload_sink(const upload_sink&) = delete;
  upload_sink& operator=(const upload_sink&) = delete;

  void take(std::string piece, std::function<void()> go_on) override {
    const std::lock_guard lock{to_->mutex};
    to_->piece = std::move(piece);
    to_->go_on = std::move(go_on);
    to_->changed.notify_all();
  }
  void finish() override { to_->set(&channel::whole); }

 private:
  std::shared_ptr<channel> to_;
};

/// A file of its own, gone with the object.
class spool_file {
 public:
  explicit spool_file(const std::filesystem::path& directory)
      : path_{(directory / (std::string(spool_prefix) + "XXXXXX")).string()} {
    descriptor_ = mkstemp(path_.data());
    if (descriptor_ < 0) throw std::runtime_error("an upload cannot be kept below " + directory.string());
  }
  ~spool_file() {
    close(descriptor_);
    unlink(path_.c_str());
  }
  spool_file(const spool_file&) = delete;
  spool_file& operator=(const spool_file&) = delete;

  void append(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) throw std::runtime_error("an upload cannot be kept in " + path_ + "; is the disk full?");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
};

void require_room(const std::filesystem::space_info& disk) {
  if (disk.available >= left_free_min) return;
  throw rest_error{{413, "no_room",
                    "the engine's disk is nearly full; have room made where it keeps its state (--state-dir), then "
                    "send the list again"}};
}

/// False: it was cut off. `look` is called before the first byte is written, and every few MiB.
bool receive(channel& from, const spool_file& into, const std::function<void()>& look) {
  std::size_t unseen = look_every_bytes;
  std::unique_lock lock{from.mutex};
  for (;;) {
    from.changed.wait(lock, [&] { return from.piece || from.whole || from.abandoned; });
    if (from.whole) return true;
    if (from.abandoned) return false;
    const std::string piece = *std::exchange(from.piece, std::nullopt);
    const std::function<void()> go_on = std::move(from.go_on);
    lock.unlock();
    if ((unseen += piece.size()) >= look_every_bytes) {
      look();
      unseen = 0;
    }
    into.append(piece);
    go_on();
    lock.lock();
  }
}

}  // namespace

disk_space system_disk_space() {
  return [](const std::filesystem::path& directory) { return std::filesystem::space(directory); };
}

list_uploads::list_uploads(std::filesystem::path directory, disk_space space)
    : directory_{std::move(directory)}, space_{std::move(space)} {
  std::filesystem::create_directories(directory_);
  // What an engine that was killed left behind: half a list, of no use to anybody.
  std::vector<std::filesystem::path> left;
  for (const auto& each : std::filesystem::directory_iterator{directory_}) {
    if (each.path().filename().string().starts_with(spool_prefix)) left.push_back(each.path());
  }
  for (const std::filesystem::path& each : left) std::filesystem::remove(each);
}

list_uploads::~list_uploads() {
  stopping_ = true;
  for (std::future<void>& each : running_) each.wait();
}

std::unique_ptr<body_sink> list_uploads::begin(list_upload what) {
  std::erase_if(running_, [](const std::future<void>& each) {
    return each.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  });
  auto between = std::make_shared<channel>();
  running_.push_back(std::async(std::launch::async, [this, between, upload = std::move(what)] {
    try {
      upload.admit();
      std::function<void()> tell = [] {};
      {
        const spool_file list{directory_};
        if (receive(*between, list, [this] { require_room(space_(directory_)); })) tell = upload.import(list.path());
      }
      tell();
    } catch (...) {
      upload.failed(std::current_exception());
    }
  }));
  return std::make_unique<upload_sink>(std::move(between));
}

}  // namespace dialer::api
