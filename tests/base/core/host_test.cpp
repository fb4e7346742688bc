#include "base/core/host.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace orrery {
namespace {

TEST(DiskSpace, IsThereOrUnknown) {
  const TemporaryFolder folder;
  EXPECT_GT(available_bytes(folder.path()).value_or(0), 0);
  EXPECT_EQ(available_bytes(folder / "nowhere"), std::nullopt);
}

}  // namespace

}  // namespace orrery
