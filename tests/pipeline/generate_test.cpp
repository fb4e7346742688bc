// Clips whose making goes wrong: what their results say, and which of their files are there.
#include "pipeline/generate.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <limits>
#include <memory>
#include <string_view>

#include "base/parallel/rank_groups.h"
#include "base/parallel/stop_flag.h"
#include "io/checkpoint/safetensors_files.h"
#include "pipeline/chunks.h"
#include "support/golden.h"
#include "support/mpi_world.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Towers whose texts can be made to hold NaN.
class TestTowers : public KeptTowers {
 public:
  using KeptTowers::KeptTowers;
  TextCache text(const TokenIds& ids) const override {
    ++texts;
    TextCache cache = KeptTowers::text(ids);
    if (broken) cache.layers.front().v.fill_(std::numeric_limits<float>::quiet_NaN());
    return cache;
  }
  bool broken = false;
  mutable int texts = 0;  // computed
};

// A run of the golden checkpoint "tiny" on this one rank, a clip at a time.
class Generates : public testing::Test {
 protected:
  Generates() {
    for (const char* part : {"latents", "media", "snapshots"}) fs::create_directory(folder_ / part);
  }

  static Weights weights(const std::string& part) {
    return {std::make_shared<ShardedCheckpoint>(golden_checkpoint("tiny") / part), Shard{}, at::kCPU, at::kFloat};
  }
  static ClipJob job(const std::string& id, std::int64_t steps = 2) {
    ClipJob job;
    job.request.id = id;
    job.request.num_frames = 9;
    job.request.height = 32;
    job.request.width = 32;
    job.request.steps = steps;
    job.ids = {{17, 4}, {5}};
    job.request_json = "{}";
    return job;
  }
  // Makes the clips and returns what is delivered, by id. `delivered` is called in between.
  std::map<std::string, ClipResult> make(
      const std::vector<ClipJob>& jobs, const std::function<void()>& delivered = [] {}) {
    std::map<std::string, ClipResult> results;
    StopFlag stop(mpi_world(), {});
    DecodeRanks ranks(mpi_world(), at::kCPU);
    MediaMaker media(ranks, {&decoder_, nullptr}, VaeSplit::Exact, {folder_.path()}, MediaSettings{});
    Progress progress(log_, std::ssize(jobs), 1);
    GenerateSettings settings;
    settings.folder = {folder_.path()};
    settings.sizes.transformer = towers_.config();
    settings.sizes.vae = vae_config_;
    Generator generator({mpi_world(), towers_, *cfg_, media, &encoder_, std::move(settings), stop, progress, log_},
                        [&](const ClipJob& job, ClipResult result) {
                          results[job.request.id] = std::move(result);
                          delivered();
                        });
    for (const ClipJob& job : jobs) generator(job, job.request.id, {}, nullptr);
    generator.finish();
    return results;
  }
  // A disk that is full where this file should begin.
  void fill_disk_for(const std::string& file) const { fs::create_symlink("/dev/full", folder_ / (file + ".tmp")); }
  bool exists(const std::string& file) const { return fs::exists(folder_ / file); }

  TemporaryFolder folder_;
  Log log_{LogLevel::Quiet};
  std::unique_ptr<Collectives> tp_ = make_collectives(mpi_world(), at::kCPU);
  std::unique_ptr<Collectives> cfg_ = make_collectives(mpi_world(), at::kCPU);
  TestTowers towers_{weights("transformer"), read_cosmos3_config(golden_checkpoint("tiny") / "transformer/config.json"),
                     *tp_};
  WanConfig vae_config_ = read_wan_config(golden_checkpoint("tiny") / "vae/config.json");
  WanDecoder decoder_{weights("vae"), vae_config_};
  WanEncoder encoder_{weights("vae"), vae_config_};
};

TEST_F(Generates, AClipAndItsFiles) {
  folder_.write("snapshots/a.h5", "of an earlier run");
  const ClipResult result = make({job("a")}).at("a");
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.files, ElementsAre("latents/a.h5", "media/a.mp4"));
  EXPECT_EQ(result.latents_checksum, latents_checksum(read_latents(folder_ / "latents/a.h5")));
  EXPECT_EQ(result.step_seconds.size(), 2U);
  EXPECT_FALSE(exists("snapshots/a.h5")) << "its latents are there";
}

// Counts the latent frames that are decoded while it lives.
class DecodedFrames {
 public:
  DecodedFrames()
      : handle_(at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction& scope) {
                                        if (std::string_view(scope.name()) == "up block 0") ++count;
                                        return std::unique_ptr<at::ObserverContext>();
                                      }).scopes({at::RecordScope::USER_SCOPE}))) {
    count = 0;
  }
  DecodedFrames(const DecodedFrames&) = delete;
  DecodedFrames& operator=(const DecodedFrames&) = delete;
  ~DecodedFrames() { at::removeCallback(handle_); }
  static inline std::atomic<int> count = 0;

 private:
  at::CallbackHandle handle_;
};

class GeneratesLongClips : public Generates {
 protected:
  // 17 frames in three chunks of 9, three latent frames each.
  static ClipJob long_job(const std::string& id) {
    ClipJob clip = job(id);
    clip.request.num_frames = 17;
    clip.request.chunk_frames = 9;
    for (const Request& part : parts_of(clip.request)) {
      clip.chunks.push_back(job(part.id));
      clip.chunks.back().request = part;
    }
    return clip;
  }
  int decoded_for(const ClipJob& clip) {
    const DecodedFrames decoded;
    const ClipResult result = make({clip}).at(clip.request.id);
    EXPECT_EQ(result.error, "");
    EXPECT_THAT(result.files, testing::Contains("media/" + clip.request.id + ".mp4"));
    return DecodedFrames::count;
  }
  std::string video(const std::string& id) const { return read_file(folder_ / ("media/" + id + ".mp4")); }
};

TEST_F(GeneratesLongClips, DecodingEachChunkOnce) {
  ClipJob clip = long_job("a");
  EXPECT_EQ(decoded_for(clip), 9);
  const std::string whole = video("a");
  clip.chunks[0].latents_done = true;
  EXPECT_EQ(decoded_for(clip), 3 + 3 + 9) << "one is there from an earlier run";
  EXPECT_TRUE(video("a") == whole);
  clip.latents_done = true;
  EXPECT_EQ(decoded_for(clip), 9) << "all are there";
}

TEST_F(GeneratesLongClips, AgainWhereTheirVideoCouldNotBeBegun) {
  fs::create_directory(folder_ / "media/a.mp4.tmp");
  const ClipResult result = make({long_job("a")}).at("a");
  EXPECT_NE(result.error, "");
  EXPECT_THAT(result.files, ElementsAre("latents/a.h5", "latents/a@0.h5", "latents/a@1.h5", "latents/a@2.h5"));
}

class GeneratesPictures : public Generates {
 protected:
  static ClipJob picture(const std::string& id) {
    ClipJob picture = job(id);
    picture.request.num_frames = 1;
    return picture;
  }
};

// Its latent file and its PNG may be written behind the next one's steps.
TEST_F(GeneratesPictures, WithTheFilesOfEach) {
  const std::map<std::string, ClipResult> results = make({picture("a"), picture("b"), job("c")});
  for (const char* id : {"a", "b"}) {
    const ClipResult& result = results.at(id);
    EXPECT_EQ(result.error, "");
    EXPECT_THAT(result.files, ElementsAre("latents/" + std::string(id) + ".h5", "media/" + std::string(id) + ".png"));
    EXPECT_EQ(result.latents_checksum, latents_checksum(read_latents(folder_ / result.files[0])));
  }
  EXPECT_THAT(results.at("c").files, ElementsAre("latents/c.h5", "media/c.mp4"));
  EXPECT_EQ(towers_.texts, 2) << "all clips have the same two texts";
}

TEST_F(GeneratesPictures, NothingOfLatentsThatCannotBeSaved) {
  folder_.write("snapshots/a.h5", "of an earlier run");
  fill_disk_for("latents/a.h5");
  ClipJob child = picture("child");
  child.request.parent = "b";
  const std::map<std::string, ClipResult> results = make({picture("a"), picture("b"), child});
  EXPECT_THAT(results.at("a").error, HasSubstr("latents/a.h5.tmp: No space left on device"));
  EXPECT_THAT(results.at("a").files, IsEmpty());
  EXPECT_THAT(results.at("a").latents_checksum, IsEmpty());
  EXPECT_FALSE(exists("media/a.png"));
  EXPECT_TRUE(exists("snapshots/a.h5"));
  EXPECT_EQ(results.at("b").error, "");
  EXPECT_EQ(results.at("child").error, "") << "the parent's latents are there when it begins";
}

TEST_F(Generates, NothingOfLatentsThatAreNotFinite) {
  towers_.broken = true;
  folder_.write("snapshots/a.h5", "of an earlier run");
  const ClipResult result = make({job("a")}).at("a");
  EXPECT_THAT(result.error, HasSubstr("the latents are not finite"));
  EXPECT_FALSE(result.stopped);
  EXPECT_THAT(result.files, IsEmpty());
  EXPECT_FALSE(exists("latents/a.h5"));
  EXPECT_FALSE(exists("snapshots/a.h5")) << "the next run would go on from there";
}

TEST_F(Generates, ASnapshotStaysUntilTheLatentsAreOnTheDisk) {
  folder_.write("snapshots/a.h5", "of an earlier run");
  fill_disk_for("latents/a.h5");
  const ClipResult result = make({job("a")}).at("a");
  EXPECT_THAT(result.error, HasSubstr("latents/a.h5.tmp: No space left on device"));
  EXPECT_THAT(result.latents_checksum, IsEmpty());
  EXPECT_TRUE(exists("snapshots/a.h5"));
}

TEST_F(Generates, LatentsOfAClipThatCannotBeDecodedAreListed) {
  fill_disk_for("media/a.mp4");
  fs::create_directory(folder_ / "media/b.mp4.tmp");
  const std::map<std::string, ClipResult> results = make({job("a"), job("b")});
  for (const auto& [id, result] : results) {
    EXPECT_NE(result.error, "");
    EXPECT_THAT(result.files, ElementsAre("latents/" + id + ".h5"));
    EXPECT_EQ(result.latents_checksum, latents_checksum(read_latents(folder_ / ("latents/" + id + ".h5"))));
  }
  EXPECT_EQ(results.size(), 2U);
}

// The first clip's delivery comes after the last question of the second, which has one step, and before it is decoded.
class InterruptedWhileDecoding : public Generates {
 protected:
  ClipResult second_clip() {
    return make({job("a"), job("b", 1)},
                [] {
                  if (noted_stop_signal() == 0) std::raise(SIGUSR1);
                })
        .at("b");
  }
};

TEST_F(InterruptedWhileDecoding, IsStoppedWithItsLatents) {
  const ClipResult result = second_clip();
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.error, "");
  EXPECT_TRUE(exists("latents/b.h5"));
  EXPECT_FALSE(exists("media/b.mp4"));
}

TEST_F(InterruptedWhileDecoding, FailsWhereItsLatentsCannotBeWritten) {
  fill_disk_for("latents/b.h5");
  const ClipResult result = second_clip();
  EXPECT_FALSE(result.stopped);
  EXPECT_THAT(result.error, HasSubstr("latents/b.h5.tmp: No space left on device"));
}

}  // namespace
}  // namespace orrery
