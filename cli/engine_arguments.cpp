#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "carriers/simulator/carrier_simulator.hpp"
#include "cli/demo.hpp"
#include "cli/errors.hpp"
#include "cli/serve.hpp"

namespace dialer::cli {
namespace {

std::vector<std::pair<std::string, std::string>> split_accounts(const std::vector<std::string>& given,
                                                                const char* option, const char* shape) {
  std::vector<std::pair<std::string, std::string>> accounts;
  for (const std::string& one : given) {
    const auto colon = one.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == one.size()) {
      throw usage_error(std::string(option) + " must have the form " + shape);  // not repeated: it holds a secret
    }
    accounts.emplace_back(one.substr(0, colon), one.substr(colon + 1));
  }
  return accounts;
}

void add_check_windows(CLI::App& check, chosen_command& chosen) {
  struct as_given : check_windows_options {
    std::string output_name;
  };
  const auto options = std::make_shared<as_given>();
  CLI::App* to =
      add_command(check, "windows", "When the places of a campaign's contacts, or listed numbers, may be called",
                  "dialer check windows -c Spring\n  dialer check windows --csv numbers.csv --output csv");
  CLI::Option* csv = to->add_option("--csv", options->csv,
                                    "file with e164, state, iana_time_zone, utc_instant and policy (federal or debt), "
                                    "or - for standard input; the law's hours alone");
  add_choice(to, options->which, false);
  to->get_option("--campaign")->excludes(csv);
  to->add_option("--at", options->at, "as of this instant, such as 2026-11-20T15:00:00Z")->excludes(csv);
  add_stored(to, *options);
  to->add_option("-o,--output", options->output_name, "table (for people), json (for machines); csv of --csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("FORMAT");
  to->callback([&chosen, options] {
    const bool file = !options->csv.empty();
    const std::string& output = options->output_name;
    if (!file && options->which.campaign.empty())
      throw usage_error("check windows needs --campaign NAME or --csv FILE");
    if (!output.empty() && file != (output == "csv")) {
      throw usage_error("--output is \"" + output + "\"; a --csv FILE is answered as csv, a campaign as table or json");
    }
    if (output == "json") options->output = output_format::json;
    chosen = [options] { return run_check_windows(*options); };
  });
}

}  // namespace

void add_serve(CLI::App& app, chosen_command& chosen) {
  const auto options = std::make_shared<serve_options>();
  CLI::App* to = add_command(app, "serve", "Run the engine until it is told to stop",
                             "dialer serve --config dialer.toml --public-url https://dialer.example.com");
  to->add_option("--config", options->config, "configuration file to apply first");
  add_database(to, options->database);
  to->add_option("--state-dir", options->state_dir, "directory of the private database and the token key");
  to->add_option("--listen", options->listen, "HOST:PORT for the REST API, callbacks, metrics and health");
  to->add_option("--public-url", options->public_url, "where carriers reach the listener");
  to->add_option("--token-key", options->token_key,
                 "file with the key of attempt tokens, the same on every node: an engine with another one, or without "
                 "the file that the state directory held, refuses the callbacks of the calls before and knows them by "
                 "their numbers alone");
  to->add_option("--key-pepper", options->key_pepper, "file with the pepper of API keys, the same on every node");
  to->add_option(
        "--secret-key", options->secret_keys,
        "file with the key that secrets in the database are encrypted under, or credential:NAME of systemd; given "
        "several times, the first encrypts and each decrypts")
      ->envname("DIALER_SECRET_KEY");
  to->add_option("--shards", options->shards, "threads that decide; 0 is one per core")->check(CLI::Range(0, 255));
  to->add_option("--event-streams", options->event_streams, "clients that may follow GET /v1/events at a time (512)")
      ->check(CLI::Range(0, 100'000));
  to->add_option("--requests-per-second", options->requests_per_second,
                 "requests of one API key in the long run; 0: no limit (50)")
      ->check(CLI::Range(0.0, 10'000.0));
  to->add_option("--request-burst", options->request_burst, "requests of one API key at once, after a silence (100)")
      ->check(CLI::Range(1, 1'000'000));
  to->add_option("--node", options->node, "number of this node, distinct among those of one database")
      ->check(CLI::Range(1, 255));
  to->add_option("--log-format", options->log_format, "text, json, or auto: text for a terminal, else json (auto)")
      ->check(CLI::IsMember({"auto", "text", "json"}));
  to->add_option("--wall-clock", options->wall_clock, "begin at this instant instead of now, for trials");
  choose(to, chosen, [options] { return run_serve(*options); });
}

void add_demo(CLI::App& app, chosen_command& chosen) {
  const auto options = std::make_shared<demo_options>();
  CLI::App* to = add_command(app, "demo", "Dial a list to the end against simulated carriers, and audit the result",
                             "dialer demo --contacts examples/contacts.csv");
  to->add_option("--contacts", options->contacts, "list to dial (examples/contacts.csv)");
  add_output(to, options->output);
  to->add_option("--config", options->config, "configuration file (examples/demo.toml)");
  to->add_option("--state-dir", options->state_dir, "keep the private database here; without it it is thrown away");
  to->add_option("--scenario", options->scenario,
                 "what the simulated carriers are like (examples/carrier-faults.toml)");
  to->add_option("--seed", options->seed, "of the simulated carriers");
  to->add_option("--wall-clock", options->wall_clock, "begin at this instant instead of a weekday's noon");
  choose(to, chosen, [options] { return run_demo(*options); });
}

void add_simulator(CLI::App& app, chosen_command& chosen) {
  struct as_given : carriers::simulator::simulator_options {
    std::vector<std::string> twilio, telnyx;
  };
  const auto options = std::make_shared<as_given>();
  options->twilio_listen.clear();
  options->telnyx_listen.clear();
  CLI::App* to =
      add_command(app, "carrier-sim", "Simulate Twilio and Telnyx over TLS, with faults and a log of every call",
                  "dialer carrier-sim --twilio-listen 127.0.0.1:8443 --twilio-account AC...:TOKEN --log sim.log");
  to->add_option("--twilio-listen", options->twilio_listen, "HOST:PORT of the Twilio API; port 0 is any");
  to->add_option("--telnyx-listen", options->telnyx_listen, "HOST:PORT of the Telnyx API; port 0 is any");
  to->add_option("--log", options->log_file, "append-only record of what happened")->required();
  to->add_option("--twilio-account", options->twilio, "SID:TOKEN; may be given several times");
  to->add_option("--telnyx-account", options->telnyx, "KEY:CONNECTION; may be given several times");
  to->add_option("--scenario", options->scenario_file, "outcomes, times and faults (examples/carrier-faults.toml)");
  to->add_option("--seed", options->seed, "of outcomes and faults; over the scenario's");
  CLI::Option* cert = to->add_option("--tls-cert", options->tls_cert, "PEM chain; without it a fresh CA is made");
  CLI::Option* key = to->add_option("--tls-key", options->tls_key, "PEM key of --tls-cert");
  cert->needs(key);
  key->needs(cert);
  to->add_option("--callback-ca", options->callback_ca_file, "PEM; verify https callbacks with it");
  to->callback([&chosen, options] {
    if (options->twilio_listen.empty() && options->telnyx_listen.empty()) {
      throw usage_error("carrier-sim needs --twilio-listen HOST:PORT, --telnyx-listen HOST:PORT or both");
    }
    options->twilio_accounts = split_accounts(options->twilio, "--twilio-account", "SID:TOKEN");
    options->telnyx_accounts = split_accounts(options->telnyx, "--telnyx-account", "KEY:CONNECTION");
    chosen = [options] { return carriers::simulator::run_carrier_simulator(*options, std::cout); };
  });
}

void add_verify(CLI::App& app, chosen_command& chosen) {
  const auto options = std::make_shared<verify_options>();
  CLI::App* to = add_command(app, "verify", "Audit the ledger against a carrier simulator's log; judge at rest",
                             "dialer verify --campaign Spring --log carriers.log");
  to->add_option("--log", options->log, "file written by: dialer carrier-sim --log")->required();
  to->add_option("--campaign,-c", options->which.campaign, "audit the organisation of this campaign");
  to->add_option("--organisation", options->which.organisation, "audit this organisation");
  add_common(to, *options);
  choose(to, chosen, [options] { return run_verify(*options); });
}

void add_check(CLI::App& app, chosen_command& chosen) {
  CLI::App* check = add_command(app, "check", "Judge captured material by the engine's own rules",
                                "dialer check webhooks --jsonl captured.jsonl");
  check->require_subcommand(1);
  const auto captured = std::make_shared<std::string>();
  CLI::App* to = add_command(*check, "webhooks", "Verify signatures of captured webhooks, one JSON object a line",
                             "dialer check webhooks --jsonl captured.jsonl");
  to->add_option("--jsonl", *captured, "file, or - for standard input")->required();
  choose(to, chosen, [captured] { return run_check_webhooks(*captured); });
  add_check_windows(*check, chosen);
}

void add_do_not_call(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent =
      add_command(app, "dnc", "The national do-not-call list",
                  "dialer dnc build --text registry.txt --out national.dnc --version 2026-11 --as-of 2026-11-20");
  parent->require_subcommand(1);
  const auto options = std::make_shared<do_not_call_build_options>();
  CLI::App* to =
      add_command(*parent, "build", "Turn the registry's text into the list the engine reads",
                  "dialer dnc build --text registry.txt --out national.dnc --version 2026-11 --as-of 2026-11-20");
  to->add_option("--text", options->text, "the registry's file: NPA,7 digits, one a line")->required();
  to->add_option("--out", options->out, "the list to write; replaced whole")->required();
  to->add_option("--version", options->version, "the registry's version")->required();
  to->add_option("--as-of", options->as_of, "when the registry's file was fetched, UTC")->required();
  add_output(to, options->output);
  choose(to, chosen, [options] { return run_do_not_call_build(*options); });
}

}  // namespace dialer::cli
