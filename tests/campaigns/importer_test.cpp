#include "campaigns/importer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "campaigns/import_batch.hpp"
#include "tests/campaigns/memory_import.hpp"

namespace dialer::campaigns {
namespace {

using namespace std::string_literals;

import_options rows_a_batch(std::uint32_t rows) {
  import_options options;
  options.batch_rows = rows;
  return options;
}

std::string verdicts_of(const std::string& file, const import_options& options = {}) {
  memory_import import;
  const import_result result = import.run(file, options);
  if (!result.refused.empty()) return "REFUSED " + result.refused;
  EXPECT_TRUE(result.progress.finished);
  EXPECT_EQ(result.progress.rows, result.progress.accepted + result.progress.duplicate + result.progress.rejected);
  EXPECT_EQ(result.progress.accepted, import.sink.contacts.size());
  EXPECT_EQ(result.progress.byte_offset, file.size());
  EXPECT_TRUE(import.verdicts.text.starts_with(verdict_header));
  return import.verdicts.text.substr(verdict_header.size());
}

TEST(Importer, PlainRows_BecomeContacts) {
  memory_import import;
  import.run(
      "Phone Number,First Name,Last Name,Time Zone,State,ZIP,Customer ID,notes,plan\r\n"
      "(212) 555-0123 x7, Contact ,00017,America/New_York,NY,10001,c-1,\"said \"\"yes\"\"\nand so on\",\r\n");
  ASSERT_EQ(import.sink.contacts.size(), 1U);
  const imported_contact& contact = import.sink.contacts[0];
  EXPECT_EQ(contact.number.text(), "+12125550123");
  EXPECT_EQ(contact.row, 1U);
  EXPECT_EQ(contact.name, "Contact 00017");
  EXPECT_EQ(contact.place, "zone America/New_York");
  EXPECT_EQ(contact.time_zone, "America/New_York");
  EXPECT_EQ(contact.state, "NY");
  EXPECT_EQ(contact.postal_code, "10001");
  EXPECT_EQ(contact.external_id, "c-1");
  EXPECT_EQ(contact.variables,
            "{\"First Name\":\"Contact\",\"Last Name\":\"00017\",\"notes\":\"said \\\"yes\\\"\\nand so on\","
            "\"plan\":\"\",\"extension\":\"7\"}");
  EXPECT_EQ(import.verdicts.text, "row,verdict,number,detail\r\n1,accepted,'+12125550123,\r\n");
}

TEST(Importer, Verdicts_NameRowColumnReasonAndRemedy) {
  EXPECT_EQ(
      verdicts_of("phone,tz\n"
                  "2125550123,\n"
                  "+1 212 555 0123,\n"
                  "212 911 0123,\n"
                  "2125550124,Nowhere/Land\n"
                  "2125550124,America/New_York\n"
                  "2125550125,x,y\n"
                  "=1+1,\n"),
      "1,accepted,'+12125550123,\r\n"
      "2,duplicate,'+12125550123,of row 1\r\n"
      "3,rejected,212 911 0123,\"phone: the three digits after the area code cannot exist in North America; check the "
      "number\"\r\n"
      "4,rejected,2125550124,\"time_zone: no such time zone; write America/New_York\"\r\n"
      "5,accepted,'+12125550124,\r\n"
      "6,rejected,,\"column_3: the row has 3 fields, the header 2; give every row as many fields as the header, and "
      "quote "
      "fields that hold the separator\"\r\n"
      "7,rejected,'=1+1,\"phone: there are signs that belong in no number; put one number in each cell, for example "
      "+12125550123\"\r\n");
}

TEST(Importer, DuplicatesAcrossBatches_NameTheFirstRow) {
  const std::string file = "phone\n2125550100\n2125550101\n2125550100\n2125550101\n2125550100\n2125550102\n";
  const std::string expected = verdicts_of(file);
  EXPECT_NE(expected.find("5,duplicate,'+12125550100,of row 1\r\n"), std::string::npos);
  for (std::uint32_t rows = 1; rows <= 7; ++rows) EXPECT_EQ(verdicts_of(file, rows_a_batch(rows)), expected) << rows;
}

TEST(Importer, NumberTheCampaignHolds_IsADuplicate) {
  memory_import import;
  import.run("phone\n2125550100\n2125550101\n");
  import.sink.progress = {};
  import.verdicts.text.clear();
  import.run("phone\n2125550102\n2125550101\n2125550101\n");
  EXPECT_EQ(
      import.verdicts.text.substr(verdict_header.size()),
      "1,accepted,'+12125550102,\r\n2,duplicate,'+12125550101,of row 2\r\n3,duplicate,'+12125550101,of row 2\r\n");
}

TEST(Importer, FileThatIsNoList_IsRefusedAndNothingIsWritten) {
  for (const auto& [file, reason] : std::vector<std::pair<std::string, std::string>>{
           {"", "the file is empty"},
           {"\n \r\n", "the file is empty"},
           {"\xEF\xBB\xBF", "the file is empty"},
           {"name,fax\nx,y\n", "no column holds the telephone number"},
           {"phone,mobile\n1,2\n", "both mean phone_number"},
           {"phone,x,x\n1,2,3\n", "two columns are called \"x\""},
           {"+12125550123,Contact\n", "the first row holds a telephone number"},
           {"phone,\"name\n2125550123,x\n", "the first row cannot be read"},
           {"\xFF\xFE\0\0p\0\0\0"s, "UTF-32"},
           {std::string(3'000'000, 'x'), "the first row cannot be read: the row is longer than 64 KiB"}}) {
    memory_import import;
    const import_result result = import.run(file);
    EXPECT_NE(result.refused.find(reason), std::string::npos) << "\"" << file.substr(0, 40) << "\": " << result.refused;
    EXPECT_FALSE(result.progress.finished);
    EXPECT_EQ(import.verdicts.text, "");
    EXPECT_EQ(import.sink.progress.rows, 0U);
  }
}

TEST(Importer, HeaderOnly_IsAFinishedImportOfNoRows) {
  EXPECT_EQ(verdicts_of("phone,name\n"), "");
  EXPECT_EQ(verdicts_of("phone"), "");
}

std::string to_utf16(std::string_view ascii, bool little, bool mark) {
  std::string bytes = !mark ? "" : little ? "\xFF\xFE" : "\xFE\xFF";
  for (const char sign : ascii) {
    if (!little) bytes += '\0';
    bytes += sign;
    if (little) bytes += '\0';
  }
  return bytes;
}

TEST(Importer, EveryEncoding_GivesTheSameVerdicts) {
  const std::string file = "phone;name\r\n212 555 0123;\"Contact\r\n1\"\r\n2125550124;Contact 2";
  const std::string expected = verdicts_of(file);
  EXPECT_EQ(expected, "1,accepted,'+12125550123,\r\n2,accepted,'+12125550124,\r\n");
  EXPECT_EQ(verdicts_of("\xEF\xBB\xBF" + file), expected);
  for (const bool little : {true, false}) {
    for (const bool mark : {true, false})
      EXPECT_EQ(verdicts_of(to_utf16(file, little, mark), rows_a_batch(1)), expected);
  }
  EXPECT_EQ(verdicts_of(to_utf16("{\"phone\":\"2125550123\"}\n", true, false)), "1,accepted,'+12125550123,\r\n");
}

TEST(Importer, Ndjson_MembersPlayTheColumns) {
  memory_import import;
  import.run(
      "{\"Phone Number\":\"212-555-0123\",\"name\":\"Contact 1\",\"score\":1.5,\"tags\":[\"a\", "
      "{\"b\":null}],\"id\":77,\"zip\":null}\n"
      "\n"
      "{\"phone\":12125550124}\r\n"
      "{\"phone\":1.212555e10}\n"
      "{\"name\":\"x\"}\n"
      "[1]\n"
      "{\"phone\":\"2125550125\",\"mobile\":\"2125550126\"}\n"
      "{\"phone\":[\"2125550125\"]}\n"
      "{\"phone\":\"2125550125\" \n"
      "{\"phone\":\"2125550125\",\"x\":\"\\u0000\"}\n"
      "{\"phone\":\"2125550125\",\"x\":\"\xE9\"}\n"
      "{\"phone\":\"+1 212 555 0123\"}");
  ASSERT_EQ(import.sink.contacts.size(), 2U);
  EXPECT_EQ(import.sink.contacts[0].variables, "{\"score\":1.5,\"tags\":[\"a\",{\"b\":null}]}");
  EXPECT_EQ(import.sink.contacts[0].external_id, "77");
  EXPECT_EQ(import.sink.contacts[1].number.text(), "+12125550124");
  EXPECT_EQ(import.sink.progress.rows, 11U);
  EXPECT_EQ(import.sink.progress.rejected, 8U);
  const std::string& text = import.verdicts.text;
  for (const std::string_view part :
       {"3,rejected,", "4,rejected,,\"phone_number: there is no number;",
        "5,rejected,,\"line: the line is no JSON object;", "6,rejected,,\"mobile: a second member means phone_number;",
        "7,rejected,,\"phone: the value is neither text nor a number;",
        "8,rejected,,\"line: the line is no JSON: ", "9,rejected,,\"line: a NUL character",
        "10,rejected,,\"line: byte 0xE9 is not UTF-8 at position 28;", "11,duplicate,'+12125550123,of row 1"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(Importer, ObjectThatHasANumberBesideATelephone_IsNotGuessedWhichToCall) {
  memory_import import;
  import.run(
      "{\"number\":\"2024001234\",\"Home Phone\":\"2125550123\"}\n"
      "{\"number\":\"2125550123\",\"city\":\"x\"}\n"
      "{\"work_phone\":\"2125550124\",\"Number\":\"2024001234\"}\n");
  ASSERT_EQ(import.sink.contacts.size(), 1U);
  EXPECT_EQ(import.sink.contacts[0].row, 2U);
  const std::string& text = import.verdicts.text;
  EXPECT_NE(text.find("1,rejected,,\"number: \"\"Home Phone\"\" may be the telephone number as well"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("3,rejected,"), std::string::npos) << text;
}

TEST(RememberedPlaces, WhereaboutsThatNoRealColumnHas_AreNotKept) {
  int asked = 0;
  const place_finder finder = [&](const place_question& question) {
    ++asked;
    return any_place(question);
  };
  remembered_places places{finder};
  const auto ask = [&](std::string_view state) {
    return places.find({e164::from_digits(12125550123), {}, state, {}}).lane;
  };
  EXPECT_EQ(ask("NY"), "npa 212");
  EXPECT_EQ(ask("NY"), "npa 212");
  EXPECT_EQ(asked, 1);
  const std::string wide(1'000, 'x');
  EXPECT_EQ(ask(wide), "npa 212");
  EXPECT_EQ(ask(wide), "npa 212");
  EXPECT_EQ(asked, 3);
}

// Memory, and what the database takes in one statement, must not depend on how wide the rows are.
TEST(Importer, WideRows_AreCommittedAFewMegabytesAtATime) {
  std::string file = "phone,notes\n";
  for (int row = 0; row < 1'000; ++row) {
    file += std::to_string(2'125'550'000 + row) + ',' + std::string(60'000, 'x') + '\n';
  }
  memory_import import;
  std::uint64_t before = 0;
  std::uint64_t largest = 0;
  int commits = 0;
  import.on_progress = [&](const import_progress& at) { largest = std::max(largest, at.byte_offset - before);
  before = at.byte_offset;
  ++commits;
  return true;
};
import.run(file);
EXPECT_EQ(import.sink.contacts.size(), 1'000U);
EXPECT_EQ(import.sink.progress.byte_offset, file.size());
EXPECT_LT(largest, 9U << 20);
EXPECT_GE(commits, 7);
}  // namespace

// Files that break importers; each row of each must end as one of the three, and good rows after bad ones must be read.
TEST(Importer, PoisonFiles_CountEveryRow) {
  const std::string good = "2125550123,ok\n";
  const std::string column_flood = std::string(10'000, ',');
  for (const auto& [poison, rejected] :
       std::vector<std::pair<std::string, std::uint64_t>>{{"2125550100,caf\xE9\n", 1},
                                                          {"2125550100,a\0b\n"s, 1},
                                                          {"2125550100,\"never closed\n", 1},
                                                          {"2125550100,5\" pipe\n", 1},
                                                          {std::string(5'000'000, '1') + "\n", 1},
                                                          {"\"" + std::string(5'000'000, 'x') + "\n", 1},
                                                          {column_flood + "\n", 1},
                                                          {"1.21255E+10,x\n", 1},
                                                          {"1e10,x\n", 1},
                                                          {"=HYPERLINK(\"\"x\"\"),x\n", 1},
                                                          {"\"=HYPERLINK(\"\"x\"\")\",x\n", 1},
                                                          {"0012125550100,leading zeros\r\n", 0},
                                                          {"2125550100,x\r2125550101,y\r\n\n\r", 0},
                                                          {",\n,\n", 2},
                                                          {"2125550100\n", 1},
                                                          {"\xEF\xBB\xBF"
                                                           "2125550100,mark in the middle\n",
                                                           0},
                                                          {"\xED\xA0\x80,x\n", 1}}) {
    memory_import import;
    const import_result result = import.run("phone,name\r\n" + poison + good);
    const std::string shown = poison.substr(0, 40);
    EXPECT_EQ(result.refused, "") << shown;
    EXPECT_EQ(result.progress.rejected, rejected) << shown << import.verdicts.text.substr(0, 1000);
    EXPECT_EQ(result.progress.rows, result.progress.accepted + result.progress.duplicate + result.progress.rejected);
    EXPECT_EQ(import.sink.rows.count(e164::from_digits(12125550123)), 1U) << shown;
    EXPECT_LT(import.verdicts.text.size(), 2000U);
  }
}

const std::string messy =
    "\xEF\xBB\xBFPhone Number,name,tz,notes\r\n"
    "(212) 555-0100,Contact 1,,\"two\r\nlines\"\r\n"
    "212-555-0101,Contact 2,Nowhere/Land,\r\n"
    "212-555-0100,Contact 3,,\r\n"
    "\r\n"
    "212-555-0102 x5,\"open,,\r\n"
    "1.21255E+10,Contact 5,,\r\n"
    "+44 20 7946 0123,caf\xE9,,\r\n"
    "+44 20 7946 0123,Contact 7,Europe/London,=cmd\r\n"
    "2125550101,Contact 8,,\n"
    "2125550101,Contact 9,,\r"
    "2125550103,5\" pipe,,\n"
    "212 555 0103,Contact 11,,\"last\"";

TEST(Importer, FailureAtAnyStep_ResumesToTheSameEnd) {
  for (std::uint32_t rows = 1; rows <= 13; ++rows) {
    memory_import whole;
    whole.run(messy, rows_a_batch(rows));
    const int calls = whole.failure.calls;
    ASSERT_GE(calls, 3);
    for (int at = 1; at <= calls; ++at) {
      memory_import broken;
      broken.failure.at_call = at;
      const import_result result = broken.run(messy, rows_a_batch(rows));
      EXPECT_EQ(broken.outcome(), whole.outcome()) << "batches of " << rows << ", failure at call " << at;
      EXPECT_EQ(result.progress.rows, 11U);
      EXPECT_EQ(broken.restarts, 1) << at;
    }
  }
}

TEST(Importer, StoppedAfterAnyBatch_ResumesToTheSameEnd) {
  for (std::uint32_t rows = 1; rows <= 13; ++rows) {
    memory_import whole;
    whole.run(messy, rows_a_batch(rows));
    memory_import stopped;
    stopped.on_progress = [](const import_progress&) { return false; };
    int runs = 0;
    while (!stopped.run(messy, rows_a_batch(rows)).progress.finished) ++runs;
    EXPECT_GE(runs, static_cast<int>(11 / rows) - 1);
    EXPECT_EQ(stopped.outcome(), whole.outcome()) << rows;
  }
}

TEST(Importer, FinishedImport_DoesNothingMore) {
  memory_import import;
  import.run(messy);
  const std::string before = import.outcome();
  import.run(messy);
  EXPECT_EQ(import.outcome(), before);
}

TEST(Importer, ResumedFileThatBecameShorter_IsAnError) {
  memory_import import;
  import.on_progress = [](const import_progress&) { return false;
};
import.run(messy, rows_a_batch(5));
EXPECT_THROW(import.run(messy.substr(0, 60)), std::runtime_error);
}  // namespace dialer::campaigns

TEST(Importer, Ids_IncreaseInFileOrder) {
  memory_import import;
  import.run("phone\n2125550100\n2125550101\n2125550100\n2125550102\n", rows_a_batch(2));
  ASSERT_EQ(import.sink.contacts.size(), 3U);
  EXPECT_LT(import.sink.contacts[0].id, import.sink.contacts[1].id);
  EXPECT_LT(import.sink.contacts[1].id, import.sink.contacts[2].id);
}

TEST(Importer, PlaceIsAskedOncePerAreaCodeAndWhereabouts) {
  int asked = 0;
  planned_failure never;
  memory_sink sink{never};
  memory_verdicts verdicts{never};
  id_sequence ids{1};
  const fixed_clock time;
  std::istringstream file{
      "phone,tz\n2125550100,\n2125550101,\n2125550102,America/New_York\n3105550100,\n+442079460100,\n+442079460101,\n"};
  const auto place = [&](const place_question& question) { return ++asked, any_place(question); };
  import_contacts(file, {}, {place, sink, verdicts, ids, time, {}});
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(sink.contacts[2].place, "zone America/New_York");
  EXPECT_EQ(sink.contacts[3].place, "npa 310");
}

TEST(Importer, ExampleList_IsAsMessyAsItsGeneratorSays) {
  std::ifstream file{std::string{std::getenv("DIALER_SOURCE_DIR")} + "/examples/contacts.csv", std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  memory_import import;
  const import_progress progress = import.run(text).progress;
  EXPECT_EQ(progress.rows, 10'000U);
  EXPECT_NEAR(static_cast<double>(progress.duplicate), 300, 60);
  EXPECT_NEAR(static_cast<double>(progress.rejected), 200, 60);
  std::set<unsigned> areas;
  for (const imported_contact& each : import.sink.contacts) {
    ASSERT_TRUE(each.number.is_nanp());
    ASSERT_EQ(each.number.subscriber() / 100, 55501U) << "not a number reserved for fiction, row " << each.row;
    areas.insert(each.number.npa());
  }
  EXPECT_TRUE(areas.contains(808) && areas.contains(907)) << "Hawaii and Alaska";
  EXPECT_GT(areas.size(), 100U);
}

TEST(Importer, OptionsWithoutSense_Throw) {
  memory_import import;
  EXPECT_THROW(import.run("phone\n", rows_a_batch(0)), std::invalid_argument);
  import_options options;
  options.default_country = "ZZ";
  EXPECT_THROW(import.run("phone\n", options), std::invalid_argument);
}

}  // namespace dialer::campaigns
}  // namespace dialer::campaigns
