// Clips that continue others: from latent files of this and other programs, and from earlier lines.
#include <gmock/gmock.h>
#include <hdf5.h>

#include "base/core/error.h"
#include "clips.h"
#include "io/latents/hdf5.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

const CommandLine kNoMedia{"--media", "none"};

void write_attribute(hid_t file, const char* name, hid_t type, const void* value) {
  const hdf5::Dataspace scalar(H5Screate(H5S_SCALAR));
  const hdf5::Attribute made(H5Acreate2(file, name, type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT));
  require(H5Awrite(made.get(), type, value) >= 0, std::string("write the attribute ") + name);
}

void write_text(hid_t file, const char* name, const std::string& value) {
  const hdf5::Datatype type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), value.size());
  write_attribute(file, name, type.get(), value.data());
}

// A latent file with only the required content, as a short program would write it.
void write_minimal_file(const fs::path& path, const at::Tensor& video) {
  const hdf5::File file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  write_text(file.get(), "format", "orrery-latents");
  write_text(file.get(), "state", "complete");
  const std::int64_t version = 1;
  write_attribute(file.get(), "version", H5T_NATIVE_INT64, &version);
  const hdf5::Group group(H5Gcreate2(file.get(), "latents", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  const std::vector<hsize_t> shape(video.sizes().begin(), video.sizes().end());
  const hdf5::Dataspace space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
  const hdf5::Dataset data(
      H5Dcreate2(group.get(), "video", H5T_IEEE_F32LE, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  require(H5Dwrite(data.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, video.const_data_ptr()) >= 0,
          "write the latents");
}

// Latent frames `begin` to `end` of (1, C, t, h, w).
at::Tensor frames(const at::Tensor& video, std::int64_t begin, std::int64_t end) {
  return video.narrow(2, begin, end - begin).contiguous();
}

class Chain : public Clips {
 protected:
  // Expects that the clip begins with the last two latent frames of `earlier`, and records them as its condition.
  static void expect_continues(const LatentFile& clip, const at::Tensor& earlier) {
    const std::int64_t count = earlier.size(2);
    const at::Tensor last = frames(earlier, count - 2, count);
    ASSERT_TRUE(clip.condition.contains(Stream::Video));
    EXPECT_TRUE(at::equal(tensor_of(clip.condition.at(Stream::Video)), last));
    EXPECT_TRUE(at::equal(frames(video_of(clip), 0, 2), last));
    EXPECT_FALSE(at::equal(frames(video_of(clip), 1, 2), frames(video_of(clip), 2, 3)));
  }

  // Three clips, each of which continues the one before, named by its id between `before_id` and `after_id`.
  static std::vector<Json> chain(const std::string& before_id, const std::string& after_id) {
    const auto continues = [&](const std::string& id) {
      return Json{{"condition_latents", before_id + id + after_id}, {"condition_frames", {0, 1}}};
    };
    return {tiny_line("a", {{"seed", 1}}), tiny_line("b", continues("a")), tiny_line("c", continues("b"))};
  }

  void expect_same(const std::string& out, const std::string& expected) const {
    for (const char* id : {"a", "b", "c"}) {
      SCOPED_TRACE(id);
      const LatentFile found = latents(out, id);
      const LatentFile wanted = latents(expected, id);
      EXPECT_TRUE(found.latents == wanted.latents);
      EXPECT_TRUE(found.condition == wanted.condition);
    }
  }
};

TEST_F(Chain, ContinuesAFileOfOurs) {
  run("first", {tiny_line("a")}, kNoMedia);
  run("second",
      {tiny_line("b", {{"condition_latents", "first/latents/a.h5"}, {"condition_frames", {0, 1}}, {"num_frames", 17}})},
      kNoMedia);
  expect_continues(latents("second", "b"), video_of(latents("first", "a")));
}

TEST_F(Chain, ContinuesAFileOfAnotherProgram) {
  const at::Tensor video = at::arange(8 * 5 * 4 * 6, at::kFloat).sin().view({1, 8, 5, 4, 6});
  write_minimal_file(folder_ / "foreign.h5", video);
  run("out", {tiny_line("b", {{"condition_latents", "foreign.h5"}, {"condition_frames", {0, 1}}})}, kNoMedia);
  expect_continues(latents("out", "b"), video);
}

TEST_F(Chain, PutsGivenFramesWhereTheLineSays) {
  run("first", {tiny_line("a")}, kNoMedia);
  run("second", {tiny_line("b", {{"condition_latents", "first/latents/a.h5"}, {"condition_frames", {0, 2}}})},
      kNoMedia);
  const at::Tensor earlier = video_of(latents("first", "a"));
  const at::Tensor video = video_of(latents("second", "b"));
  EXPECT_TRUE(at::equal(frames(video, 0, 1), frames(earlier, 1, 2)));
  EXPECT_TRUE(at::equal(frames(video, 2, 3), frames(earlier, 2, 3)));
}

TEST_F(Chain, InOneManifestIsThreeRunsWithFiles) {
  run("whole", chain("", ""), kNoMedia);
  const std::vector<Json> lines = chain("parts/latents/", ".h5");
  for (const Json& line : lines) run("parts", {line}, kNoMedia);
  expect_same("whole", "parts");
  expect_continues(latents("whole", "c"), video_of(latents("whole", "b")));
}

TEST_F(Chain, AChildOfAnotherMakingIsRefused) {
  std::vector<Json> lines{tiny_line("a"), tiny_line("b", {{"condition_latents", "a"}})};
  run("out", lines, kNoMedia);
  EXPECT_THAT(run("out", lines, kNoMedia).err, testing::HasSubstr("0 clips to make, 2 already complete"));
  fs::remove(latents_path("out", "a"));
  EXPECT_THAT(run("out", lines, kNoMedia).err, testing::HasSubstr("1 clip to make, 1 already complete"));
  fs::remove(latents_path("out", "a"));
  lines[0] = tiny_line("a", {{"seed", 9}});
  EXPECT_THAT(
      run("out", lines, kNoMedia, {}, 2).err,
      testing::AllOf(testing::HasSubstr("latents/b.h5"), testing::HasSubstr("the clip \"a\", which it continues")));
  EXPECT_FALSE(fs::exists(latents_path("out", "a"))) << "it is refused before anything is made";
}

// The clip's snapshot contains the latents that it continues.
TEST_F(Chain, GoesOnFromItsSnapshotAlthoughItsParentFails) {
  const std::vector<Json> lines{tiny_line("a"), tiny_line("b", {{"condition_latents", "a"}})};
  run("out", lines, {"--media", "none", "--stop-after-steps", "4"}, {}, kStopped);
  ASSERT_TRUE(fs::exists(snapshot_path("out", "b")));
  run("whole", lines, kNoMedia);
  fs::remove(latents_path("out", "a"));
  fs::create_symlink("/dev/full", latents_path("out", "a").string() + ".tmp");
  const Ending ending = run("out", lines, kNoMedia, {}, 1);
  EXPECT_THAT(ending.err, testing::AllOf(testing::HasSubstr("a failed: "), testing::HasSubstr("b resumes at step 1/3"),
                                         testing::Not(testing::HasSubstr("b failed"))));
  EXPECT_TRUE(timeless_latents("out", "b") == timeless_latents("whole", "b"));
}

}  // namespace
}  // namespace orrery
