#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"

namespace dialer::cli {
namespace {

/// Below `dialer numbers`: what each of its commands has in common.
struct number_commands {
  CLI::App& parent;
  chosen_command& chosen;

  /// One that takes these options; `run` gets them checked.
  template <class Options, class Run>
  CLI::App* add(const std::shared_ptr<Options>& options, const char* name, const char* purpose,
                const std::string& example, Run run) const {
    CLI::App* to = add_command(parent, name, purpose, example);
    to->callback([&to_choose = chosen, options, run] {
      options->context = choose_context(options->context, false);
      to_choose = [options, run] { return run(*options); };
    });
    return to;
  }
  /// Last of a command's options.
  static void finish(CLI::App* to, command_options& options, bool changes) {
    if (changes) add_reason(to, options);
    add_context_name(to, options);
    add_output(to, options.output);
  }
};

void add_number(CLI::App* to, number_options& options) {
  to->add_option("number", options.number, "in E.164, such as +12125550123, or by id (phn_...)")->required();
}

void add_type(CLI::App* to, std::string& type) {
  to->add_option("--type", type, "local, national, mobile or toll_free")
      ->check(CLI::IsMember({"local", "national", "mobile", "toll_free"}));
}

void add_capabilities(CLI::App* to, std::vector<std::string>& capabilities) {
  to->add_option("--capabilities", capabilities, "voice, sms, mms, fax")
      ->delimiter(',')
      ->check(CLI::IsMember({"voice", "sms", "mms", "fax"}));
}

void add_query(CLI::App* to, number_query& what) {
  to->add_option("--country", what.country, "two capital letters (US)");
  to->add_option("--area-code", what.area_code, "digits");
  to->add_option("--contains", what.contains, "digits");
  add_type(to, what.type);
  add_capabilities(to, what.capabilities);
}

void add_home(CLI::App* to, number_home& home) {
  to->add_option("--workspace", home.workspace, "holds it, by name or id; without it the agent's, or the only one");
  to->add_option("--agent", home.agent, "shows it, by name or id");
}

CLI::Option* add_switch(CLI::App* to, const char* name, std::optional<bool>& value, const char* purpose) {
  return to
      ->add_option_function<std::string>(
          name, [&value](const std::string& text) { value = text == "on"; }, purpose)
      ->check(CLI::IsMember({"on", "off"}));
}

void add_settings(CLI::App* to, number_settings_options& what) {
  to->add_option("--name", what.name, "what people call it");
  add_switch(to, "--outbound", what.outbound, "on or off: whether calls may show it");
  to->add_option("--region", what.region, "such as US-CA: shown to those nearby first");
  to->add_option("--calls-per-day-max", what.calls_per_day_max, "rolling 24 hours; 0: no limit");
  to->add_option("--calls-per-hour-max", what.calls_per_hour_max, "rolling hour; 0: no limit");
  to->add_option("--concurrent-calls-max", what.concurrent_calls_max, "0: no limit");
  to->add_option("--weight", what.weight, "its share of the calls of campaigns that show numbers by weight")
      ->check(CLI::Range(1U, 1000U));
  to->add_option("--trunk-address", what.trunk_address, "SIP trunk that it is on");
  to->add_option("--trunk-username", what.trunk_username, "who we are at the trunk");
  to->add_option("--trunk-password-file", what.trunk_password_file, "file (mode 0600) with the trunk's password");
}

void add_looks(const number_commands& to) {
  const auto listed = std::make_shared<number_list_options>();
  CLI::App* list = to.add(listed, "list", "Every number, how it stands and who uses it",
                          "dialer numbers list --agent Ann --context main", run_number_list);
  list->add_option("--status", listed->status, "pending, active, inactive or released; else all but released ones")
      ->check(CLI::IsMember({"pending", "active", "inactive", "released"}));
  list->add_option("--provider", listed->provider, "twilio, telnyx or platform")
      ->check(CLI::IsMember({"twilio", "telnyx", "platform"}));
  add_type(list, listed->type);
  list->add_option("--country", listed->country, "two capital letters");
  list->add_option("--agent", listed->agent, "those that this agent uses, by name or id");
  number_commands::finish(list, *listed, false);

  const auto shown = std::make_shared<number_options>();
  CLI::App* show = to.add(shown, "show", "All about a number, and what became of its health",
                          "dialer numbers show +12125550123 --context main", run_number_show);
  add_number(show, *shown);
  number_commands::finish(show, *shown, false);

  const auto sought = std::make_shared<number_search_options>();
  CLI::App* search = to.add(sought, "search", "Numbers that can be bought now",
                            "dialer numbers search --country US --area-code 415 --context main", run_number_search);
  add_query(search, sought->what);
  search->add_option("--limit", sought->limit, "how many at most, 1 to 100 (10)")->check(CLI::Range(1, 100));
  number_commands::finish(search, *sought, false);
}

void add_ways_to_get_one(const number_commands& to) {
  const auto bought = std::make_shared<number_buy_options>();
  CLI::App* buy =
      to.add(bought, "buy", "Buy a number: the one that is named, or one that fits; the workspace's wallet pays",
             "dialer numbers buy --country US --area-code 415 --agent Ann --context main", run_number_buy);
  buy->add_option("number", bought->number, "as a search has found it");
  add_query(buy, bought->what);
  add_home(buy, bought->home);
  buy->add_option("--name", bought->name, "what people call it");
  number_commands::finish(buy, *bought, true);

  const auto own = std::make_shared<number_register_options>();
  CLI::App* make = to.add(own, "register", "Use a number that you have at a carrier",
                          "dialer numbers register +12125550123 --integration twilio --agent Ann --context main",
                          run_number_register);
  make->add_option("number", own->number, "in E.164, such as +12125550123")->required();
  make->add_option("--integration", own->integration, "the carrier account that it is on, by name or id");
  make->add_option("--provider", own->provider, "twilio or telnyx, where that tells the account")
      ->check(CLI::IsMember({"twilio", "telnyx"}));
  add_home(make, own->home);
  add_type(make, own->type);
  add_capabilities(make, own->capabilities);
  make->add_flag("--in-use", own->in_use, "it was shown on calls before; else it begins with few calls a day");
  add_settings(make, own->what);
  number_commands::finish(make, *own, true);

  const auto taken = std::make_shared<number_import_options>();
  CLI::App* import =
      to.add(taken, "import", "Use numbers that a carrier account holds; without numbers, list those",
             "dialer numbers import +12125550123 --integration twilio --agent Ann --context main", run_number_import);
  import->add_option("numbers", taken->numbers, "in E.164");
  import->add_option("--integration", taken->integration, "the carrier account, by name or id")->required();
  add_home(import, taken->home);
  import->add_option("--replaces", taken->replaces,
                     "let calls to them come to us; give where they go now, as the list shows it: they won't any more");
  import->add_flag("--in-use", taken->in_use,
                   "they were shown on calls before; else those whose calls go nowhere begin with few calls a day");
  number_commands::finish(import, *taken, true);
}

void add_uses(const number_commands& to) {
  for (const bool assigned : {true, false}) {
    const auto used = std::make_shared<number_assign_options>();
    CLI::App* assign = assigned
                           ? to.add(used, "assign", "Let an agent use a number",
                                    "dialer numbers assign +12125550123 --agent Ann --profile inbound --context main",
                                    [](const auto& options) { return run_number_assign(options, true); })
                           : to.add(used, "unassign", "Let an agent use a number no more",
                                    "dialer numbers unassign +12125550123 --agent Ann --context main",
                                    [](const auto& options) { return run_number_assign(options, false); });
    add_number(assign, *used);
    assign->add_option("--agent", used->agent, "by name or id")->required();
    assign
        ->add_option("--profile", used->profile,
                     assigned ? "outbound (it shows the number; without --profile), inbound (it answers) or sms"
                              : "outbound, inbound or sms; else all of them")
        ->check(CLI::IsMember({"outbound", "inbound", "sms"}));
    number_commands::finish(assign, *used, true);
  }

  const auto changed = std::make_shared<number_update_options>();
  CLI::App* update = to.add(changed, "update", "Change how a number is used; what is not named stays",
                            "dialer numbers update +12125550123 --outbound off --context main", run_number_update);
  add_number(update, *changed);
  add_settings(update, changed->what);
  update->add_option("--status", changed->status, "active or inactive")->check(CLI::IsMember({"active", "inactive"}));
  update->add_option("--fallback", changed->fallback,
                     "agent that answers when the inbound one can't, by name or id; \"\": none");
  update->add_option("--voicemail", changed->voicemail, "message when no agent can answer; \"\": none");
  number_commands::finish(update, *changed, true);
}

void add_ends(const number_commands& to) {
  const auto add_one = [&](const char* name, const char* purpose, const char* example,
                           int (*run)(const number_options&)) {
    const auto options = std::make_shared<number_options>();
    CLI::App* made = to.add(options, name, purpose, example, run);
    add_number(made, *options);
    number_commands::finish(made, *options, true);
    return made;
  };
  add_one("process", "Ask the carrier now what became of a number that it has not confirmed",
          "dialer numbers process +12125550123 --context main", run_number_process);
  add_one("release", "Give up a number; one that was bought here, at its carrier, too",
          "dialer numbers release +12125550123 --reason \"campaign is over\" --context main", run_number_release);
  add_one("end-rest", "Show a number again that rests or was retired for its health",
          "dialer numbers end-rest +12125550123 --reason \"the label is gone\" --context main", run_number_end_rest)
      ->get_option("--reason")
      ->required();
}

}  // namespace

void add_numbers(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent = add_command(app, "numbers", "Phone numbers of a service: get, use, look after and give them up",
                                 "dialer numbers list --context main");
  parent->require_subcommand(1);
  const number_commands to{*parent, chosen};
  add_looks(to);
  add_ways_to_get_one(to);
  add_uses(to);
  add_ends(to);
}

}  // namespace dialer::cli
