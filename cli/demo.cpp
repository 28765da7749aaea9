#include "cli/demo.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "campaigns/importer.hpp"
#include "cli/audit.hpp"
#include "cli/database.hpp"
#include "cli/demo_carriers.hpp"
#include "cli/engine_runtime.hpp"
#include "cli/errors.hpp"
#include "cli/instants.hpp"
#include "cli/key_file.hpp"
#include "cli/live_view.hpp"
#include "cli/new_id.hpp"
#include "cli/place_finder.hpp"
#include "cli/secrets.hpp"
#include "cli/settings_file.hpp"
#include "cli/system_clock.hpp"
#include "cli/zone_data.hpp"
#include "compliance/calling_window.hpp"
#include "sql/campaign_report.hpp"
#include "sql/configuration.hpp"
#include "sql/contact_store.hpp"
#include "sql/snapshot.hpp"

namespace dialer::cli {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto look_every = 50ms;
// Contacts that may be dialed again within this time are waited for; the rest stay waiting and are told.
constexpr auto worth_waiting_for = 2min;

// A directory of the demonstration's own, gone afterwards.
class scratch_directory {
 public:
  explicit scratch_directory(const std::string& given) : path_{given}, ours_{given.empty()} {
    if (ours_) {
      char name[] = "/tmp/dialer-demo-XXXXXX";
      if (mkdtemp(name) == nullptr) throw std::runtime_error{"no directory for the demonstration below /tmp"};
      path_ = name;
      // The database runs as another user when we are root.
      fs::permissions(path_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    } else {
      fs::create_directories(path_);
    }
  }
  ~scratch_directory() {
    std::error_code ignored;
    if (ours_) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool ours_;
};

// The last weekday, 17:00 UTC: noon in New York, nine in the morning in Los Angeles, too early in Honolulu.
utc_time stated_instant(const std::string& given) {
  if (!given.empty()) {
    const auto at = parse_instant(given);
    if (!at) throw usage_error{"--wall-clock '" + given + "' is no instant; write 2026-11-18T17:00:00Z"};
    return *at;
  }
  auto day = std::chrono::floor<std::chrono::days>(system_clock{}.now().utc);
  while (std::chrono::weekday{day} == std::chrono::Saturday || std::chrono::weekday{day} == std::chrono::Sunday) {
    day -= std::chrono::days{1};
  }
  return day + 17h;
}

fs::path example(const char* name) {
  for (const fs::path& base : {fs::path{"examples"}, fs::path{DIALER_EXAMPLES_DIR}}) {
    if (fs::exists(base / name)) return base / name;
  }
  throw settings_error{std::string{"examples/"} + name + " is not here; run from the project's folder or name a file"};
}

// The carriers are told where to call back before the listener is up, so its port is settled first.
std::string free_address() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = bind(probe, generic, size) == 0 && getsockname(probe, generic, &size) == 0;
  close(probe);
  if (!found) throw std::runtime_error{"no free port on 127.0.0.1"};
  return fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
}

struct demonstration {
  organisation_id organisation;
  campaign_id campaign;
};

// The example's carriers become the simulated ones; everything else is applied as it stands.
demonstration configure(sql::session& session, settings wanted, const demo_carriers& carriers,
                        const demo_carriers_options& secrets) {
  setenv("DIALER_DEMO_TWILIO_TOKEN", secrets.twilio_token.c_str(), 1);
  setenv("DIALER_DEMO_TELNYX_KEY", secrets.telnyx_key.c_str(), 1);
  for (sql::integration_record& integration : wanted.integrations) {
    carriers::account& account = integration.account;
    account.ca_file = carriers.reached().ca_file;
    if (account.kind == carriers::carrier_kind::twilio) {
      account.base_url = carriers.reached().twilio_url;
      account.account_sid = secrets.twilio_sid;
      integration.secret_ref = "env:DIALER_DEMO_TWILIO_TOKEN";
    } else {
      account.base_url = carriers.reached().telnyx_url;
      account.connection_id = secrets.telnyx_connection;
      account.webhook_public_key = carriers.reached().telnyx_public_key;
      integration.secret_ref = "env:DIALER_DEMO_TELNYX_KEY";
    }
  }
  apply(session, wanted);
  demonstration made;
  made.organisation = sql::find_organisation(session, wanted.organisation).value();
  made.campaign = sql::read_campaigns(session, made.organisation).front().id;
  return made;
}

campaigns::import_progress import_list(const database& store, const demonstration& demo, const fs::path& list,
                                       const fs::path& verdicts_path, const clock& time) {
  std::ifstream file{list, std::ios::binary};
  if (!file) throw settings_error{"the list " + list.string() + " can't be read"};
  sql::contact_store sink{store.connection(), demo.organisation, demo.campaign, list.filename().string()};
  campaigns::verdict_file verdicts{verdicts_path.string()};
  id_sequence ids = sink.contact_ids();
  const campaigns::import_ports ports{make_place_finder(load_zone_data()), sink, verdicts, ids, time, {}};
  const campaigns::import_result result = campaigns::import_contacts(file, {}, ports);
  if (!result.refused.empty()) throw settings_error{list.string() + ": " + result.refused};
  return result.progress;
}

// Nothing open, and nothing that becomes dialable soon.
bool finished(const std::vector<engine::organisation_view>& views, utc_time now) {
  bool any = false;
  for (const engine::organisation_view& view : views) {
    for (const engine::campaign_view& campaign : view.campaigns) {
      any = true;
      if (!campaign.idle || (campaign.next_at && *campaign.next_at < now + worth_waiting_for)) return false;
    }
  }
  return any;
}

struct closed_place {
  std::string place;
  std::uint64_t contacts = 0;
  std::optional<utc_time> opens_at;
};

struct report {
  campaigns::import_progress contacts;
  sql::campaign_status status;
  audit_result audit;
  std::vector<closed_place> closed;
  double seconds = 0;
  utc_time instant{};
  std::string verdicts;

  std::uint64_t done() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : status.done_by_disposition) sum += n;
    for (const std::uint64_t n : status.done_without_attempt) sum += n;
    return sum;
  }
  std::map<std::string, std::uint64_t> waiting() const {
    std::map<std::string, std::uint64_t> by_reason;
    for (const sql::waiting_count& row : status.waiting) by_reason[std::string{to_string(row.why)}] += row.contacts;
    const auto fresh = status.by_stage[static_cast<std::size_t>(sql::contact_stage::fresh)];
    if (fresh != 0) by_reason[std::string{to_string(reason::window_closed)}] += fresh;
    return by_reason;
  }
  std::uint64_t waiting_sum() const {
    std::uint64_t sum = 0;
    for (const auto& [why, n] : waiting()) sum += n;
    return sum;
  }
  bool complete() const {
    return contacts.rows == contacts.accepted + contacts.duplicate + contacts.rejected &&
           contacts.accepted == done() + waiting_sum() && status.misplaced == 0;
  }
  bool agrees() const { return audit.lost == 0 && audit.unexpected == 0 && audit.duplicated == 0; }
};

boost::json::object to_json(const report& what) {
  namespace json = boost::json;
  json::object dispositions;
  for (const disposition how : all_dispositions) {
    const auto n = what.status.done_by_disposition[static_cast<std::size_t>(how)];
    if (n != 0) dispositions[to_string(how)] = n;
  }
  json::object not_dialed;
  for (const reason_text& why : all_reasons()) {
    const auto n = what.status.done_without_attempt[static_cast<std::size_t>(why.value)];
    if (n != 0) not_dialed[why.name] = n;
  }
  json::object waiting;
  for (const auto& [why, n] : what.waiting()) waiting[why] = n;
  json::array closed;
  for (const closed_place& place : what.closed) {
    closed.push_back(
        json::object{{"place", place.place},
                     {"contacts", place.contacts},
                     {"opens_at", place.opens_at ? json::value(to_text(*place.opens_at)) : json::value()}});
  }
  return {{"instant", to_text(what.instant)},
          {"contacts", json::object{{"rows", what.contacts.rows},
                                    {"accepted", what.contacts.accepted},
                                    {"duplicate", what.contacts.duplicate},
                                    {"rejected", what.contacts.rejected},
                                    {"terminal", what.done()},
                                    {"waiting", what.waiting_sum()}}},
          {"attempts", what.status.attempts},
          {"dispositions", dispositions},
          {"not_dialed", not_dialed},
          {"waiting", waiting},
          {"closed", closed},
          {"audit", json::object{{"attempted", what.audit.attempted},
                                 {"acknowledged", what.audit.acknowledged},
                                 {"lost", what.audit.lost},
                                 {"unexpected", what.audit.unexpected},
                                 {"duplicated", what.audit.duplicated},
                                 {"recovered", what.audit.recovered}}},
          {"calls_per_second", what.seconds > 0 ? static_cast<double>(what.status.attempts) / what.seconds : 0},
          {"elapsed_s", what.seconds}};
}

std::string to_table(const report& what) {
  std::string text = fmt::format(
      "\nDialed at {} UTC, a stated instant, so that it works at any hour.\n\n"
      "List          {} rows: {} accepted, {} duplicates, {} rejected\n"
      "              verdict of every row: {}\n"
      "Attempts      {} in {:.1f} s, {:.0f} calls/s\n\nContacts done {}\n",
      to_text(what.instant), what.contacts.rows, what.contacts.accepted, what.contacts.duplicate,
      what.contacts.rejected, what.verdicts, what.status.attempts, what.seconds,
      what.seconds > 0 ? static_cast<double>(what.status.attempts) / what.seconds : 0, what.done());
  for (const disposition how : all_dispositions) {
    const auto n = what.status.done_by_disposition[static_cast<std::size_t>(how)];
    if (n != 0) text += fmt::format("  {:<28}{:>8}\n", to_string(how), n);
  }
  for (const reason_text& why : all_reasons()) {
    const auto n = what.status.done_without_attempt[static_cast<std::size_t>(why.value)];
    if (n != 0) text += fmt::format("  not dialed: {:<16}{:>8}   {}\n", why.name, n, why.meaning);
  }
  text += fmt::format("Contacts waiting {}\n", what.waiting_sum());
  for (const auto& [why, n] : what.waiting()) text += fmt::format("  {:<28}{:>8}\n", why, n);
  for (const closed_place& place : what.closed) {
    text += fmt::format("  {:>8} in {} until {}\n", place.contacts, place.place,
                        place.opens_at ? to_text(*place.opens_at) : "further notice");
  }
  text += fmt::format(
      "Audit         ledger against the carriers' own log: {} attempted, {} acknowledged,\n"
      "              {} lost, {} unexpected, {} duplicated, {} recovered\n",
      what.audit.attempted, what.audit.acknowledged, what.audit.lost, what.audit.unexpected, what.audit.duplicated,
      what.audit.recovered);
  text += what.complete() && what.agrees() ? "\nEvery contact is accounted for.\n"
                                           : "\nThe books do not balance: see the figures above.\n";
  return text;
}

std::vector<closed_place> closed_places(sql::session& session, const demonstration& demo, utc_time now) {
  const auto settings = sql::read_campaign(session, demo.organisation, demo.campaign).value();
  const auto zones = load_zone_data();
  std::vector<closed_place> closed;
  for (const sql::fresh_count& fresh : sql::read_fresh(session, demo.organisation, demo.campaign)) {
    closed_place& place = closed.emplace_back();
    place.place = fresh.place;
    place.contacts = fresh.contacts;
    if (const auto where = compliance::parse_place(fresh.place)) {
      place.opens_at = compliance::evaluate_window(*where, settings.window, *zones, now).opens_at;
    }
  }
  return closed;
}

}  // namespace

int run_demo(const demo_options& options) {
  const scratch_directory directory{options.state_dir};
  const system_clock time = system_clock::starting_at(stated_instant(options.wall_clock));
  const utc_time instant = time.now().utc;

  demo_carriers_options simulated;
  simulated.directory = directory.path();
  simulated.scenario = options.scenario.empty() ? example("demo-carriers.toml").string() : options.scenario;
  simulated.seed = options.seed;
  const auto secret = [] { return fmt::format("{:016x}{:016x}", new_id().low, new_id().low); };
  simulated.twilio_sid = "AC" + secret();
  simulated.twilio_token = secret();
  simulated.telnyx_connection = "1494404757140276705";
  simulated.telnyx_key = "KEY" + secret();
  simulated.wall_offset = time.wall_offset();
  demo_carriers carriers{simulated};  // forks: before the first thread

  const database store{{"", (directory.path() / "state").string()}};
  sql::session session = store.open();
  const fs::path config = options.config.empty() ? example("demo.toml") : fs::path{options.config};
  const demonstration demo = configure(session, read_settings_file(config.string()), carriers, simulated);

  const fs::path list = options.contacts.empty() ? example("contacts.csv") : fs::path{options.contacts};
  const fs::path verdicts = directory.path() / "verdicts.csv";
  report made;
  made.instant = instant;
  made.verdicts = verdicts.string();
  std::fprintf(stderr, "The clock stands at %s. Importing %s ...\n", to_text(instant).c_str(), list.c_str());
  made.contacts = import_list(store, demo, list, verdicts, time);
  std::fprintf(stderr, "%llu rows: %llu accepted, %llu duplicates, %llu rejected. Dialing ...\n",
               static_cast<unsigned long long>(made.contacts.rows),
               static_cast<unsigned long long>(made.contacts.accepted),
               static_cast<unsigned long long>(made.contacts.duplicate),
               static_cast<unsigned long long>(made.contacts.rejected));
  sql::change_campaign_state(session, demo.organisation, demo.campaign, sql::campaign_action::start);

  runtime_options running;
  running.database = store.target();
  running.listen = free_address();
  running.token_key = load_token_key({}, directory.path());
  running.key_pepper = load_key_pepper({}, directory.path());
  running.uploads = directory.path() / "uploads";
  running.suppression_lists = directory.path() / "suppression-lists";
  running.resolve_secret = resolve_secret;
  engine_runtime engine{running, time};
  const steady_time started = time.now().steady;
  engine.start();
  live_view view{made.contacts.accepted};
  for (int calm = 0; calm < 4;) {
    std::this_thread::sleep_for(look_every);
    const auto views = engine.views();
    view.show(views, std::chrono::duration_cast<std::chrono::milliseconds>(time.now().steady - started));
    calm = finished(views, time.now().utc) ? calm + 1 : 0;
  }
  view.finish();
  made.seconds = std::chrono::duration<double>(time.now().steady - started).count();
  engine.stop();
  carriers.stop();

  made.status = sql::read_status(session, demo.organisation, demo.campaign);
  made.closed = closed_places(session, demo, time.now().utc);
  made.audit = audit(session, demo.organisation, carriers.log().string());
  const std::string out =
      options.output == output_format::json ? boost::json::serialize(to_json(made)) + "\n" : to_table(made);
  std::fputs(out.c_str(), stdout);
  return made.complete() && made.agrees() ? exit_ok : exit_failed;
}

}  // namespace dialer::cli
