#include "api/packed_body.hpp"

#include <gtest/gtest.h>

namespace dialer::api {
namespace {

using refusals::unreadable;

/// Reads all there is, and answers what refused it.
std::optional<unreadable> read_all(packed_stream& from, std::string& plain) {
  for (std::string piece;;) {
    if (const auto why = from.read(piece, 1'000)) return why;
    if (piece.empty()) return std::nullopt;
    plain += piece;
  }
}

TEST(PackedStream, ThatIsAList_ComesWholeInPieces) {
  const std::string list(100'000, 'x');
  const std::string packed = gzip(list);
  packed_stream stream{100'000};
  std::string plain;
  for (std::size_t at = 0; at < packed.size(); at += 50) {
    EXPECT_FALSE(stream.at_end());
    stream.feed(packed.substr(at, 50));
    ASSERT_FALSE(read_all(stream, plain));
  }
  EXPECT_TRUE(stream.at_end());
  EXPECT_EQ(plain, list);
}

TEST(PackedStream, ThatIsThereToFillTheDisk_IsRefusedOnceItIsNoSmallOne) {
  const std::string packed = gzip(std::string(1'000'000, 'x'));
  ASSERT_GT(1'000'000 / packed.size(), packed_stream::ratio_max);
  packed_stream harmless{1'000'000}, large{999'999};
  harmless.feed(packed);
  large.feed(packed);
  std::string plain;
  EXPECT_FALSE(read_all(harmless, plain));
  EXPECT_EQ(plain.size(), 1'000'000U);
  plain.clear();
  EXPECT_EQ(read_all(large, plain), unreadable::packed_too_tightly);
  EXPECT_EQ(plain.size(), 999'000U) << "not before";
}

TEST(PackedStream, ThatIsNoGzip_IsRefused) {
  packed_stream stream{1'000};
  stream.feed("phone_number\n");
  std::string plain;
  EXPECT_EQ(read_all(stream, plain), unreadable::no_gzip);
}

}  // namespace
}  // namespace dialer::api
