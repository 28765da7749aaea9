#include "api/list_import.hpp"

#include <openssl/evp.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "model/hex.hpp"
#include "sql/contact_store.hpp"
#include "sql/session.hpp"
#include "sql/snapshot.hpp"

namespace dialer::api {
namespace {

constexpr std::size_t chunk_bytes = 1 << 20;

constexpr std::string_view number_taken = "contact_by_number";  // a campaign holds a number once
constexpr int tries_max = 100;

campaigns::list_format format_of(const std::string& name) {
  if (name == "csv") return campaigns::list_format::csv;
  if (name == "ndjson") return campaigns::list_format::ndjson;
  return campaigns::list_format::detect;
}

}  // namespace

std::string hex_digest(std::istream& of) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> chunk(chunk_bytes);
  while (of.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), of.gcount() > 0) {
    EVP_DigestUpdate(context.get(), chunk.data(), static_cast<std::size_t>(of.gcount()));
  }
  if (of.bad()) throw std::runtime_error("the list cannot be read to its end");
  std::string hash(32, '\0');
  EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr);
  return to_hex(hash);
}

list_import_result import_list(const list_import& what, const sql::connect_options& database,
                               organisation_id organisation, campaign_id campaign, const clock& time) {
  std::ifstream file{what.list, std::ios::binary};
  if (!file || std::filesystem::is_directory(what.list)) {
    throw std::runtime_error("cannot read the list " + what.list.string());
  }
  campaigns::import_options how;
  how.format = format_of(what.format);
  how.phone_column = what.phone_column;
  how.default_country = what.country;
  if (how.default_country.empty()) {
    sql::session on{database};
    const auto settings = sql::read_campaign(on, organisation, campaign);
    if (!settings) throw std::invalid_argument("there is no campaign " + campaign.text());
    how.default_country = settings->default_country;
  }
  // What else the verdicts depend on belongs to the name: other options are another import.
  const std::string source = "sha256:" + hex_digest(file) + " format=" + what.format +
                             " country=" + how.default_country + " phone=" + how.phone_column;
  list_import_result result;
  std::istringstream name{campaign.text() + " " + source};
  result.verdicts = what.verdicts(hex_digest(name));
  const auto import = [&](campaigns::contact_sink& sink, id_sequence ids, const campaigns::import_progress& from) {
    file.clear();
    file.seekg(0);
    campaigns::verdict_file verdicts{result.verdicts.string()};
    const campaigns::import_ports ports{what.place, sink, verdicts, ids, time, what.go_on};
    result.what = campaigns::import_contacts(file, how, ports, from);
  };
  if (what.dry_run) {
    sql::contact_trial sink{database, organisation, campaign};
    if (const auto known = sink.progress(source)) {
      result.what.progress = *known;
      result.imported_before = known->finished;
    } else {
      result.verdicts = what.list.string() + ".verdicts";
      import(sink, id_sequence{0}, {});
    }
    return result;
  }
  sql::contact_store sink{database, organisation, campaign, source, what.by};
  result.imported_before = sink.progress().finished;
  for (int tries = 1;; ++tries) {
    try {
      import(sink, sink.contact_ids(), sink.progress());
      return result;
    } catch (const sql::sql_error& error) {
      // Somebody who is to be called at once came into the campaign after the list was compared with it: the batch is
      // compared anew.
      if (error.constraint() != number_taken || tries == tries_max) throw;
    }
  }
}

}  // namespace dialer::api
