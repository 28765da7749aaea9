#include "sql/contact_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/sql/organisation.hpp"

namespace dialer::sql {
namespace {

class ContactStore : public testing::Test {
 protected:
  contact_store open(const std::string& source = "list.csv") {
    return {org_.connection(), org_.id, org_.campaign, source};
  }
  static campaigns::import_progress after(std::uint64_t rows, bool finished = false) {
    return {rows * 10, rows, rows, 0, 0, rows * 3, finished};
  }
  std::int64_t contacts() {
    return org_.on.run("SELECT count(*) FROM contact WHERE org_id = $1", params{}.uuid(org_.id)).integer(0, 0);
  }
  test::small_organisation org_;
};

TEST_F(ContactStore, Contacts_ComeBackWithEveryColumn) {
  auto wanted = org_.contacts(1, 1).front();
  wanted.name = "Zo\xC3\xAB, \"the\nfirst\"";
  wanted.external_id = "crm-1";
  wanted.time_zone = "America/New_York";
  wanted.state = "NY";
  wanted.postal_code = "10001";
  wanted.variables = R"({"balance": "12.50"})";
  open().commit({wanted}, after(1));
  const result row = org_.on.run(
      "SELECT contact_id, number, source_row, name, external_id, time_zone, state, postal_code, variables->>'balance' "
      "FROM contact WHERE org_id = $1",
      params{}.uuid(org_.id));
  ASSERT_EQ(row.rows(), 1);
  EXPECT_EQ(row.narrow<contact_id>(0, 0), wanted.id);
  EXPECT_EQ(row.phone(0, 1), wanted.number);
  EXPECT_EQ(row.number(0, 2), wanted.row);
  EXPECT_EQ(row.text(0, 3), wanted.name);
  EXPECT_EQ(row.text(0, 4), wanted.external_id);
  EXPECT_EQ(row.text(0, 5), wanted.time_zone);
  EXPECT_EQ(row.text(0, 6), wanted.state);
  EXPECT_EQ(row.text(0, 7), wanted.postal_code);
  EXPECT_EQ(row.text(0, 8), "12.50");
}

TEST_F(ContactStore, ImportInterrupted_GoesOnWhereItStopped) {
  { open().commit(org_.contacts(1, 10, 3), after(10)); }
  contact_store again = open();
  EXPECT_EQ(again.progress().rows, 10U);
  EXPECT_EQ(again.progress().byte_offset, 100U);
  EXPECT_EQ(again.progress().verdict_bytes, 30U);
  EXPECT_GT(again.contact_ids().next(utc_time{}), 10U);
  std::set<e164> seen;
  again.for_each_number([&](e164 number) { seen.insert(number); });
  EXPECT_EQ(seen.size(), 10U);
  again.commit(org_.contacts(11, 5, 3), after(15, true));
  EXPECT_EQ(contacts(), 15);
  EXPECT_EQ(org_.on.run("SELECT count(*) FROM lane WHERE org_id = $1", params{}.uuid(org_.id)).integer(0, 0), 3);
}

// Waits, ends and intents are kept by contact for the whole organisation: an id twice would mix two people up.
TEST_F(ContactStore, ImportsAtOnceIntoSeveralCampaigns_MakeNoIdTwice) {
  const campaign_id other{id128{77, 1}};
  org_.on.run(
      "INSERT INTO campaign SELECT (jsonb_populate_record(c, jsonb_build_object('id', $2, 'name', 'other'))).* "
      "FROM campaign c WHERE org_id = $1",
      params{}.uuid(org_.id).uuid(other));
  { open().commit(org_.contacts(1, 10, 3), after(10)); }
  contact_store two{org_.connection(), org_.id, other, "list.csv"};
  contact_store three = open("another.csv");
  const utc_time now = org_.on.run("SELECT now()").time(0, 0);
  std::set<std::uint64_t> made;
  for (id_sequence ids : {two.contact_ids(), three.contact_ids()}) {
    for (int i = 0; i < 20'000; ++i) made.insert(ids.next(now));
    for (int i = 0; i < 100; ++i) made.insert(ids.next(now - std::chrono::hours{1}));
  }
  EXPECT_EQ(made.size(), 40'200U);
  EXPECT_GT(*made.begin(), 10U);
}

TEST_F(ContactStore, BatchThatFails_LeavesNeitherContactsNorProgressNorLanes) {
  contact_store store = open();
  auto batch = org_.contacts(1, 5, 3);
  batch[4].number = batch[0].number;  // the campaign holds a number once
  EXPECT_THROW(store.commit(batch, after(5)), std::runtime_error);
  EXPECT_EQ(contacts(), 0);
  EXPECT_EQ(store.progress().rows, 0U);
  store.commit(org_.contacts(1, 5, 3), after(5));
  EXPECT_EQ(contacts(), 5);
  EXPECT_EQ(org_.on.run("SELECT rows FROM campaign_import WHERE org_id = $1", params{}.uuid(org_.id)).integer(0, 0), 5);
}

TEST_F(ContactStore, SecondImporter_IsRefused) {
  const contact_store first = open();
  EXPECT_THROW(open("other.csv"), std::invalid_argument);
}

TEST_F(ContactStore, ImporterThatLostItsLock_CannotMoveTheProgress) {
  contact_store first = open();
  org_.on.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
      "current_database()");
  contact_store second = open();
  second.commit(org_.contacts(1, 5), after(5));
  EXPECT_THROW(first.commit(org_.contacts(6, 5), after(5)), std::runtime_error);
  EXPECT_THROW(first.commit(org_.contacts(6, 5), after(5)), std::runtime_error);
  EXPECT_EQ(contacts(), 5);
}

TEST_F(ContactStore, IdsThatDoNotGrow_AreRefused) {
  open().commit(org_.contacts(10, 1), after(1));
  contact_store store = open();
  EXPECT_THROW(store.commit(org_.contacts(9, 1), after(2)), std::logic_error);
  EXPECT_THROW(store.commit(org_.contacts(10, 1), after(2)), std::logic_error);
  EXPECT_NO_THROW(store.commit(org_.contacts(11, 1), after(2)));
}

TEST_F(ContactStore, Find_IsExact) {
  contact_store store = open();
  store.commit(org_.contacts(1, 10), after(10));
  const auto known = store.find({test::number_of(3), test::number_of(11), test::number_of(10)});
  std::set<std::uint64_t> rows;
  for (const auto& one : known) rows.insert(one.row);
  EXPECT_THAT(rows, testing::ElementsAre(3, 10));
}

TEST_F(ContactStore, NewLane_RaisesTheGenerationAndOldOnesDoNot) {
  contact_store store = open();
  const auto before = org_.generation();
  store.commit(org_.contacts(1, 2), after(2));
  const auto with_lane = org_.generation();
  EXPECT_GT(with_lane, before);
  store.commit(org_.contacts(3, 2), after(4));
  EXPECT_EQ(org_.generation(), with_lane);
}

}  // namespace
}  // namespace dialer::sql
