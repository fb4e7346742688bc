// A disk with enough bytes but few inodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/outputs/run_space.h"
#include "support/small_disk.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;

TEST(Inodes, LackIsKnownBeforeTheClip) {
  if (!SmallDisk::why_none().empty()) GTEST_SKIP() << "no disk can be mounted here: " << SmallDisk::why_none();
  Cosmos3Config config;
  config.latent_channel = 48;
  const ClipSpace mp4(config, OutputOptions());
  const ClipJob clip;
  constexpr std::int64_t kFolders = 5;  // the disk's root, OUT and three folders in it
  const std::int64_t wanted = mp4.file_count(clip);
  const TemporaryFolder folder;
  const SmallDisk disk(folder / "disk", 1 << 30, kFolders + wanted);
  const std::filesystem::path out = folder / "disk/out";
  EXPECT_EQ(write_problem(clip, mp4, out), "");
  folder.write("disk/one", "");
  EXPECT_EQ(write_problem(clip, mp4, out), out.string() +
                                               ": no room: the clip makes up to 8 files, and the file "
                                               "system has 7 left (inodes, df -i): remove some files, or "
                                               "choose another --out");
  for (std::int64_t i = 1; i < wanted; ++i) folder.write("disk/more" + std::to_string(i), "");
  EXPECT_THAT(write_problem(clip, mp4, out), HasSubstr("No space left on device")) << "not even a probe can be made";
  std::filesystem::remove(folder / "disk/one");
  EXPECT_THAT(write_problem(clip, mp4, out), HasSubstr("has 1 left (inodes, df -i)"));
}

}  // namespace
}  // namespace orrery
