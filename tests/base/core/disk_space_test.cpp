#include "base/core/disk_space.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace orrery {
namespace {

TEST(DiskSpace, IsThereOrUnknown) {
  const TemporaryFolder folder;
  EXPECT_GT(available_bytes(folder.path()).value_or(0), 0);
  EXPECT_EQ(available_bytes(folder / "nowhere"), std::nullopt);
}

TEST(DiskSpace, IsWrittenInUnits) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(3 << 19), "1.5 MiB");
  EXPECT_EQ(bytes_text(23LL << 30), "23.0 GiB");
  EXPECT_EQ(bytes_text(std::int64_t{1} << 62), "4096.0 PiB");
}

}  // namespace
}  // namespace orrery
