// The demonstration, driven as a machine would.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <iostream>

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
  for (int area = 201, made = 0; made < good; area = area == 989 ? 201 : area + 1) {
    if (area % 100 == 11) continue;
    ++made;
    list += "+1" + std::to_string(area) + "55501" + std::to_string(10 + made % 90) + ",Contact " +
            std::to_string(made) + "\n";
  }
  list += "+12015550111,Again\n";            // duplicate of the first row
  list += "12,Too short\nnobody,Not one\n";  // rejected
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
