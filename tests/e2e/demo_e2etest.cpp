// The demonstration, driven as a machine would.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <iostream>

#include "cli/instants.hpp"
#include "tests/e2e/fiction.hpp"
#include "tests/e2e/rig.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::int64_t sum_of(const json::value& counts) {
  std::int64_t sum = 0;
  for (const auto& [name, count] : counts.as_object()) sum += count.to_number<std::int64_t>();
  return sum;
}

TEST(Demo, SmallListOutputJson_EveryContactAccountedForAndTheBooksAgree) {
  const scratch directory;
  constexpr int good = 300;
  std::string list = "phone,name\n";
  const std::vector<fictitious> numbers = open_numbers(cli::parse_instant("2026-11-18T17:00:00Z").value());
  for (int row = 0; row < good; ++row) {
    list += numbers[static_cast<std::size_t>(row)].number.text() + ",Contact " + std::to_string(row) + "\n";
  }
  list += numbers[0].number.text() + ",Again\n";  // duplicate of the first row
  list += "12,Too short\nnobody,Not one\n";       // rejected
  write_file(directory.path() / "list.csv", list);

  const finished demo =
      run({dialer_binary(), "demo", "--output", "json", "--contacts", (directory.path() / "list.csv").string(),
           "--state-dir", (directory.path() / "demo").string()},
          directory.path(), {}, 120s);
  ASSERT_EQ(demo.code, 0) << demo.output << demo.errors;
  const json::object said = json::parse(demo.output).as_object();
  std::cout << demo.output;
  const auto number = [](const json::value& value) { return value.to_number<std::int64_t>(); };
  const json::object& contacts = said.at("contacts").as_object();
  EXPECT_EQ(number(contacts.at("rows")), good + 3);
  EXPECT_EQ(number(contacts.at("accepted")), good);
  EXPECT_EQ(number(contacts.at("duplicate")), 1);
  EXPECT_EQ(number(contacts.at("rejected")), 2);
  const std::int64_t terminal = sum_of(said.at("dispositions")) + sum_of(said.at("not_dialed"));
  const std::int64_t waiting = sum_of(said.at("waiting"));
  EXPECT_EQ(number(contacts.at("accepted")), terminal + waiting);

  const json::object& audit = said.at("audit").as_object();
  EXPECT_EQ(number(audit.at("attempted")), number(said.at("attempts")));
  EXPECT_GT(number(audit.at("acknowledged")), 0);
  for (const char* wrong : {"lost", "unexpected", "duplicated"}) EXPECT_EQ(number(audit.at(wrong)), 0) << wrong;
  EXPECT_TRUE(audit.contains("recovered"));
  EXPECT_GT(said.at("calls_per_second").to_number<double>(), 0);
  EXPECT_GT(said.at("elapsed_s").to_number<double>(), 0);
}

}  // namespace
}  // namespace dialer::e2e
