#include "sql/migrations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "tests/sql/database.hpp"

namespace dialer::sql {
namespace {

using testing::HasSubstr;

std::string refusal(session& on, std::span<const migration> files) {
  try {
    migrate(on, files);
  } catch (const schema_error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Migrations, AppliedTwice_ChangeNothing) {
  session on = test::connect(test::empty_database());
  migrate(on);
  migrate(on);
  EXPECT_EQ(on.run("SELECT count(*) FROM schema_migration").integer(0, 0),
            static_cast<std::int64_t>(embedded_migrations().size()));
}

TEST(Migrations, FileChangedAfterwards_IsRefused) {
  session on = test::connect(test::empty_database());
  std::vector<migration> files{{1, "0001_a.sql", "CREATE TABLE a (n int)"}};
  migrate(on, files);
  files[0].text = "CREATE TABLE a (n bigint)";
  EXPECT_THAT(refusal(on, files), HasSubstr("0001_a.sql was changed"));
}

TEST(Migrations, NewerDatabase_IsRefused) {
  session on = test::connect(test::empty_database());
  const std::vector<migration> files{{1, "0001_a.sql", "CREATE TABLE a (n int)"}, {2, "0002_b.sql", "SELECT 1"}};
  migrate(on, files);
  EXPECT_THAT(refusal(on, std::span{files}.first(1)), HasSubstr("run a newer dialer"));
}

TEST(Migrations, FailingFile_IsRolledBackWhole) {
  session on = test::connect(test::empty_database());
  const std::vector<migration> files{{1, "0001_a.sql", "CREATE TABLE a (n int)"},
                                     {2, "0002_b.sql", "CREATE TABLE b (n int); SELECT 1/0"}};
  EXPECT_THROW(migrate(on, files), sql_error);
  EXPECT_FALSE(on.run("SELECT to_regclass('a') IS NULL").boolean(0, 0));
  EXPECT_TRUE(on.run("SELECT to_regclass('b') IS NULL").boolean(0, 0));
}

// The rules that let the schema be distributed by organisation (Citus).
class Catalog : public testing::Test {
 protected:
  static session& on() {
    static session made = test::connect(test::fresh_database());
    return made;
  }
  static std::vector<std::string> names(std::string_view query) {
    std::vector<std::string> found;
    const result rows = on().run(query);
    for (int i = 0; i < rows.rows(); ++i) found.emplace_back(rows.text(i, 0));
    return found;
  }
};

TEST_F(Catalog, EveryKeyAndIndex_LeadsWithOrgId) {
  EXPECT_THAT(names("SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
                    "WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_attribute a "
                    "WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'org_id') ORDER BY 1"),
              testing::ElementsAre("carrier_account_pkey", "schema_migration_pkey"));
}

TEST_F(Catalog, EveryForeignKey_HasOrgIdFirstOnBothSides) {
  EXPECT_THAT(
      names("SELECT k.conname::text FROM pg_constraint k WHERE k.contype = 'f' AND ("
            "NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1] AND "
            "a.attname = 'org_id') OR NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.confrelid AND "
            "a.attnum = k.confkey[1] AND a.attname = 'org_id'))"),
      testing::IsEmpty());
}

TEST_F(Catalog, NoTriggerRuleSequenceOrPartition_Exists) {
  EXPECT_THAT(names("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal"), testing::IsEmpty());
  EXPECT_THAT(names("SELECT rulename::text FROM pg_rules WHERE schemaname = 'public'"), testing::IsEmpty());
  EXPECT_THAT(names("SELECT relname::text FROM pg_class WHERE relkind IN ('p', 'S') AND "
                    "relnamespace = 'public'::regnamespace"),
              testing::IsEmpty());
}

TEST_F(Catalog, EveryTable_HasOrgIdAndAPrimaryKey) {
  EXPECT_THAT(
      names("SELECT relname::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id')"),
      testing::ElementsAre("schema_migration"));
  EXPECT_THAT(
      names("SELECT relname::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"),
      testing::IsEmpty());
}

struct literal {
  std::string text;       // adjacent ones joined, escapes left as they are
  std::string statement;  // from the literal to the end of the C++ statement it is in
};

std::vector<literal> literals(const std::string& source) {
  std::vector<literal> found;
  std::size_t last_end = std::string::npos;
  bool in_comment = false;
  for (std::size_t at = 0; at < source.size(); ++at) {
    if (in_comment) {
      in_comment = source[at] != '\n';
      continue;
    }
    if (source.compare(at, 2, "//") == 0) {
      in_comment = true;
    } else if (source[at] == '\'' && at + 2 < source.size() && (source[at + 2] == '\'' || source[at + 1] == '\\')) {
      at += source[at + 1] == '\\' ? 3 : 2;
    } else if (source[at] == '"') {
      std::string text;
      for (++at; at < source.size() && source[at] != '"'; ++at) {
        text += source[at];
        if (source[at] == '\\') text += source[++at];
      }
      const bool joined =
          last_end != std::string::npos && source.find_first_not_of(" \t\n", last_end + 1) >= at - text.size() - 1;
      if (joined) {
        found.back().text += text;
      } else {
        found.push_back({text, source.substr(at, source.find(";\n", at) - at)});
      }
      last_end = at;
    }
  }
  return found;
}

TEST(Statements, EveryOneOfTheFolder_NamesOrgId) {
  const char* source_dir = std::getenv("DIALER_SOURCE_DIR");
  ASSERT_NE(source_dir, nullptr) << "run by ctest, which says where the sources are";
  // What belongs to no organisation, and why it may be asked without one.
  const std::vector<std::string> exceptions{
      "schema_migration",              // the schema itself
      "pg_",                           // PostgreSQL's own catalog and functions
      "sha256",                        // a checksum computed by the server
      "FROM organisation ORDER BY",    // the list of organisations
      "FROM organisation WHERE name",  // finding one by its name
      "COPY tried",                    // a temporary table, of one session
  };
  const std::regex verb{R"(^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|WITH)\b)"};
  int checked = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path{source_dir} / "sql")) {
    if (file.path().extension() != ".cpp") continue;
    std::ostringstream text;
    text << std::ifstream{file.path()}.rdbuf();
    for (const auto& [literal, statement] : literals(text.str())) {
      if (!std::regex_search(literal, verb)) continue;
      ++checked;
      const bool excepted = std::ranges::any_of(
          exceptions, [&](const std::string& part) { return literal.find(part) != std::string::npos; });
      EXPECT_TRUE(excepted || (literal + statement).find("org_id") != std::string::npos)
          << file.path() << ": " << literal;
    }
  }
  EXPECT_GT(checked, 3);
}

}  // namespace
}  // namespace dialer::sql
