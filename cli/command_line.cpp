#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/arguments.hpp"
#include "cli/errors.hpp"
#include "cli/text_table.hpp"

namespace dialer::cli {
namespace {

int say(const failure& what) {
  std::fprintf(stderr, "dialer: %s\n", what.message.c_str());
  return what.code;
}

// "{table,json}", as the parser describes a choice.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::size_t at = open + 1; at <= close;) {
    const auto end = std::min(type.find(',', at), close);
    choices.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

command_argument describe(const CLI::Option& option) {
  command_argument made;
  for (const std::string& name : option.get_lnames()) made.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) made.names.push_back("-" + name);
  made.meaning = option.get_description();
  made.variable = option.get_envname();
  made.required = option.get_required();
  made.choices = choices_of(option);
  if (made.names.empty()) {
    made.value = option.get_name(true);
  } else if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    made.value = type.substr(0, type.find(':'));
  }
  return made;
}

command describe(const CLI::App& app, const std::string& above) {
  command made{above + app.get_name(), app.get_name(), app.get_description(), {}, {}, {}};
  const std::string footer = app.get_footer();
  for (std::size_t at = footer.find(example_mark); at != std::string::npos && at < footer.size();) {
    const auto end = std::min(footer.find('\n', at), footer.size());
    if (const std::string line = footer.substr(at, end - at); line.starts_with("  "))
      made.examples.push_back(line.substr(2));
    at = end + 1;
  }
  const auto add_options = [&](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options()) made.arguments.push_back(describe(*option));
  };
  add_options(app);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name().empty()) {
      add_options(*sub);  // a group
    } else {
      made.commands.push_back(describe(*sub, made.path + " "));
    }
  }
  return made;
}

void add_completion(CLI::App& app, chosen_command& chosen) {
  CLI::App* parent = add_command(app, "completion", "The script that completes commands and options in a shell",
                                 "source <(dialer completion bash)");
  parent->require_subcommand(1);
  struct choice {
    const char* shell;
    const char* example;
  };
  for (const choice& one :
       {choice{"bash", "dialer completion bash > ~/.local/share/bash-completion/completions/dialer"},
        choice{"zsh", "dialer completion zsh > ~/.zsh/completions/_dialer"},
        choice{"fish", "dialer completion fish > ~/.config/fish/completions/dialer.fish"}}) {
    const std::string shell = one.shell;
    CLI::App* to = add_command(*parent, one.shell, ("For " + shell).c_str(), one.example);
    choose(to, chosen, [shell] {
      print(completion_script(describe_commands(), shell));
      return exit_ok;
    });
  }
}

void add_manual(CLI::App& app, chosen_command& chosen) {
  CLI::App* to = add_command(app, "man", "The manual page of all commands, in roff",
                             "dialer man > ~/.local/share/man/man1/dialer.1");
  choose(to, chosen, [] {
    print(manual_page(describe_commands(), DIALER_VERSION));
    return exit_ok;
  });
}

/// The parser with all commands, in the order of --help.
struct parser {
  parser() {
    app.set_version_flag("--version", "dialer " DIALER_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Each command explains itself: dialer COMMAND --help\n"
        "Exit codes: 0 ok, 1 failed, 2 usage, 69 database or service unreachable, 78 configuration.");
    for (const auto add : {add_demo, add_serve, add_apply, add_campaign, add_opt_out, add_contexts, add_views, add_key,
                           add_numbers, add_wallet, add_explain, add_verify, add_audit, add_freeze, add_check,
                           add_do_not_call, add_simulator, add_completion, add_manual}) {
      add(app, chosen);
    }
  }

  /// What is wrong with the arguments, with what was meant.
  std::string explain(const CLI::ParseError& wrong, int argc, const char* const* argv) const {
    return wrong.what() + hint(describe(app, ""), argc, argv);
  }

  CLI::App app{"Outbound dialer engine: lists in, calls out, every contact accounted for.", "dialer"};
  chosen_command chosen;
};

}  // namespace

command describe_commands() {
  return describe(parser{}.app, "");
}

std::string check_arguments(int argc, const char* const* argv) {
  parser with;
  try {
    with.app.parse(argc, argv);
    return {};
  } catch (const CLI::ParseError& wrong) {
    return with.explain(wrong, argc, argv);
  } catch (...) {
    return explain_failure(std::current_exception()).message;
  }
}

int run(int argc, const char* const* argv) {
  parser with;
  try {
    with.app.parse(argc, argv);
    return with.chosen();
  } catch (const CLI::ParseError& wrong) {
    if (wrong.get_exit_code() == 0) return with.app.exit(wrong);  // --help, --version
    return say({exit_usage, with.explain(wrong, argc, argv)});
  } catch (...) {
    return say(explain_failure(std::current_exception()));
  }
}

}  // namespace dialer::cli
