#pragma once

#include <string>

namespace dialer::cli {

/// The secret that a reference ("env:NAME" or "file:/path") points at, without a line end. Throws settings_error
/// naming the reference, never the secret. Fits sql::secret_resolver.
std::string resolve_secret(const std::string& reference);

/// Empty when `text` is a well-formed reference; else what is wrong with it and what to write instead. Does not repeat
/// the text: it may be a secret.
std::string secret_reference_problem(const std::string& text);

}  // namespace dialer::cli
