#include "campaigns/header_map.hpp"

#include <gtest/gtest.h>

namespace dialer::campaigns {
namespace {

header_result map(std::vector<std::string_view> names, std::string_view phone_column = {}) {
  return map_header(names, phone_column);
}

TEST(HeaderMap, NamesAsExportsWriteThem_AreRecognised) {
  for (const std::string_view name :
       {"phone", "Phone", "PHONE NUMBER", "phone_number", "phone-number", "Phone Number ", "PhoneNumber", "mobile",
        "Mobile No.", "E.164", "telephone", "Cell", "Cell Phone", "tel."}) {
    EXPECT_EQ(recognise_column(name), column_role::phone) << name;
  }
  EXPECT_EQ(recognise_column("Full Name"), column_role::name);
  EXPECT_EQ(recognise_column("First Name"), column_role::first_name);
  EXPECT_EQ(recognise_column("surname"), column_role::last_name);
  EXPECT_EQ(recognise_column("Time Zone"), column_role::time_zone);
  EXPECT_EQ(recognise_column("State/Province"), column_role::state);
  EXPECT_EQ(recognise_column("ZIP Code"), column_role::postal_code);
  EXPECT_EQ(recognise_column("External ID"), column_role::external_id);
  EXPECT_EQ(recognise_column("phone notes"), column_role::variable);
  EXPECT_EQ(recognise_column(""), column_role::variable);
}

TEST(HeaderMap, NoPhoneColumn_IsRefusedWithWhatWasSeenAndWhatIsAccepted) {
  const auto result = map({"name", "fax"});
  EXPECT_NE(result.refused.find("\"name\", \"fax\""), std::string::npos) << result.refused;
  EXPECT_NE(result.refused.find("phone_number, phone, mobile"), std::string::npos) << result.refused;
}

TEST(HeaderMap, TwoPhoneColumns_AreRefusedUnlessOneIsNamed) {
  const auto result = map({"name", "Phone", "Mobile"});
  EXPECT_NE(result.refused.find("columns \"Phone\" and \"Mobile\" both mean phone_number"), std::string::npos)
      << result.refused;
  const auto chosen = map({"name", "Phone", "Mobile"}, "mobile");
  EXPECT_EQ(chosen.refused, "");
  EXPECT_EQ(chosen.map.find(column_role::phone), 2U);
  EXPECT_EQ(chosen.map.columns[1].role, column_role::variable);
  EXPECT_EQ(map({"name", "Office line"}, "office_line").map.find(column_role::phone), 1U);
  EXPECT_NE(map({"name", "phone"}, "fax").refused.find("no column called \"fax\""), std::string::npos);
}

// An invoice's number has ten digits, too.
TEST(HeaderMap, NumberBesideATelephone_IsNotGuessedToBeOne) {
  const auto result = map({"Number", "Name", "Home Phone"});
  EXPECT_NE(result.refused.find("columns \"Number\" and \"Home Phone\" may both hold"), std::string::npos)
      << result.refused;
  EXPECT_NE(map({"Work Tel", "contact number"}).refused, "");
  EXPECT_NE(map({"Tel (office)", "Number"}).refused, "");
  EXPECT_EQ(map({"number", "name", "hotel", "cancelled"}).refused, "");
  EXPECT_EQ(map({"phone", "home phone"}).refused, "");
  EXPECT_EQ(map({"Number", "Name", "Home Phone"}, "Home Phone").map.find(column_role::phone), 2U);
  EXPECT_EQ(map({"Number", "Name", "Home Phone"}, "Number").map.find(column_role::phone), 0U);
}

TEST(HeaderMap, RepeatedNames_AreRefused) {
  EXPECT_NE(map({"phone", "notes", "notes"}).refused.find("two columns are called \"notes\""), std::string::npos);
  EXPECT_NE(map({"phone", "zip", "Postal Code"}).refused.find("both mean postal_code"), std::string::npos);
}

TEST(HeaderMap, EmptyNames_GetTheirPosition) {
  const auto result = map({"phone", "", " "});
  EXPECT_EQ(result.refused, "");
  EXPECT_EQ(result.map.columns[1].name, "column_2");
  EXPECT_EQ(result.map.columns[2].name, "column_3");
}

TEST(HeaderMap, NumbersInsteadOfNames_AreToldWithTheRemedy) {
  for (const std::string_view first : {"+12125550123", "(212) 555-0123", "02079460123"}) {
    EXPECT_NE(map({first, "Contact 1"}).refused.find("put a row such as phone_number,name above it"), std::string::npos)
        << first;
  }
}

TEST(HeaderMap, NumbersInsteadOfNames_AreNeverQuoted) {
  const std::vector<std::string_view> data{"+12125550123", "Contact 1", "Contact 1"};
  for (const std::string& refused : {map_header(data, {}).refused, map_header(data, "telephone").refused}) {
    EXPECT_NE(refused.find("put a row such as"), std::string::npos) << refused;
    EXPECT_EQ(refused.find("5550123"), std::string::npos) << refused;
    EXPECT_EQ(refused.find("Contact"), std::string::npos) << refused;
  }
}

TEST(HeaderMap, TenThousandColumns_AreListedShortly) {
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("c" + std::to_string(i));
  const auto result = map_header(std::vector<std::string_view>{names.begin(), names.end()}, {});
  EXPECT_LT(result.refused.size(), 1000U);
  EXPECT_NE(result.refused.find("and 9970 more"), std::string::npos);
}

}  // namespace
}  // namespace dialer::campaigns
