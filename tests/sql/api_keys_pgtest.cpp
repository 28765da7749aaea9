// API keys as they are stored, and what a role under row-level security sees.

#include "sql/api_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/opt_outs.hpp"
#include "sql/tenant.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

api_key_record made(const std::string& name, char pepper = 'p') {
  api_key_record key;
  key.id = api_key_id{test::make_test_id()};
  key.name = name;
  key.hash = std::string(32, name.front());
  key.pepper = std::string(8, pepper);
  key.scopes = 5;
  return key;
}

void create(session& on, organisation_id organisation, const api_key_record& key) {
  transaction tx{on};
  create_api_key(tx, organisation, key);
  tx.commit();
}

std::uint64_t version_of(session& on, organisation_id organisation) {
  for (const keys_version& one : read_keys_versions(on)) {
    if (one.organisation == organisation) return one.version;
  }
  return 0;
}

TEST(ApiKeys, StoredAndRead_AreTheSame) {
  test::small_organisation house;
  api_key_record confined = made("confined");
  confined.workspace = house.workspace;
  confined.expires_at = utc_time{std::chrono::seconds{4'000'000'000}};
  const api_key_record wide = made("wide");
  EXPECT_EQ(version_of(house.on, house.id), 0U);
  create(house.on, house.id, confined);
  EXPECT_EQ(version_of(house.on, house.id), 1U);
  create(house.on, house.id, wide);
  EXPECT_EQ(version_of(house.on, house.id), 2U);

  std::vector<api_key_record> stored = read_api_keys(house.on, house.id);
  ASSERT_EQ(stored.size(), 2U);
  for (api_key_record& one : stored) {
    EXPECT_GT(one.created_at, utc_time{});
    one.created_at = utc_time{};
  }
  EXPECT_THAT(stored, testing::UnorderedElementsAre(confined, wide));
}

TEST(ApiKeys, Revoked_RaisesTheVersionAndKeepsTheFirstInstant) {
  test::small_organisation house;
  const api_key_record key = made("k");
  create(house.on, house.id, key);
  const auto revoke = [&](api_key_id id) {
    transaction tx{house.on};
    const bool found = revoke_api_key(tx, house.id, id);
    tx.commit();
    return found;
  };
  EXPECT_TRUE(revoke(key.id));
  const auto first = read_api_keys(house.on, house.id).at(0).revoked_at;
  ASSERT_TRUE(first);
  EXPECT_EQ(version_of(house.on, house.id), 2U);
  EXPECT_TRUE(revoke(key.id));
  EXPECT_EQ(read_api_keys(house.on, house.id).at(0).revoked_at, first);
  EXPECT_FALSE(revoke(api_key_id{test::make_test_id()}));
}

TEST(ApiKeys, SecondPepper_IsRefusedWhileAKeyOfTheFirstIsInUse) {
  test::small_organisation house;
  const api_key_record first = made("first");
  create(house.on, house.id, first);
  try {
    create(house.on, house.id, made("second", 'q'));
    FAIL() << "engines could not check both";
  } catch (const configuration_error& refused) {
    EXPECT_THAT(refused.what(), testing::HasSubstr(first.id.text()));
    EXPECT_THAT(refused.what(), testing::HasSubstr("--key-pepper"));
  }
  transaction tx{house.on};
  (void)revoke_api_key(tx, house.id, first.id);
  tx.commit();
  create(house.on, house.id, made("second", 'q'));
}

// Two organisations in one database; the second has a row in every table that the first has one in.
class RowLevelSecurity : public testing::Test {
 protected:
  RowLevelSecurity() {
    house_.import(1, 3);
    create(house_.on, house_.id, made("k"));
    const std::vector<e164> numbers{e164::from_digits(12125550100)};
    (void)add_opt_outs(house_.on, house_.id, numbers, "test");
    const result tables = house_.on.run(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = "
        "'public'::regnamespace ORDER BY 1");
    for (int i = 0; i < tables.rows(); ++i) tables_.emplace_back(tables.text(i, 0));
    connect_options options = house_.connection();
    options.role = tenant_role;
    tenant_.emplace(options);
  }
  /// Rows that the tenant's role sees; -1 when it may not even look.
  std::int64_t seen(const std::string& table) {
    try {
      return tenant_->run("SELECT count(*) FROM " + table).integer(0, 0);
    } catch (const sql_error& error) {
      EXPECT_EQ(error.sqlstate(), "42501") << error.what();
      return -1;
    }
  }

  test::small_organisation house_;
  std::vector<std::string> tables_;
  std::optional<session> tenant_;
};

TEST_F(RowLevelSecurity, EveryTableOfAnOrganisation_HasThePolicy) {
  const result without = house_.on.run(
      "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' "
      "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND EXISTS "
      "(SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'tenant' AND "
      "p.roles = '{dialer_api}' AND p.cmd = 'ALL' AND p.qual LIKE '%current_setting(''app.org''%'))");
  for (int i = 0; i < without.rows(); ++i) ADD_FAILURE() << without.text(i, 0) << " is open to every organisation";
}

TEST_F(RowLevelSecurity, Role_OwnsAndBypassesNothing) {
  EXPECT_EQ(house_.on
                .run("SELECT count(*) FROM pg_roles r WHERE rolname = 'dialer_api' AND NOT rolbypassrls AND NOT "
                     "rolsuper AND NOT rolcanlogin AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid)")
                .integer(0, 0),
            1);
}

TEST_F(RowLevelSecurity, WithoutATenant_NoTableShowsARow) {
  EXPECT_GT(tables_.size(), 20U);
  for (const std::string& table : tables_) EXPECT_LE(seen(table), 0) << table;
  EXPECT_EQ(seen("contact"), 0);
}

TEST_F(RowLevelSecurity, AnotherTenant_SeesNothingOfTheFirst) {
  const acting_for other{*tenant_, organisation_id{test::make_test_id()}};
  for (const std::string& table : tables_) EXPECT_LE(seen(table), 0) << table;
}

TEST_F(RowLevelSecurity, TheTenantItself_SeesItsRows) {
  const acting_for own{*tenant_, house_.id};
  for (const char* table : {"organisation", "workspace", "agent", "campaign", "contact", "contact_state", "api_key",
                            "opt_out", "org_owner", "lane"}) {
    EXPECT_GT(seen(table), 0) << table;
  }
}

TEST_F(RowLevelSecurity, ActingEnded_TheNextStatementOfTheConnectionSeesNothing) {
  {
    const acting_for own{*tenant_, house_.id};
    EXPECT_EQ(seen("contact"), 3);
    transaction left_open{*tenant_};
    (void)left_open.run("SELECT count(*) FROM contact");
  }
  EXPECT_EQ(seen("contact"), 0);
}

TEST_F(RowLevelSecurity, WritingForAnother_IsRefused) {
  const acting_for other{*tenant_, organisation_id{test::make_test_id()}};
  transaction tx{*tenant_};
  EXPECT_EQ(tx.run("UPDATE workspace SET weight = 9 WHERE org_id = $1", params{}.uuid(house_.id)).affected(), 0);
  EXPECT_THROW((void)tx.run("INSERT INTO workspace (org_id, id, name) VALUES ($1, $2, 'Foreign')",
                            params{}.uuid(house_.id).uuid(test::make_test_id())),
               sql_error);
}

TEST_F(RowLevelSecurity, AllowedCountries_AreSeenByTheTenantAndNotItsToChange) {
  transaction setting{house_.on};
  const result name = setting.run("SELECT name FROM organisation WHERE org_id = $1", params{}.uuid(house_.id));
  configuration config{setting, test::make_test_id};
  (void)config.organisation(std::string(name.text(0, 0)), callerid::sharing_policy::workspace, {"US", "CA"});
  setting.commit();
  const acting_for own{*tenant_, house_.id};
  EXPECT_EQ(tenant_->run("SELECT allowed_countries FROM organisation").text(0, 0), "CA,US");
  try {
    (void)tenant_->run("UPDATE organisation SET allowed_countries = '' WHERE org_id = $1", params{}.uuid(house_.id));
    ADD_FAILURE() << "a key could open every country";
  } catch (const sql_error& refused) {
    EXPECT_EQ(refused.sqlstate(), "42501") << refused.what();
  }
}

TEST_F(RowLevelSecurity, OptOut_CanBeWrittenByTheTenant) {
  const acting_for own{*tenant_, house_.id};
  const std::vector<e164> numbers{e164::from_digits(12125550101)};
  const std::uint64_t before = house_.generation();
  EXPECT_EQ(add_opt_outs(*tenant_, house_.id, numbers, "test"), before + 1);
  EXPECT_EQ(seen("opt_out"), 2);
}

}  // namespace
}  // namespace dialer::sql
