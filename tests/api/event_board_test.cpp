// What a client of GET /v1/events is told, without a connection.
#include "api/event_board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/event_stream.hpp"
#include "tests/api/manual_clock.hpp"

namespace dialer::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t boot = 0x1c2d;
constexpr std::size_t plenty = 1 << 20;
const workspace_id ours{id128{1, 1}};
const workspace_id theirs{id128{1, 2}};

board_fact campaign(const std::string& name, const std::string& data, const workspace_id& of = ours) {
  return {"campaign", name, of, data};
}

TEST(OrganisationBoard, Event_HasTheFormOfTheProtocol) {
  organisation_board board{boot};
  board.replace({campaign("a", R"({"x":1})")});
  EXPECT_EQ(board.after(0, {}, plenty).text, "id: 1c2d-1\nevent: campaign\ndata: {\"x\":1}\n\n");
}

TEST(OrganisationBoard, Reader_IsToldTheLatestAndNotTheStepsToIt) {
  organisation_board board{boot};
  for (int i = 0; i < 100'000; ++i) board.replace({campaign("a", std::to_string(i)), campaign("b", "same")});
  const auto read = board.after(0, {}, plenty);
  EXPECT_EQ(read.text, "id: 1c2d-2\nevent: campaign\ndata: same\n\nid: 1c2d-100001\nevent: campaign\ndata: 99999\n\n");
  EXPECT_EQ(read.through, board.version());
  EXPECT_EQ(board.after(read.through, {}, plenty).text, "");
}

TEST(OrganisationBoard, WhatIsAsItWas_IsNotToldAgain) {
  organisation_board board{boot};
  board.replace({campaign("a", "1"), campaign("b", "1")});
  const std::uint64_t read = board.version();
  board.replace({campaign("b", "1"), campaign("a", "1")});
  EXPECT_EQ(board.version(), read);
  board.replace({campaign("a", "1"), campaign("b", "2")});
  EXPECT_EQ(board.after(read, {}, plenty).text, "id: 1c2d-3\nevent: campaign\ndata: 2\n\n");
}

TEST(OrganisationBoard, WhatIsGone_IsToldAboutNoMore) {
  organisation_board board{boot};
  board.replace({campaign("a", "1"), campaign("b", "1")});
  board.replace({campaign("b", "1")});
  EXPECT_EQ(board.after(0, {}, plenty).text, "id: 1c2d-2\nevent: campaign\ndata: 1\n\n");
  board.replace({campaign("a", "1"), campaign("b", "1")});
  EXPECT_THAT(board.after(2, {}, plenty).text, HasSubstr("id: 1c2d-3\n")) << "it is new again";
}

TEST(OrganisationBoard, KindsOfOneName_AreTwoThings) {
  organisation_board board{boot};
  board.replace({{"campaign", "a", ours, "1"}, {"attempts", "a", ours, "2"}});
  EXPECT_THAT(board.after(0, {}, plenty).text, HasSubstr("event: campaign\ndata: 1\n"));
  EXPECT_THAT(board.after(0, {}, plenty).text, HasSubstr("event: attempts\ndata: 2\n"));
}

TEST(OrganisationBoard, ConfinedReader_SeesItsWorkspaceOnly) {
  organisation_board board{boot};
  board.replace({campaign("a", "1", theirs), campaign("b", "2"), campaign("c", "3", theirs)});
  const auto read = board.after(0, ours, plenty);
  EXPECT_EQ(read.text, "id: 1c2d-2\nevent: campaign\ndata: 2\n\n");
  EXPECT_EQ(read.through, 3U) << "what it may not see is not looked at again";
}

TEST(OrganisationBoard, Piece_EndsBeforeTheEventThatDoesNotFit) {
  organisation_board board{boot};
  board.replace({campaign("a", "1"), campaign("b", "2"), campaign("c", "3")});
  const std::size_t one = board.after(2, {}, plenty).text.size();
  const auto two = board.after(0, {}, 2 * one);
  EXPECT_EQ(two.text.size(), 2 * one);
  EXPECT_EQ(two.through, 2U);
  EXPECT_EQ(board.after(0, {}, 2 * one - 1).through, 1U);
  EXPECT_EQ(board.after(2, {}, 1).through, 3U) << "an event that is larger than a piece goes alone";
}

TEST(OrganisationBoard, ResumesAtIdsOfItsOwnOnly) {
  organisation_board board{boot};
  board.replace({campaign("a", "1"), campaign("b", "2")});
  EXPECT_EQ(board.resume_at("1c2d-2"), 2U);
  EXPECT_EQ(board.resume_at("1c2d-1"), 1U);
  for (const char* strange : {"", "1c2d-3", "1c2d-", "1c2d-1x", "1c2d--1", "1c2e-1", "1", "-1", "1C2D-1"}) {
    EXPECT_EQ(board.resume_at(strange), 0U) << strange;
  }
}

TEST(EventBoard, OnlyBoardsWithReaders_AreFilled) {
  event_board boards{boot};
  const organisation_id first{id128{1, 1}};
  const auto board = boards.of(first);
  (void)boards.of(organisation_id{id128{1, 2}});
  EXPECT_TRUE(boards.read_now().empty());
  ++board->readers;
  ASSERT_EQ(boards.read_now().size(), 1U);
  EXPECT_EQ(boards.read_now().front().second, boards.of(first));
}

TEST(EventBoard, BoardThatNobodyReads_IsForgottenAndItsVersionsAreNot) {
  event_board boards{boot};
  const organisation_id first{id128{1, 1}};
  const organisation_id second{id128{1, 2}};
  auto board = boards.of(first);
  board->replace({campaign("a", "1"), campaign("b", "1"), campaign("c", "1")});
  EXPECT_TRUE(boards.read_now().empty());
  EXPECT_EQ(boards.of(first), board) << "somebody holds it, and may begin to read";
  board.reset();
  (void)boards.read_now();

  board = boards.of(first);
  EXPECT_EQ(board->after(0, {}, plenty).text, "") << "nothing that has grown old";
  EXPECT_EQ(board->resume_at("1c2d-3"), 3U) << "a client that was there may come back";
  board->replace({campaign("a", "1")});
  EXPECT_EQ(board->after(3, {}, plenty).text, "id: 1c2d-4\nevent: campaign\ndata: 1\n\n")
      << "and is told all that stands";
  EXPECT_EQ(boards.of(second)->version(), 3U) << "whose board went cannot be told: all new ones go on after it";
}

// ---- for one client

class EventStream : public testing::Test {
 protected:
  EventStream() {
    key_.id = api_key_id{id128{3, 4}};
    load();
    board_->replace({campaign("a", "1")});
  }
  void load() {
    ring_.replace(organisation_, {key_});
    ring_.confirm(time_.now().steady);
  }
  std::unique_ptr<event_stream> follow(const std::string& last_event_id = "") {
    return std::make_unique<event_stream>(board_, caller{organisation_, key_.id, {}, 1}, last_event_id, ring_, time_);
  }

  const organisation_id organisation_{id128{5, 6}};
  const key_pepper pepper_{1};
  test::manual_clock time_;
  key_ring ring_{pepper_, time_};
  sql::api_key_record key_ = [this] {
    sql::api_key_record key;
    key.pepper = mark_of(pepper_);
    key.scopes = 1;
    return key;
  }();
  std::shared_ptr<organisation_board> board_ = std::make_shared<organisation_board>(boot);
};

TEST_F(EventStream, Begins_WithTheRetryAndHowEverythingStands) {
  const auto stream = follow();
  EXPECT_EQ(stream->next(), "retry: 2000\n\nid: 1c2d-1\nevent: campaign\ndata: 1\n\n");
  EXPECT_EQ(stream->next(), "");
  board_->replace({campaign("a", "2")});
  EXPECT_EQ(stream->next(), "id: 1c2d-2\nevent: campaign\ndata: 2\n\n");
}

TEST_F(EventStream, Resumed_TellsOnlyWhatChangedSince) {
  board_->replace({campaign("a", "1"), campaign("b", "2")});
  EXPECT_EQ(follow("1c2d-1")->next(), "retry: 2000\n\nid: 1c2d-2\nevent: campaign\ndata: 2\n\n");
  EXPECT_EQ(follow("1c2d-2")->next(), "retry: 2000\n\n");
  EXPECT_THAT(follow("other-2")->next().value(), HasSubstr("1c2d-1\n"));
}

TEST_F(EventStream, Silence_IsBrokenByAHeartbeat) {
  const auto stream = follow();
  (void)stream->next();
  for (int beats = 0; beats < 3; ++beats) {
    time_.advance(event_stream::beat_every - 1us);
    load();
    EXPECT_EQ(stream->next(), "");
    time_.advance(1us);
    EXPECT_EQ(stream->next(), ":\n\n");
  }
  time_.advance(event_stream::beat_every - 1us);
  load();
  board_->replace({campaign("a", "2")});
  EXPECT_THAT(stream->next().value(), HasSubstr("data: 2"));
  time_.advance(1us);
  EXPECT_EQ(stream->next(), "") << "an event is as good as a heartbeat";
}

TEST_F(EventStream, RevokedKey_EndsIt) {
  const auto stream = follow();
  EXPECT_TRUE(stream->next());
  key_.revoked_at = time_.now().utc;
  load();
  board_->replace({campaign("a", "2")});
  EXPECT_FALSE(stream->next());
}

TEST_F(EventStream, ExpiredKey_EndsIt) {
  key_.expires_at = time_.now().utc + 500ms;
  load();
  const auto stream = follow();
  time_.advance(500ms - 1us);
  EXPECT_TRUE(stream->next());
  time_.advance(1us);
  EXPECT_FALSE(stream->next());
}

TEST_F(EventStream, WhileKeysCantBeChecked_NothingIsTold) {
  const auto stream = follow();
  (void)stream->next();
  time_.advance(key_ring::trusted_for);
  board_->replace({campaign("a", "2")});
  EXPECT_EQ(stream->next(), "");
  time_.advance(event_stream::beat_every);
  EXPECT_EQ(stream->next(), ":\n\n");
  load();
  EXPECT_THAT(stream->next().value(), HasSubstr("data: 2")) << "and nothing is lost";
}

TEST_F(EventStream, Readers_AreCountedWhileTheyAreThere) {
  {
    const auto one = follow();
    const auto two = follow();
    EXPECT_EQ(board_->readers, 2U);
  }
  EXPECT_EQ(board_->readers, 0U);
}

}  // namespace
}  // namespace dialer::api
