#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace dialer::cli {

void add_apply(CLI::App& app, chosen_command& chosen) {
  const auto options = std::make_shared<apply_options>();
  CLI::App* to = add_command(app, "apply", "Make the stored configuration as a file says, and show what changes",
                             "dialer apply -f examples/dialer.toml --dry-run");
  to->add_option("-f,--file", options->file, "configuration file (examples/dialer.toml explains it)")->required();
  to->add_flag("--dry-run", options->dry_run, "show the difference, change nothing");
  add_common_of_change(to, *options);
  choose(to, chosen, [options] { return run_apply(*options); });
}

void add_freeze(CLI::App& app, chosen_command& chosen) {
  struct choice {
    const char* name;
    const char* purpose;
    const char* example;
    bool frozen;
  };
  for (const choice& one :
       {choice{"freeze", "The kill switch: start no call through a thing, whatever its settings say",
               "dialer freeze --integration twilio --reason \"billing runs wild\"", true},
        choice{"unfreeze", "Let calls start again", "dialer unfreeze --integration twilio", false}}) {
    const auto options = std::make_shared<freeze_options>();
    CLI::App* to = add_command(app, one.name, one.purpose, one.example);
    to->add_option("--organisation", options->organisation,
                   "by name or id, when there are several; frozen whole "
                   "when nothing of it is named");
    CLI::Option_group* what = to->add_option_group("thing", "one of it, by name or id");
    what->add_option("--workspace", options->workspace, "a workspace");
    what->add_option("--agent", options->agent, "an agent");
    what->add_option("--campaign,-c", options->campaign, "a campaign");
    what->add_option("--integration", options->integration, "a carrier account");
    what->add_option("--number", options->number, "a caller ID, in E.164");
    what->require_option(0, 1);
    add_common_of_change(to, *options);
    add_context(to, *options);
    choose(to, chosen, [options, frozen = one.frozen] { return run_freeze(*options, frozen); });
  }
}

void add_key(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent = add_command(app, "key", "Keys of the REST API", "dialer key list");
  parent->require_subcommand(1);

  const auto making = std::make_shared<key_create_options>();
  CLI::App* create = add_command(*parent, "create", "Make a key and show it, once",
                                 "dialer key create --name \"Nightly import\" --scope read,operate --workspace Sales");
  create->add_option("--name", making->name, "what it is for")->required();
  create->add_option("--scope", making->scopes, "read, operate, admin, numbers_create; none implies another")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember({"read", "operate", "admin", "numbers_create"}));
  create->add_option("--workspace", making->workspace, "confine it to this workspace, by name or id");
  create->add_option("--expires-at", making->expires_at, "when it ends, such as 2027-01-01");
  add_organisation(create, *making);
  create->add_option("--key-pepper", making->pepper, "the engine's pepper file (pepper.key of --state-dir)");
  add_common_of_change(create, *making);
  choose(create, chosen, [making] { return run_key_create(*making); });

  const auto options = std::make_shared<key_options>();
  const auto add_one = [&](const char* name, const char* purpose, const char* example, int (*run)(const key_options&)) {
    CLI::App* to = add_command(*parent, name, purpose, example);
    add_organisation(to, *options);
    add_common(to, *options);
    choose(to, chosen, [options, run] { return run(*options); });
    return to;
  };
  add_one("list", "Every key with what it may do, never the key itself", "dialer key list", run_key_list);
  CLI::App* revoke = add_one("revoke", "End a key; engines refuse it in under a second",
                             "dialer key revoke key_01kdc2...", run_key_revoke);
  revoke->add_option("key", options->key, "its id (key_...)")->required();
  add_reason(revoke, *options);
}

void add_wallet(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent = add_command(app, "wallet", "A workspace's money, for the platform's numbers",
                                 "dialer wallet show --workspace Sales");
  parent->require_subcommand(1);
  const auto add_workspace = [](CLI::App* to, wallet_options& options) {
    to->add_option("--workspace", options.workspace, "whose, by name or id")->required();
    add_organisation(to, options);
  };
  const auto paying = std::make_shared<wallet_top_up_options>();
  CLI::App* to =
      add_command(*parent, "top-up", "Pay in what was received; once for a reference, however often it is said",
                  "dialer wallet top-up --workspace Sales --amount 25.00 --currency USD --reference INV-1007");
  to->add_option("--amount", paying->amount, "such as 25.00")->required();
  to->add_option("--currency", paying->currency, "three letters (ISO 4217), such as USD; a wallet keeps its first one")
      ->required();
  to->add_option("--reference", paying->reference, "what was received: the payment's or the invoice's number")
      ->required();
  add_workspace(to, *paying);
  add_common_of_change(to, *paying);
  choose(to, chosen, [paying] { return run_wallet_top_up(*paying); });

  const auto shown = std::make_shared<wallet_options>();
  CLI::App* show = add_command(*parent, "show", "The balance, rents that it can't cover, and the newest entries",
                               "dialer wallet show --workspace Sales --output json");
  add_workspace(show, *shown);
  add_common(show, *shown);
  choose(show, chosen, [shown] { return run_wallet_show(*shown); });
}

void add_contexts(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent =
      add_command(app, "context", "Services to work through instead of a database", "dialer context list");
  parent->require_subcommand(1);
  const auto options = std::make_shared<context_options>();
  const auto add_one = [&](const char* name, const char* purpose, const char* example,
                           int (*run)(const context_options&)) {
    CLI::App* to = add_command(*parent, name, purpose, example);
    choose(to, chosen, [options, run] { return run(*options); });
    return to;
  };
  CLI::App* made =
      add_one("add", "Keep where a service is and what proves who asks, or change it",
              "dialer context add main --url https://dialer.example.com --key-file dialer.key", run_context_add);
  made->add_option("name", options->name, "what to call it")->required();
  made->add_option("--url", options->url, "https://HOST[:PORT]; http to this machine only")->required();
  made->add_option("--key-file", options->key_file, "file (mode 0600) with an API key; - reads it from standard input")
      ->required();
  made->add_option("--ca-file", options->ca_file, "PEM of an authority besides the system's");
  add_one("use", "Take this one when none is named; without a name, the database again", "dialer context use main",
          run_context_use)
      ->add_option("name", options->name, "of the context");
  add_output(add_one("list", "Every context, never a key", "dialer context list", run_context_list), options->output);
  add_one("remove", "Forget one, with the key that was kept for it", "dialer context remove main", run_context_remove)
      ->add_option("name", options->name, "of the context")
      ->required();
}

// Only a service can answer these.
void add_views(CLI::App& app, chosen_command& chosen) {
  const auto counted = std::make_shared<command_options>();
  CLI::App* stats = add_command(app, "stats", "What came of it all, by campaign, as a service counts it",
                                "dialer stats --context main");
  add_context_name(stats, *counted);
  add_output(stats, counted->output);
  stats->callback([&chosen, counted] {
    counted->context = choose_context(counted->context, false);
    chosen = [counted] { return run_stats(*counted); };
  });

  const auto followed = std::make_shared<top_options>();
  CLI::App* top = add_command(
      app, "top", "Follow a service: rate, funnel and why not, by campaign; lines where there is no terminal",
      "dialer top --context main");
  add_context_name(top, *followed);
  top->add_option("--pictures", followed->pictures, "end after so many; without it, go on");
  top->callback([&chosen, followed] {
    followed->context = choose_context(followed->context, false);
    chosen = [followed] { return run_top(*followed); };
  });
}

void add_audit(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent = add_command(app, "audit", "Who changed what", "dialer audit verify");
  parent->require_subcommand(1);
  const auto options = std::make_shared<audit_verify_options>();
  CLI::App* to =
      add_command(*parent, "verify", "Find the first row of the audit log that was changed, removed or put in between",
                  "dialer audit verify --organisation Example");
  add_organisation(to, *options);
  to->add_option("--head", options->head, "NUMBER:HASH as this command printed it earlier: compared, too");
  add_common(to, *options);
  choose(to, chosen, [options] { return run_audit_verify(*options); });
}

}  // namespace dialer::cli
