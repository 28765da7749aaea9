#include <functional>
#include <stdexcept>

#include "cli/command_tree.hpp"

namespace dialer::cli {
namespace {

void visit(const command& from, const std::function<void(const command&)>& what) {
  what(from);
  for (const command& one : from.commands) visit(one, what);
}

// 'it'\''s'
std::string quoted(const std::string& text) {
  std::string made = "'";
  for (const char c : text) made += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return made + "'";
}

std::string words_of(const std::vector<std::string>& list) {
  std::string words;
  for (const std::string& one : list) words += (words.empty() ? "" : " ") + one;
  return words;
}

/// The names of all commands below the first, for the walk along a command line: "'dialer a'|'dialer a b'".
std::string all_paths(const command& root, const std::string& separator) {
  std::string paths;
  visit(root, [&](const command& one) {
    if (&one != &root) paths += (paths.empty() ? "" : separator) + quoted(one.path);
  });
  return paths;
}

/// "'dialer a --output'|'dialer a -o'"
std::string option_patterns(const command& of, const command_argument& option) {
  std::string patterns;
  for (const std::string& name : option.names) {
    patterns += (patterns.empty() ? "" : "|") + quoted(of.path + " " + name);
  }
  return patterns;
}

bool takes_value(const command_argument& one) {
  return !one.names.empty() && !one.value.empty();
}

// Where bash and zsh agree: the walk to the command at hand, and the values of its options.
std::string walk(const command& root, const std::string& words) {
  return "  local at=dialer word\n  for word in " + words + "; do\n    case \"$at $word\" in\n      " +
         all_paths(root, "|") + ") at=\"$at $word\" ;;\n    esac\n  done\n";
}

std::string bash_script(const command& root) {
  std::string text =
      "# dialer completion bash; as ~/.local/share/bash-completion/completions/dialer, or: source <(dialer completion "
      "bash)\n_dialer() {\n  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=\n" +
      walk(root, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"") + "  COMPREPLY=()\n  case \"$at $before\" in\n";
  visit(root, [&](const command& one) {
    for (const command_argument& option : one.arguments) {
      if (!takes_value(option)) continue;
      // Without choices: names of files, by complete's own default.
      const std::string choices =
          option.choices.empty()
              ? std::string()
              : "COMPREPLY=($(compgen -W " + quoted(words_of(option.choices)) + " -- \"$current\")); ";
      text += "    " + option_patterns(one, option) + ") " + choices + "return ;;\n";
    }
  });
  text += "  esac\n  case \"$at\" in\n";
  visit(root, [&](const command& one) {
    std::vector<std::string> words;
    for (const command& sub : one.commands) words.push_back(sub.name);
    for (const command_argument& option : one.arguments) {
      words.insert(words.end(), option.names.begin(), option.names.end());
    }
    text += "    " + quoted(one.path) + ") words=" + quoted(words_of(words)) + " ;;\n";
  });
  return text +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\ncomplete -o bashdefault -o default -F "
         "_dialer dialer\n";
}

// _describe's own separator between a word and its meaning.
std::string described(const std::string& word, const std::string& meaning) {
  return quoted(word + ":" + meaning);
}

std::string zsh_script(const command& root) {
  std::string text =
      "#compdef dialer\n# dialer completion zsh > a file _dialer in a directory of $fpath\n_dialer() {\n" +
      walk(root, "\"${(@)words[2,CURRENT-1]}\"") + "  local -a candidates\n  case \"$at ${words[CURRENT-1]}\" in\n";
  visit(root, [&](const command& one) {
    for (const command_argument& option : one.arguments) {
      if (!takes_value(option)) continue;
      text += "    " + option_patterns(one, option) + ") " +
              (option.choices.empty() ? "_files" : "compadd -- " + words_of(option.choices)) + "; return ;;\n";
    }
  });
  text += "  esac\n  case \"$at\" in\n";
  visit(root, [&](const command& one) {
    text += "    " + quoted(one.path) + ") candidates=(";
    for (const command& sub : one.commands) text += " " + described(sub.name, sub.purpose);
    for (const command_argument& option : one.arguments) {
      for (const std::string& name : option.names) text += " " + described(name, option.meaning);
    }
    text += ") ;;\n";
  });
  return text +
         "  esac\n  _describe dialer candidates || _files\n}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; "
         "then _dialer \"$@\"; else compdef _dialer dialer; fi\n";
}

std::string fish_script(const command& root) {
  std::string text =
      "# dialer completion fish > ~/.config/fish/completions/dialer.fish\nfunction __dialer_at\n  set -l known " +
      all_paths(root, " ") +
      "\n  set -l at dialer\n  set -l words (commandline -opc)\n  for word in $words[2..-1]\n    if contains -- \"$at "
      "$word\" $known\n      set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n";
  visit(root, [&](const command& one) {
    const std::string start = "complete -c dialer -n " + quoted("__dialer_at \"" + one.path + "\"");
    for (const command& sub : one.commands) {
      text += start + " -f -a " + sub.name + " -d " + quoted(sub.purpose) + "\n";
    }
    for (const command_argument& option : one.arguments) {
      if (option.names.empty()) continue;
      text += start;
      for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.choices.empty()) {
        text += " -x -a " + quoted(words_of(option.choices));
      } else if (takes_value(option)) {
        text += " -r";
      }
      text += " -d " + quoted(option.meaning) + "\n";
    }
  });
  return text;
}

}  // namespace

std::string completion_script(const command& root, const std::string& shell) {
  if (shell == "bash") return bash_script(root);
  if (shell == "zsh") return zsh_script(root);
  if (shell == "fish") return fish_script(root);
  throw std::invalid_argument("no completions are made for " + shell);
}

}  // namespace dialer::cli
