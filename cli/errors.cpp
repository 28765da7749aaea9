#include "cli/errors.hpp"

#include <string_view>

#include "cli/rest_client.hpp"
#include "sql/cluster_error.hpp"
#include "sql/configuration.hpp"
#include "sql/migrations.hpp"
#include "sql/session.hpp"

namespace dialer::cli {
namespace {

// libpq's messages come in lines; ours is one.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != '\n' && c != '\t') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// As the same mistake has it on a database: what was asked for is not there or means nothing, the key has to be
// changed, the state of things stands in the way.
exit_code code_of(int status) {
  switch (status) {
    case 400:
    case 404:
    case 413:
    case 422: return exit_usage;
    case 401:
    case 403: return exit_configuration;
    case 429:
    case 502:
    case 503:
    case 504: return exit_unreachable;
    default: return exit_failed;
  }
}

}  // namespace

failure explain_failure(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const usage_error& wrong) {
    return {exit_usage, wrong.what()};
  } catch (const settings_error& wrong) {
    return {exit_configuration, wrong.what()};
  } catch (const service_unreachable& wrong) {
    return {exit_unreachable, wrong.what()};
  } catch (const service_refusal& refused) {
    return {code_of(refused.status()), refused.what()};
  } catch (const sql::cluster_error& wrong) {
    return {exit_configuration, wrong.what()};
  } catch (const sql::schema_error& wrong) {
    return {exit_configuration, wrong.what()};
  } catch (const sql::configuration_error& wrong) {
    return {exit_configuration, wrong.what()};
  } catch (const sql::sql_error& wrong) {
    if (wrong.kind() == sql::error_class::refused) {
      return {exit_failed, std::string("the database refused: ") + one_line(wrong.what())};
    }
    if (wrong.kind() == sql::error_class::unknown) {
      return {exit_unreachable, std::string("the database did not say whether the change was made: ") +
                                    one_line(wrong.what()) + "; run the command again, it changes nothing twice"};
    }
    return {exit_unreachable, std::string("the database does not answer: ") + one_line(wrong.what()) +
                                  "; check --database (or DIALER_DATABASE) and that the server runs"};
  } catch (const std::exception& wrong) {
    return {exit_failed, wrong.what()};
  }
}

}  // namespace dialer::cli
