#include "tests/api/metrics_lint.hpp"

#include <array>
#include <regex>
#include <set>
#include <sstream>

namespace dialer::api::test {
namespace {

/// Units that are no base units, and types: neither belongs into a name.
constexpr std::array<const char*, 20> bad_words{
    "ms", "msec", "milliseconds", "us",        "microseconds", "sec",     "secs",  "minutes",   "hours",   "days",
    "kb", "mb",   "kilobytes",    "megabytes", "percent",      "counter", "gauge", "histogram", "summary", "metric"};

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  std::istringstream in{name};
  for (std::string word; std::getline(in, word, '_');) words.push_back(word);
  return words;
}

}  // namespace

std::vector<std::string> lint_metrics(const std::string& page) {
  static const std::regex help_line{"# HELP ([^ ]+) (.*)"};
  static const std::regex type_line{"# TYPE ([^ ]+) (.*)"};
  static const std::regex sample_line{
      R"re(([^ {]+)(\{([a-z][a-z0-9_]*="([^"\\\n]|\\[\\"n])*",?)*\})? (-?[0-9].*|NaN|[+-]Inf))re"};
  std::vector<std::string> wrong;
  std::set<std::string> families, series;
  std::string name, type;
  bool helped = false;
  if (!page.ends_with('\n')) wrong.push_back("the page does not end with a line end");
  std::istringstream in{page};
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (std::regex_match(line, found, help_line)) {
      name = found[1];
      type.clear();
      helped = true;
      if (!families.insert(name).second) wrong.push_back(name + " comes twice");
      const std::string help = found[2];
      if (help.empty() || !help.ends_with('.')) wrong.push_back(name + " has no sentence of help");
      if (!std::regex_match(name, std::regex{"dialer(_[a-z0-9]+)+"})) wrong.push_back(name + " is misnamed");
      for (const std::string& word : words_of(name)) {
        for (const char* bad : bad_words) {
          if (word == bad) wrong.push_back(name + " has \"" + word + "\" in its name");
        }
      }
      for (const char* reserved : {"_count", "_sum", "_bucket"}) {
        if (name.ends_with(reserved)) wrong.push_back(name + " ends like a part of a histogram");
      }
    } else if (std::regex_match(line, found, type_line)) {
      type = found[2];
      if (found[1] != name || !helped) wrong.push_back(found[1].str() + " has a type before its help");
      if (type != "counter" && type != "gauge") wrong.push_back(name + " is a " + type);
      if (name.ends_with("_total") != (type == "counter")) wrong.push_back(name + " is a " + type);
    } else if (std::regex_match(line, found, sample_line)) {
      if (found[1] != name || type.empty()) wrong.push_back(found[1].str() + " stands outside of its family");
      if (!series.insert(found[1].str() + found[2].str()).second) wrong.push_back("twice: " + line);
    } else {
      wrong.push_back("no line of the format: " + line);
    }
  }
  return wrong;
}

}  // namespace dialer::api::test
