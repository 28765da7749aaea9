#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "campaigns/importer.hpp"
#include "campaigns/verdicts.hpp"
#include "cli/commands.hpp"
#include "cli/errors.hpp"
#include "cli/lookup.hpp"
#include "cli/place_finder.hpp"
#include "cli/system_clock.hpp"
#include "cli/text_table.hpp"
#include "cli/zone_data.hpp"
#include "sql/contact_store.hpp"
#include "sql/snapshot.hpp"

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

// A list is known by its bytes: the same list under another name is the same import.
std::string digest_of(std::istream& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> chunk(chunk_bytes);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
    EVP_DigestUpdate(context.get(), chunk.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw std::runtime_error("the list cannot be read to its end");
  file.clear();
  file.seekg(0);
  std::array<unsigned char, 32> hash{};
  EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
  std::string hex;
  for (const unsigned char byte : hash) {
    constexpr const char* digits = "0123456789abcdef";
    hex += {digits[byte >> 4], digits[byte & 15]};
  }
  return hex;
}

campaigns::list_format format_of(const std::string& name) {
  if (name == "csv") return campaigns::list_format::csv;
  if (name == "ndjson") return campaigns::list_format::ndjson;
  return campaigns::list_format::detect;
}

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
  const std::string verdict_path = verdicts_path(options);
  std::unique_ptr<spooled_input> spooled;
  if (options.file == "-") spooled = std::make_unique<spooled_input>();
  const fs::path list = spooled ? spooled->path() : fs::path{options.file};
  std::ifstream file{list, std::ios::binary};
  if (!file || fs::is_directory(list))
    throw settings_error("cannot read the list " + options.file + "; check the path");

  const database store{options.database};
  sql::session on = store.open();
  const found_campaign campaign = find_campaign(on, options.which);
  campaigns::import_options how;
  how.format = format_of(options.format);
  how.phone_column = options.phone_column;
  how.default_country = options.country.empty()
                            ? sql::read_campaign(on, campaign.organisation, campaign.campaign).value().default_country
                            : options.country;
  // What else the verdicts depend on belongs to the name: other options are another import.
  const std::string source = "sha256:" + digest_of(file) + " format=" + options.format +
                             " country=" + how.default_country + " phone=" + how.phone_column;
  sql::contact_store sink{store.connection(), campaign.organisation, campaign.campaign, source};
  if (sink.progress().finished) std::fprintf(stderr, "This list was imported before; nothing to do.\n");
  campaigns::verdict_file verdicts{verdict_path};
  const system_clock time;
  id_sequence ids{0, sink.last_contact().value};
  progress_line shown{time};
  signal(SIGINT, [](int) { interrupted = 1; });
  const campaigns::import_ports ports{
      make_place_finder(load_zone_data()), sink, verdicts, ids, time, [&](const campaigns::import_progress& at) {
        return shown.show(at);
      }};
  const campaigns::import_result result = campaigns::import_contacts(file, how, ports, sink.progress());
  if (!result.refused.empty()) throw settings_error(options.file + ": " + result.refused);
  print_result(options, result.progress, verdict_path);
  if (result.progress.finished) return exit_ok;
  std::fprintf(stderr, "Stopped before the end; the same command goes on where it stopped.\n");
  return exit_failed;
}

}  // namespace dialer::cli
