#include <string_view>

#include "cli/command_tree.hpp"

namespace dialer::cli {
namespace {

// Text that roff takes for text: no requests, no escapes, hyphens that can be copied.
std::string plain(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '\\') {
      made += "\\e";
    } else if (c == '-') {
      made += "\\-";
    } else if ((c == '.' || c == '\'') && (made.empty() || made.back() == '\n')) {
      made += std::string("\\&") + c;
    } else {
      made += c;
    }
  }
  return made;
}

std::string bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + plain(text) + "\\fR";
}

std::string head_of(const command_argument& one) {
  if (one.names.empty()) return italic(one.value);
  std::string head;
  for (const std::string& name : one.names) head += (head.empty() ? "" : ", ") + bold(name);
  return one.value.empty() ? head : head + " " + italic(one.value);
}

std::string describe(const command_argument& one) {
  std::string text = ".TP\n" + head_of(one) + "\n" + plain(one.meaning);
  if (one.required) text += " (required)";
  if (!one.variable.empty()) text += " (or the variable " + bold(one.variable) + ")";
  return text + "\n";
}

void describe(const command& one, std::string& into) {
  if (one.commands.empty()) {
    into += ".SS " + plain(one.path) + "\n" + plain(one.purpose) + ".\n";
    for (const command_argument& argument : one.arguments) into += describe(argument);
    for (const std::string& example : one.examples) into += ".PP\n.RS 4\n.nf\n" + plain(example) + "\n.fi\n.RE\n";
  }
  for (const command& sub : one.commands) describe(sub, into);
}

}  // namespace

std::string manual_page(const command& root, const std::string& version) {
  std::string text = ".TH DIALER 1 \"\" \"dialer " + plain(version) + "\" \"User Commands\"\n.SH NAME\ndialer \\- " +
                     plain(root.purpose) +
                     "\n.SH SYNOPSIS\n.B dialer\n.I COMMAND\n[\\fIARGUMENT\\fR...]\n.SH COMMANDS\n";
  describe(root, text);
  return text +
         ".SH EXIT STATUS\n"
         ".TP\n0\nDone.\n"
         ".TP\n1\nNot done, or done and found wanting; standard error says why.\n"
         ".TP\n2\nThe command line means nothing; standard error says what to write.\n"
         ".TP\n69\nThe database or the service does not answer.\n"
         ".TP\n78\nSomething has to be set up differently: a file, a secret, a key.\n"
         ".SH FILES\n"
         ".TP\n\\fI$XDG_CONFIG_HOME/dialer/contexts.json\\fR\n"
         "Contexts, mode 0600; below \\fI~/.config\\fR when the variable is not set.\n";
}

}  // namespace dialer::cli
