#include <gtest/gtest.h>

#include <fstream>

#include "carriers/simulator/log_file.hpp"
#include "carriers/simulator/log_reader.hpp"
#include "tests/scratch.hpp"

namespace dialer::carriers::simulator {
namespace {

class Log : public testing::Test {
 protected:
  const scratch place;
  const std::string path = place.file("log");
};

log_entry full_entry() {
  log_entry entry;
  entry.event = log_event::callback_lost;
  entry.at = utc_time{std::chrono::microseconds{1'795'000'000'123'456}};
  entry.carrier = carrier_name::telnyx;
  entry.request = 42;
  entry.account = "1494404757140276705";
  entry.to = "+12125550100";
  entry.from = "+12125550199";
  entry.token = "quote \" backslash \\ line \n and \xc3\xbc";
  entry.command_id = "c-1";
  entry.ref = "v3:0";
  entry.outcome = "completed";
  entry.answered_by = "machine";
  entry.code = "90103";
  entry.reason = "status_500";
  entry.callback = "ended";
  entry.status = 500;
  entry.sip = 486;
  entry.sequence = 0;
  entry.delivery = 2;
  entry.queue_ms = 0;
  entry.count = 0;
  entry.behind_us = 2'500;
  entry.seed = 18'446'744'073'709'551'615ULL;
  return entry;
}

TEST_F(Log, EveryField_ReadsBackAsWritten) {
  log_entry sparse;
  sparse.event = log_event::create_received;
  sparse.at = utc_time{std::chrono::microseconds{1}};
  {
    log_file file{path};
    file.append(full_entry());
    file.append(sparse);
  }
  log_reader reader{path};
  log_entry entry;
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry, full_entry());
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry, sparse);
  EXPECT_FALSE(reader.next(entry));
  EXPECT_FALSE(reader.truncated());
}

TEST_F(Log, EveryEvent_HasItsName) {
  EXPECT_EQ(log_event_names.size(), static_cast<std::size_t>(log_event::leg_ended) + 1);
  {
    log_file file{path};
    for (std::size_t i = 0; i < log_event_names.size(); ++i) {
      log_entry entry;
      entry.event = static_cast<log_event>(i);
      file.append(entry);
    }
  }
  log_reader reader{path};
  log_entry entry;
  for (std::size_t i = 0; i < log_event_names.size(); ++i) {
    ASSERT_TRUE(reader.next(entry));
    EXPECT_EQ(entry.event, static_cast<log_event>(i));
  }
}

TEST_F(Log, Reopened_AppendsBehindWhatIsThere) {
  for (int run = 0; run < 2; ++run) log_file{path}.append(full_entry());
  log_reader reader{path};
  log_entry entry;
  EXPECT_TRUE(reader.next(entry));
  EXPECT_TRUE(reader.next(entry));
  EXPECT_FALSE(reader.next(entry));
}

TEST_F(Log, FlushedButStillOpen_IsAllThere) {
  log_file file{path};
  for (int line = 0; line < 1000; ++line) file.append(full_entry());
  file.flush();
  log_reader reader{path};
  log_entry entry;
  int lines = 0;
  while (reader.next(entry)) ++lines;
  EXPECT_EQ(lines, 1000);
}

TEST(LogFile, DiskThatRefuses_IsToldToWhoeverAppendsOrFlushes) {
  log_file file{"/dev/full"};
  file.append(log_entry{});
  EXPECT_THROW(file.flush(), std::system_error);
  EXPECT_THROW(file.append(log_entry{}), std::system_error);
}

TEST_F(Log, UnfinishedLastLine_IsLeftOutAndReported) {
  log_file{path}.append(full_entry());
  std::ofstream{path, std::ios::app} << "{\"at\":1,\"event\":\"ended\"";
  log_reader reader{path};
  log_entry entry;
  EXPECT_TRUE(reader.next(entry));
  EXPECT_FALSE(reader.next(entry));
  EXPECT_TRUE(reader.truncated());
}

TEST_F(Log, ForeignLine_ErrorNamesFileAndLine) {
  log_file{path}.append(full_entry());
  std::ofstream{path, std::ios::app} << "{\"at\":1,\"event\":\"vanished\"}\n";
  log_reader reader{path};
  log_entry entry;
  ASSERT_TRUE(reader.next(entry));
  try {
    reader.next(entry);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(path + ":2: unknown event \"vanished\""), std::string::npos)
        << error.what();
  }
}

TEST_F(Log, BytesThatAreNoUtf8_DoNotSpoilTheLine) {
  auto entry = full_entry();
  entry.token = "a\xff\xc3";
  log_file{path}.append(entry);
  log_reader reader{path};
  ASSERT_TRUE(reader.next(entry));
  EXPECT_EQ(entry.token, "a\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(LogReader, MissingFile_ErrorNamesIt) {
  EXPECT_THROW(log_reader{"/nowhere/at/all"}, std::system_error);
  EXPECT_THROW(log_file{"/nowhere/at/all"}, std::system_error);
}

}  // namespace
}  // namespace dialer::carriers::simulator
