// Snapshots of other clips, and damaged ones.
#include <gmock/gmock.h>
#include <hdf5.h>

#include <functional>

#include "base/core/file.h"
#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OtherSnapshot : public Clips {
 protected:
  OtherSnapshot() { run("out", lines_, {"--stop-after-steps", "1"}, {}, kStopped); }

  fs::path snapshot() const { return snapshot_path("out", "a"); }
  // Expects that the clip equals one made without a snapshot.
  void expect_anew(const Ending& ending) const {
    EXPECT_THAT(ending.err, Not(HasSubstr("resumes at step")));
    EXPECT_FALSE(fs::exists(snapshot()));
    run("whole", lines_);
    EXPECT_TRUE(timeless_latents("out", "a") == timeless_latents("whole", "a"));
  }

  std::vector<Json> lines_{tiny_line("a")};
};

struct Difference {
  std::string name;
  Json line;
  CommandLine more;
  std::function<void(const fs::path&)> edit;
  std::string said;
};

class Refused : public OtherSnapshot, public testing::WithParamInterface<Difference> {};

TEST_P(Refused, BeforeAnythingIsLoadedUnlessForced) {
  lines_ = {tiny_line("a", GetParam().line)};
  if (GetParam().edit) GetParam().edit(snapshot());
  const std::string before = read_file(snapshot());
  const Ending refused = run("out", lines_, GetParam().more, {}, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("snapshots/a.h5: this unfinished clip was begun " + GetParam().said),
                                 HasSubstr("remove the file"), HasSubstr("--force"), Not(HasSubstr("loaded"))));
  EXPECT_EQ(read_file(snapshot()), before);
  CommandLine forced = GetParam().more;
  forced.emplace_back("--force");
  EXPECT_THAT(run("out", lines_, forced).err, Not(HasSubstr("resumes at step")));
  EXPECT_FALSE(fs::exists(snapshot()));
}

void with_version_2(const fs::path& path) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, "version", H5P_DEFAULT);
  const std::int64_t version = 2;
  EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_INT64, &version), 0);
  H5Aclose(attribute);
  H5Fclose(file);
}

void of_another_release(const fs::path& path) {
  LatentFile file = read_latents(path);
  file.software = "orrery 0.0.9 (0123abc)";
  write_latents(path, file);
}

void of_another_checkpoint(const fs::path& path) {
  LatentFile file = read_latents(path);
  Json model = Json::parse(file.model);
  model["transformer_fingerprint"] = "0";
  file.model = model.dump();
  write_latents(path, file);
}

const Json kSame = Json::object();

INSTANTIATE_TEST_SUITE_P(
    Ways, Refused,
    testing::Values(Difference{"Seed", {{"seed", 2}}, {}, {}, "from another request"},
                    Difference{"Steps", {{"steps", 4}}, {}, {}, "from another request"},
                    Difference{"Schedule", kSame, {"--schedule", "karras"}, {}, "with another --schedule"},
                    Difference{"Checkpoint", kSame, {}, of_another_checkpoint, "with another checkpoint"},
                    Difference{"Release", kSame, {}, of_another_release, "by orrery 0.0.9 (0123abc), this is orrery "},
                    Difference{"Version", kSame, {}, with_version_2, "by another version of Orrery"}),
    [](const auto& test) { return test.param.name; });

TEST_F(OtherSnapshot, ForceStartsOver) { expect_anew(run("out", lines_, {"--force"})); }

TEST_F(OtherSnapshot, HalfAFileIsAWarning) {
  write_file(snapshot(), read_file(snapshot()).substr(0, 3000));
  const Ending ending = run("out", lines_);
  EXPECT_THAT(ending.err,
              AllOf(HasSubstr("warning: "), HasSubstr("snapshots/a.h5"), HasSubstr("the clip starts over")));
  expect_anew(ending);
}

// Damage in the middle of the last array, which only its checksum detects.
TEST_F(OtherSnapshot, AFlippedBitIsAWarning) {
  std::string bytes = read_file(snapshot());
  const FloatArray array = read_latents(snapshot()).running->histories.at(Stream::Video).model_output_1;
  const std::size_t place = bytes.find(reinterpret_cast<const char*>(array.values.data()), 0, 64);
  ASSERT_NE(place, std::string::npos);
  bytes[place + 5] = static_cast<char>(bytes[place + 5] ^ 1);
  write_file(snapshot(), bytes);
  const Ending ending = run("out", lines_);
  EXPECT_THAT(ending.err, AllOf(HasSubstr("snapshots/a.h5"), HasSubstr("the clip starts over")));
  expect_anew(ending);
}

TEST_F(OtherSnapshot, OneThatOutlivedItsClipGoes) {
  const std::string left = read_file(snapshot());
  run("out", lines_);
  write_file(snapshot(), left);
  folder_.write("out/snapshots/b.h5.tmp", "half a file");
  EXPECT_THAT(run("out", lines_).err, HasSubstr("0 clips to make, 1 already complete"));
  EXPECT_FALSE(fs::exists(snapshot()));
  run("out", {lines_[0], tiny_line("b")});
  EXPECT_TRUE(fs::is_empty(folder_ / "out/snapshots"));
}

}  // namespace
}  // namespace orrery
