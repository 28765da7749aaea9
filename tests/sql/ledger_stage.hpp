#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/ledger.hpp"
#include "tests/sql/organisation.hpp"

namespace dialer::sql {

/// A small organisation with thirty contacts, taken over.
class Ledger : public testing::Test {
 protected:
  void SetUp() override {
    org_.import(1, 30);
    recovered_ = ledger_.take_over(org_.id, 7, test::morning);
  }

  engine::decision_batch decide(std::vector<engine::intent> intents) {
    engine::decision_batch batch;
    batch.number = ++batch_;
    batch.owner = recovered_.owner;
    batch.generation = recovered_.snapshot.generation;
    batch.intents = std::move(intents);
    return batch;
  }
  engine::outcome_batch report(std::vector<engine::outcome> outcomes, std::vector<engine::contact_wait> waits = {}) {
    engine::outcome_batch batch;
    batch.number = ++batch_;
    batch.owner = recovered_.owner;
    batch.outcomes = std::move(outcomes);
    batch.waits = std::move(waits);
    return batch;
  }
  std::int64_t count(std::string_view table) {
    return org_.on.run("SELECT count(*) FROM " + std::string(table) + " WHERE org_id = $1", params{}.uuid(org_.id))
        .integer(0, 0);
  }
  engine::contact_request lane_zero(std::uint32_t count) const {
    engine::contact_request request;
    request.owner.organisation = org_.id;
    request.campaign = org_.campaign;
    request.now = test::morning;
    request.count = count;
    return request;
  }
  static std::vector<std::uint64_t> ids(const engine::contact_page& page) {
    std::vector<std::uint64_t> found;
    for (const auto& one : page.contacts) found.push_back(one.id.value);
    return found;
  }

  test::small_organisation org_;
  postgres_ledger ledger_{org_.for_ledger()};
  engine::recovery recovered_;
  std::uint64_t batch_ = 0;
};

}  // namespace dialer::sql
