#include "base/core/numbers.h"

#include <gtest/gtest.h>

#include <limits>

namespace orrery {
namespace {

TEST(NumberText, ReadsBackAsTheNumber) {
  EXPECT_EQ(number_text(24), "24");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1e5), "1e+05");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "inf");
}

TEST(CountText, IsPluralButForOne) {
  EXPECT_EQ(count_text(0, "clip"), "0 clips");
  EXPECT_EQ(count_text(1, "latent frame"), "1 latent frame");
  EXPECT_EQ(count_text(2, "clip"), "2 clips");
}

TEST(FixedText, HasItsDigits) {
  EXPECT_EQ(fixed_text(2.9, 2), "2.90");
  EXPECT_EQ(fixed_text(-1e9, 1), "-1000000000.0");
  EXPECT_EQ(fixed_text(1e22, 0), "10000000000000000000000");
}

TEST(FixedText, RoundsHalfToEvenOnTheBinaryValue) {
  EXPECT_EQ(fixed_text(0.25, 1), "0.2");
  EXPECT_EQ(fixed_text(0.35, 1), "0.3");  // 0.35 is stored as 0.34999…
  EXPECT_EQ(fixed_text(0.45, 1), "0.5");
  EXPECT_EQ(fixed_text(2.5, 0), "2");
  EXPECT_EQ(fixed_text(3.5, 0), "4");
}

TEST(Duration, IsReadAloud) {
  EXPECT_EQ(duration_text(0.123), "0.12 s");
  EXPECT_EQ(duration_text(12.34), "12.3 s");
  EXPECT_EQ(duration_text(245.4), "4 min 05 s");
  EXPECT_EQ(duration_text(7400), "2 h 03 min");
}

TEST(Duration, HasDigitsThatReadBack) {
  for (const char* text : {"00:00:00", "01:02:03", "99:59:59", "123456:00:07"}) {
    EXPECT_EQ(duration_digits(parse_duration(text).value()), text);
  }
  for (const char* text : {"1:00:00", "00:60:00", "00:00:60", "00:00", "00:00:-1", "1234567:00:00"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Sizes, AreWrittenInUnits) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(3 << 19), "1.5 MiB");
  EXPECT_EQ(bytes_text(23LL << 30), "23.0 GiB");
  EXPECT_EQ(bytes_text(std::int64_t{1} << 62), "4096.0 PiB");
  EXPECT_EQ(gigabytes(23'149'000'000), "23.1 GB");
  EXPECT_EQ(gigabytes(0), "0.0 GB");
}

}  // namespace
}  // namespace orrery
