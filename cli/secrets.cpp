#include "cli/secrets.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "cli/errors.hpp"

namespace dialer::cli {

std::string secret_reference_problem(const std::string& text) {
  constexpr const char* remedy = R"(write "env:NAME" or "file:/absolute/path", where the engine finds it)";
  if (text.starts_with("env:")) {
    const std::string name = text.substr(4);
    const auto sign = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0 ||
        !std::ranges::all_of(name, sign)) {
      return "is no name of an environment variable; letters, digits and _ after \"env:\", such as "
             "\"env:TWILIO_TOKEN\"";
    }
    return {};
  }
  if (text.starts_with("file:")) {
    return text.size() > 6 && text[5] == '/' ? std::string{}
                                             : "is no absolute path; write \"file:/absolute/path/of/the/secret\"";
  }
  return std::string("must not be the secret itself: ") + remedy;
}

std::string resolve_secret(const std::string& reference) {
  if (const std::string problem = secret_reference_problem(reference); !problem.empty()) {
    throw settings_error("a stored secret reference " + problem);
  }
  std::string secret;
  if (reference.starts_with("env:")) {
    const char* value = std::getenv(reference.c_str() + 4);
    if (value == nullptr || *value == '\0') {
      throw settings_error("secret " + reference + " is not set; export " + reference.substr(4) +
                           " before the engine starts");
    }
    secret = value;
  } else {
    std::ifstream file{reference.substr(5), std::ios::binary};
    secret.assign(std::istreambuf_iterator<char>{file}, {});
    if (!file) throw settings_error("secret " + reference + " cannot be read; make the file readable for the engine");
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
    if (secret.empty()) throw settings_error("secret " + reference + " is empty; put the secret into the file");
  }
  return secret;
}

}  // namespace dialer::cli
