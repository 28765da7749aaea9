#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "api/list_import.hpp"
#include "cli/audit_by.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/over_rest.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "cli/text_table.hpp"
#include "cli/zone_data.hpp"

namespace dialer::cli {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = 1 << 20;

volatile sig_atomic_t interrupted = 0;

/// Standard input on disk, so that it can be read from the middle like any list; gone with the object.
class spooled_input {
 public:
  spooled_input() {
    std::string name = (fs::temp_directory_path() / "dialer-import-XXXXXX").string();
    const int made = mkstemp(name.data());
    if (made < 0) throw std::runtime_error("cannot keep standard input below " + fs::temp_directory_path().string());
    close(made);
    path_ = name;
    std::ofstream out{path_, std::ios::binary};
    std::vector<char> chunk(chunk_bytes);
    while (std::cin.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), std::cin.gcount() > 0) {
      out.write(chunk.data(), std::cin.gcount());
    }
    if (!out.flush()) {
      unlink(path_.c_str());
      throw std::runtime_error("cannot keep standard input in " + path_.string() + "; is the disk full?");
    }
  }
  ~spooled_input() { unlink(path_.c_str()); }
  spooled_input(const spooled_input&) = delete;
  spooled_input& operator=(const spooled_input&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string verdicts_path(const campaign_import_options& options) {
  if (!options.verdicts.empty()) return options.verdicts;
  if (options.file == "-") {
    throw usage_error("a list from standard input needs --verdicts FILE: where the verdict of every row is written");
  }
  return options.file + ".verdicts.csv";
}

/// A line at most every second on standard error, and the way out when a person asks for it.
class progress_line {
 public:
  explicit progress_line(const clock& time) : time_{time} {}
  bool show(const campaigns::import_progress& progress) {
    const steady_time now = time_.now().steady;
    if (now >= next_) {
      std::fprintf(stderr, "%llu rows: %llu accepted, %llu duplicate, %llu rejected\n",
                   static_cast<unsigned long long>(progress.rows), static_cast<unsigned long long>(progress.accepted),
                   static_cast<unsigned long long>(progress.duplicate),
                   static_cast<unsigned long long>(progress.rejected));
      next_ = now + std::chrono::seconds{1};
    }
    return interrupted == 0;
  }

 private:
  const clock& time_;
  steady_time next_{};
};

void print_result(const campaign_import_options& options, const campaigns::import_progress& progress,
                  const std::string& verdicts) {
  if (options.output == output_format::json) {
    print(json::serialize(json::object{{"rows", progress.rows},
                                       {"accepted", progress.accepted},
                                       {"duplicate", progress.duplicate},
                                       {"rejected", progress.rejected},
                                       {"finished", progress.finished},
                                       {"verdicts", verdicts}}) +
          "\n");
    return;
  }
  text_table table;
  table.row({"rows", std::to_string(progress.rows)});
  table.row({"accepted", std::to_string(progress.accepted)});
  table.row({"duplicate", std::to_string(progress.duplicate)});
  table.row({"rejected", std::to_string(progress.rejected)});
  print(table.text() + "verdict of every row: " + verdicts + "\n");
}

}  // namespace

int run_campaign_import(const campaign_import_options& options) {
  const bool remote = !options.context.empty();
  if (remote && !options.verdicts.empty()) {
    throw usage_error("--verdicts does not go with a context: the service tells the rows that it did not accept");
  }
  const std::string verdict_path = remote ? std::string() : verdicts_path(options);
  std::unique_ptr<spooled_input> spooled;
  if (options.file == "-") spooled = std::make_unique<spooled_input>();
  const fs::path list = spooled ? spooled->path() : fs::path{options.file};
  if (!std::ifstream{list} || fs::is_directory(list)) {
    throw settings_error("cannot read the list " + options.file + "; check the path");
  }
  if (remote) return over_rest::campaign_import(options, list.string());
  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  const system_clock time;
  progress_line shown{time};
  signal(SIGINT, [](int) { interrupted = 1; });
  api::list_import import{list,
                          options.format,
                          options.country,
                          options.phone_column,
                          make_place_finder(load_zone_data()),
                          [&](const std::string&) { return fs::path{verdict_path}; }};
  import.by = audit_by_command("uploadContacts", campaign.campaign.text(), options.reason);
  import.go_on = [&](const campaigns::import_progress& at) { return shown.show(at);
};
const api::list_import_result result =
    api::import_list(import, store.connection(), campaign.organisation, campaign.campaign, time);
if (!result.what.refused.empty()) throw settings_error(options.file + ": " + result.what.refused);
if (result.imported_before) std::fprintf(stderr, "This list was imported before; nothing to do.\n");
print_result(options, result.what.progress, verdict_path);
if (result.what.progress.finished) return exit_ok;
std::fprintf(stderr, "Stopped before the end; the same command goes on where it stopped.\n");
return exit_failed;
}  // namespace dialer::cli

}  // namespace dialer::cli
