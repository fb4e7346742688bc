#include "app/outputs/run_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_folder.h"

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kHeader = 64 << 10;
constexpr std::int64_t kLatents = 4LL * (48 * 24 * 45 * 80 + 64 * 97);  // 93 frames of 1280 x 720 at 24 fps, with sound

Cosmos3Config config() {
  Cosmos3Config config;
  config.latent_channel = 48;
  config.sound_gen = true;
  config.sound_dim = 64;
  return config;
}

ClipJob clip(bool latents_done = false) {
  ClipJob job;
  job.request.num_frames = 93;
  job.request.sound = true;
  job.latents_done = latents_done;
  return job;
}

ClipSpace space(Media media, bool keep_frames = false, int crf = 18) {
  OutputOptions output;
  output.media.video = media;
  output.media.keep_frames = keep_frames;
  output.media.crf = crf;
  return {config(), output};
}

TEST(ClipSpaces, LatentsAndSnapshotsAreKnown) {
  EXPECT_EQ(space(Media::None).files(clip()), kLatents + 2 * kHeader);
  EXPECT_EQ(space(Media::None).snapshots(clip()), 8 * kLatents + 2 * kHeader);
  ClipJob cached = clip();
  cached.request.step_cache = {0.25, 2, 1};
  EXPECT_EQ(space(Media::None).snapshots(cached), 2 * (4 + 2 * 3) * kLatents + 2 * kHeader);
  EXPECT_EQ(space(Media::None).files(clip(true)), kHeader);
  EXPECT_EQ(space(Media::None).snapshots(clip(true)), 0);
}

TEST(ClipSpaces, ALongClipTakesItsChunksAndTheSnapshotsOfOne) {
  ClipJob job = clip();
  job.request.num_frames = 2 * 93 - 5;
  job.request.chunk_frames = 93;
  job.chunks = {clip(), clip()};
  EXPECT_EQ(space(Media::None).files(job), 2 * (kLatents + kHeader) + 2 * kHeader);
  EXPECT_EQ(space(Media::None).snapshots(job), 8 * kLatents + 2 * kHeader);
  EXPECT_EQ(space(Media::None).file_count(job), space(Media::None).file_count(clip()) + 2);
}

TEST(ClipSpaces, MediaGrowWithPixelsAndQuality) {
  constexpr std::int64_t kPixels = 93LL * 720 * 1280;
  const std::int64_t usual = space(Media::Mp4).files(clip(true));
  EXPECT_NEAR(static_cast<double>(usual), kPixels / 12.0 + 24e3 * 93 / 24 + kHeader, 2);
  EXPECT_NEAR(static_cast<double>(space(Media::Mp4, false, 12).files(clip(true)) - usual), kPixels / 12.0, 2);
  EXPECT_NEAR(static_cast<double>(space(Media::Mp4, true).files(clip(true)) - usual), kPixels * 2.0 + 384e3 * 93 / 24,
              2);
}

// A contact sheet of three rows of four tiles, with four pixels between them.
TEST(ClipSpaces, APreviewIsAPictureMore) {
  OutputOptions output;
  output.media.video = Media::None;
  output.media.preview = true;
  const std::int64_t more = ClipSpace(config(), output).files(clip(true)) - space(Media::None).files(clip(true));
  EXPECT_EQ(more, 2 * (4 * 320 + 3 * 4) * (3 * 180 + 2 * 4));
}

TEST(RunSpace, IsJudgedByTheNextClipsAndByAll) {
  const std::vector<ClipJob> jobs(5, clip());
  const ClipSpace latents = space(Media::None);
  const std::int64_t one = latents.files(clip());
  const std::int64_t next = 2 * one + latents.snapshots(clip());
  const std::int64_t all = next + 3 * one;

  const SpaceVerdict none = judge_space(jobs, latents, next - 1, "out");
  EXPECT_THAT(none.refusal,
              AllOf(HasSubstr("out: no room: the next clips need about 158.8 MiB, and 158.8 MiB are free"),
                    HasSubstr("choose another --out")));
  EXPECT_EQ(none.warning, "");
  const SpaceVerdict some = judge_space(jobs, latents, all - 1, "out");
  EXPECT_EQ(some.refusal, "");
  EXPECT_THAT(some.warning, HasSubstr("out: 5 clips need about 206.7 MiB, and 206.7 MiB are free"));
  const SpaceVerdict enough = judge_space(jobs, latents, all, "out");
  EXPECT_EQ(enough.refusal + enough.warning, "");
  EXPECT_EQ(judge_space({}, latents, 0, "out").refusal, "");
}

TEST(RunSpace, ClipsThatFailAnywayNeedNone) {
  std::vector<ClipJob> jobs(3, clip());
  for (ClipJob& job : jobs) job.refusal = "sound: the checkpoint has none";
  const SpaceVerdict verdict = judge_space(jobs, space(Media::None), 0, "out");
  EXPECT_EQ(verdict.refusal + verdict.warning, "");
}

TEST(RunSpace, AClipIsNotBegunWithoutRoomForItsFiles) {
  const ClipSpace latents = space(Media::None);
  EXPECT_EQ(lack_of_space(clip(), latents, latents.files(clip()), "out"), "");
  EXPECT_THAT(lack_of_space(clip(), latents, 2 << 20, "out"),
              HasSubstr("out: no room: the clip's files need about 16.0 MiB, and 2.0 MiB are free"));
}

TEST(ClipSpaces, EveryFileTakesAnInode) {
  EXPECT_EQ(space(Media::Mp4).file_count(clip()), 8);
  EXPECT_EQ(space(Media::Mp4, /*keep_frames=*/true).file_count(clip(true)), 5 + 93 + 1);
  EXPECT_EQ(lack_of_files(clip(), space(Media::Mp4), 8, "out"), "");
  EXPECT_THAT(lack_of_files(clip(), space(Media::Mp4), 0, "out"),
              AllOf(HasSubstr("out: no room: the clip makes up to 8 files"), HasSubstr("has 0 left (inodes, df -i)")));
}

TEST(ClipSpaces, WhatCannotBeWrittenIsKnownBeforeTheClip) {
  const TemporaryFolder folder;
  EXPECT_EQ(write_problem(clip(), space(Media::None), folder / "out"), "");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "out/snapshots"));
  std::filesystem::remove_all(folder / "out/latents");
  folder.write("out/latents", "in the way");
  EXPECT_THAT(write_problem(clip(), space(Media::None), folder / "out"),
              AllOf(HasSubstr("out/latents: cannot be made a folder"), HasSubstr("in the way")));
}

}  // namespace
}  // namespace orrery
