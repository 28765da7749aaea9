// A long list in one request: every row is accounted for, whatever breaks on the way, and the service stays small.

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <iostream>

#include "sql/snapshot.hpp"
#include "tests/e2e/rest_client.hpp"
#include "tests/e2e/rig.hpp"
#include "tests/e2e/scale.hpp"

namespace dialer::e2e {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t megabytes_max = 150;

struct uploaded_rows {
  std::uint64_t rows = 0, accepted = 0, duplicate = 0, rejected = 0;
  friend bool operator==(const uploaded_rows&, const uploaded_rows&) = default;
};
std::ostream& operator<<(std::ostream& out, const uploaded_rows& what) {
  return out << what.rows << " rows: " << what.accepted << " accepted, " << what.duplicate << " duplicate, "
             << what.rejected << " rejected";
}

uploaded_rows rows_of(const rest_answer& answer) {
  const auto number = [&](const char* name) { return answer.body.at(name).to_number<std::uint64_t>(); };
  return {number("rows"), number("accepted"), number("duplicate"), number("rejected")};
}

// Of area code 555, which is nobody's; no exchange ends in 11, those are services'.
e164 beyond_fiction(std::uint64_t n) {
  const std::uint64_t exchange = n / 10'000;
  const std::uint64_t nth = exchange % 99;
  return e164::from_digits(15'550'000'000 + ((2 + exchange / 99) * 100 + nth + (nth < 11 ? 0 : 1)) * 10'000 +
                           n % 10'000);
}

class UploadBig : public testing::Test {
 protected:
  static rig_options options() {
    rig_options made;
    made.campaigns = 6;
    made.wanted = unhindered();
    return made;
  }
  UploadBig() : installation_{options()}, on_{installation_.open()}, key_{installation_.make_key()} { write_list(); }

  // Every thousandth row repeats the one before, every thousandth is none. The numbers are reserved for fiction; beyond
  // those, nobody's.
  void write_list() {
    list_ = installation_.directory() / "list.csv";
    std::ofstream out{list_};
    out << "phone,name,customer,balance,plan\n";
    const std::vector<fictitious> fiction = open_numbers(installation_.time().now().utc);
    std::uint64_t number = 0;
    for (std::uint64_t n = 0; n < wanted.upload; ++n) {
      if (n % 1000 == 998) {
        out << "12345";
        ++expected_.rejected;
      } else {
        if (n % 1000 == 999 && n > 0) {
          ++expected_.duplicate;
          --number;
        } else {
          ++expected_.accepted;
        }
        out << (number < fiction.size() ? fiction[number].number : beyond_fiction(number - fiction.size())).text();
        ++number;
      }
      out << ",Contact " << n << ",C-" << n << ',' << n % 100'000 << ".50,\"Plan " << n % 9 << ", monthly\"\n";
    }
    expected_.rows = wanted.upload;
  }

  rest_client start() {
    installation_.start_engine();
    EXPECT_TRUE(eventually(15s, [&] {
      return rest_client(installation_.port(), key_).ask("GET", "/v1/keys").status == 200;
    })) << installation_.engine_words();
    return {installation_.port(), key_};
  }
  std::string contacts_of(std::size_t campaign) const {
    return "/v1/campaigns/" + installation_.campaigns()[campaign].text() + "/contacts";
  }
  std::uint64_t stored(std::size_t campaign) {
    return on_
        .run("SELECT count(*) FROM contact WHERE org_id = $1 AND campaign_id = $2",
             sql::params{}.uuid(installation_.organisation()).uuid(installation_.campaigns()[campaign]))
        .number(0, 0);
  }
  // As far as they are durable.
  std::uint64_t rows_so_far(std::size_t campaign) {
    return on_
        .run("SELECT coalesce(max(rows), 0) FROM campaign_import WHERE org_id = $1 AND campaign_id = $2",
             sql::params{}.uuid(installation_.organisation()).uuid(installation_.campaigns()[campaign]))
        .number(0, 0);
  }

  rig installation_;
  sql::session on_;
  std::string key_;
  std::filesystem::path list_;
  uploaded_rows expected_;
};

TEST_F(UploadBig, OfOneList_IsExactAndSmallAndOnceHoweverOftenItComes) {
  rest_client client = start();
  const std::string key = "Idempotency-Key: big-1\r\n";
  const auto began = std::chrono::steady_clock::now();
  const rest_answer first = served([&] { return client.upload(contacts_of(0), list_, key); });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  ASSERT_EQ(first.status, 200) << first.text << installation_.engine_words();
  EXPECT_EQ(rows_of(first), expected_);
  EXPECT_TRUE(first.body.at("finished").as_bool());
  EXPECT_FALSE(first.body.at("imported_before").as_bool());
  EXPECT_EQ(stored(0), expected_.accepted);

  const rest_answer again = served([&] { return client.upload(contacts_of(0), list_, key); });
  ASSERT_EQ(again.status, 200) << again.text;
  EXPECT_TRUE(again.body.at("imported_before").as_bool());
  EXPECT_EQ(rows_of(again), expected_);
  EXPECT_EQ(stored(0), expected_.accepted);
  const std::uint64_t peak = peak_megabytes(installation_.engine().pid());
  std::cout << rows_of(first) << " in " << seconds << " s, " << static_cast<double>(wanted.upload) / seconds
            << " rows/s; the service's peak " << peak << " MB\n";
  EXPECT_GT(peak, 0U);
  EXPECT_LT(peak, megabytes_max);
}

TEST_F(UploadBig, CutOffOnItsWayAndThenInItsImport_GoesOnToTheExactEnd) {
  const std::uint64_t most = wanted.upload - std::max<std::uint64_t>(wanted.upload / 100, 20'000);
  std::size_t campaign = 0;
  std::uint64_t at = 0;
  start();
  // An import may end before this process sees that it has come so far; then another one is killed.
  do {
    ASSERT_LT(++campaign, installation_.campaigns().size()) << "every import ended before it could be killed";
    rest_client client{installation_.port(), key_};
    client.upload(contacts_of(campaign), list_, "", std::filesystem::file_size(list_) * 99 / 100);
    auto uploading = std::async(std::launch::async,
                                [&] { return served([&] { return client.upload(contacts_of(campaign), list_); }); });
    ASSERT_TRUE(eventually(
        10min, [&] { return rows_so_far(campaign) >= most || uploading.wait_for(0s) == std::future_status::ready; }));
    installation_.engine().kill();
    const rest_answer answer = uploading.get();
    start();  // by then the database is through with what it was at
    at = rows_so_far(campaign);
    ASSERT_GE(at, most) << answer.text << installation_.engine_words();
  } while (at == expected_.rows);
  const std::uint64_t kept = stored(campaign);
  rest_client next{installation_.port(), key_};
  const rest_answer answer = served([&] { return next.upload(contacts_of(campaign), list_); });
  ASSERT_EQ(answer.status, 200) << answer.text << installation_.engine_words();
  EXPECT_EQ(rows_of(answer), expected_);
  EXPECT_FALSE(answer.body.at("imported_before").as_bool());
  EXPECT_EQ(stored(campaign), expected_.accepted);
  const std::uint64_t peak = peak_megabytes(installation_.engine().pid());
  std::cout << "cut off at 99 % of the bytes, then killed at row " << at << " with " << kept
            << " contacts; after the third attempt " << rows_of(answer) << "; the service's peak " << peak << " MB\n";
  EXPECT_LT(peak, megabytes_max);
}

}  // namespace
}  // namespace dialer::e2e
