#pragma once
// The REST API in service, over two organisations of one database, and a client that speaks to it.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/http_server.hpp"
#include "api/key_ring.hpp"
#include "api/number_desk.hpp"
#include "api/rest_document.hpp"
#include "api/rest_service.hpp"
#include "api/sealed_secret.hpp"
#include "tests/api/fake_carrier.hpp"
#include "tests/api/manual_clock.hpp"
#include "tests/scratch.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::api::test {

/// One of two organisations that have the same things under the same names.
struct tenant {
  tenant(const std::string& database, const std::string& name, std::uint64_t first_contact);

  /// Its number warmed up, and rests now.
  void rest_number();
  /// Makes a key and hands it to the ring.
  std::string add_key(key_ring& keys, sql::scope_bits scopes, std::optional<workspace_id> confined = {});

  sql::test::small_organisation house;
  workspace_id other_workspace;  ///< with nothing in it
  contact_id contact;            ///< the first of three; it has one attempt, which ended
  attempt_id attempt;
  webhook_id webhook;
  std::string number;  ///< opted out
  std::vector<sql::api_key_record> keys;
  std::string key;                         ///< every scope, the whole organisation
  std::map<std::string, std::string> ids;  ///< by the name of a path parameter
};

struct rest_reply {
  int status = 0;
  std::string head;
  std::string text;
  boost::json::object body;  ///< empty when `text` is no object
  bool whole = true;         ///< false: it broke off

  /// Of the first header of that name; empty when there is none.
  std::string header(const std::string& name) const;
  std::string code() const;
};

class rest_house {
 public:
  /// `resources` empty: all there are.
  explicit rest_house(std::vector<rest_resource> resources = {},
                      secret_keys secrets_of_engine = secret_keys{{secret_key{42}}}, const request_rate& rate = {});
  ~rest_house();

  /// `key` empty: none is sent. `headers`: "Name: value\r\n" each.
  rest_reply ask(const std::string& method, const std::string& target, const std::string& key,
                 const std::string& body = "", const std::string& headers = "");
  std::uint16_t port() const { return port_; }
  rest_service& service() { return *service_; }
  /// Ends what is under way.
  void stop();
  /// The engine acts by everything: what waits for it is answered at once.
  void engine_follows();

  const secret_keys secrets;
  std::string database = sql::test::fresh_database();
  scratch uploads;
  manual_clock time;
  key_ring keys;
  tenant first;
  tenant second;
  fake_carrier carrier;  ///< that both organisations have accounts with
  number_desk desk;
  std::vector<engine::organisation_view> views;  ///< of an engine; change it when nothing is under way
  /// Of the disk that lists are kept on; change it when nothing is under way.
  std::filesystem::space_info disk{std::uintmax_t{100} << 30, std::uintmax_t{50} << 30, std::uintmax_t{50} << 30};
  std::vector<std::string> warnings;  ///< read it when nothing is under way

 private:
  std::mutex warnings_mutex_;
  std::optional<rest_service> service_;
  std::optional<http_server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace dialer::api::test
