#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/core/error.h"
#include "pipeline/snapshot.h"
#include "support/temporary_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::int64_t kSteps = 4;
const MediaShape kShape{{{Stream::Video, {{2, 3, 4, 5}, {0}}}, {Stream::Sound, {{7, 6}}}}};

at::Tensor video(double value) { return at::full({2, 3, 4, 5}, value); }
at::Tensor sound(double value) { return at::full({7, 6}, value); }

DenoiseState state_after(std::int64_t steps) {
  const auto n = static_cast<double>(steps);
  DenoiseState state{{{Stream::Video, video(n)}, {Stream::Sound, sound(-n)}},
                     {{Stream::Video, {steps, video(n + 0.1), video(n + 0.2), video(n + 0.3)}},
                      {Stream::Sound, {steps, sound(n + 0.4), sound(n + 0.5), sound(n + 0.6)}}},
                     {}};
  for (auto& [stream, sampler] : state.samplers) {
    if (steps == 1) sampler.model_output_0 = at::Tensor();
  }
  return state;
}

LatentFile clip() {
  LatentFile file;
  file.request = "{}";
  file.sigmas.assign(kSteps + 1, 0.5F);
  file.timesteps.assign(kSteps, 500);
  file.condition[Stream::Video] = {{1, 2, 1, 4, 5}, std::vector<float>(40, 1.0F)};
  return file;
}

class Writer : public testing::Test {
 protected:
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  TemporaryFolder folder_;
  fs::path path_ = folder_ / "clip.h5";
};

TEST_F(Writer, KeepsTheNewestStateAlone) {
  SnapshotWriter writer(path_, clip());
  for (const std::int64_t steps : {1, 2, 3}) {
    writer.start(state_after(steps));
    EXPECT_EQ(writer.wait(), "");
    EXPECT_FALSE(writer.busy());
    EXPECT_EQ(files(), 1U);
    const LatentFile file = read_latents(path_);
    EXPECT_EQ(file.running->histories.at(Stream::Video).last_order, std::min<std::int64_t>(steps, 2));
    EXPECT_EQ(file.running->histories.at(Stream::Sound).lower_order_steps, std::min<std::int64_t>(steps, 2));
    const DenoiseState found = state_of(file, {}, kShape);
    EXPECT_EQ(found.steps_done(), steps);
    EXPECT_TRUE(at::equal(found.latents.at(Stream::Video), video(static_cast<double>(steps))));
    EXPECT_TRUE(at::equal(found.samplers.at(Stream::Sound).model_output_1,
                          state_after(steps).samplers.at(Stream::Sound).model_output_1));
    EXPECT_EQ(found.samplers.at(Stream::Video).model_output_0.defined(), steps > 1);
  }
}

TEST_F(Writer, AFailureIsToldOnceAndTheNextWriteGoesOn) {
  SnapshotWriter writer(folder_ / "later/clip.h5", clip());
  writer.start(state_after(1));
  EXPECT_THAT(writer.wait(), HasSubstr("later/clip.h5"));
  EXPECT_EQ(writer.wait(), "");
  fs::create_directory(folder_ / "later");
  writer.start(state_after(2));
  EXPECT_EQ(writer.wait(), "");
  EXPECT_TRUE(fs::exists(folder_ / "later/clip.h5"));
}

TEST_F(Writer, ItsEndWaitsForTheWrite) {
  {
    SnapshotWriter writer(path_, clip());
    writer.start(state_after(3));
  }
  EXPECT_EQ(read_latents(path_).running->step, 3);
}

TEST_F(Writer, TheFirstGuessIsCautiousAndTheNextIsMeasured) {
  SnapshotWriter writer(path_, clip());
  const DenoiseState big{{{Stream::Video, at::zeros({48, 45, 45, 80})}}, {}, {}};
  EXPECT_GT(writer.expected_seconds(big), 2);
  writer.start(state_after(1));
  EXPECT_EQ(writer.wait(), "");
  EXPECT_GT(writer.expected_seconds(big), 0);
  EXPECT_EQ(writer.expected_seconds(big), writer.expected_seconds(state_after(1))) << "as long as the last one took";
}

struct Damage {
  std::string name;
  std::function<void(LatentFile&)> make;
  std::string said;
};

class DamagedSnapshot : public testing::TestWithParam<Damage> {};

TEST_P(DamagedSnapshot, IsRefusedInWords) {
  LatentFile file = snapshot_file(clip(), state_after(2));
  GetParam().make(file);
  EXPECT_THAT([&] { state_of(file, {}, kShape); }, ThrowsMessage<InputError>(HasSubstr(GetParam().said)));
}

SamplerHistory& history(LatentFile& file, Stream stream) { return file.running->histories.at(stream); }

const FloatArray kOther{{1, 2, 3}, std::vector<float>(6)};

INSTANTIATE_TEST_SUITE_P(
    Ways, DamagedSnapshot,
    testing::Values(
        Damage{"Finished", [](LatentFile& f) { f.running.reset(); }, "its clip is finished"},
        Damage{"NoStep", [](LatentFile& f) { f.running->step = 0; }, "step 0 of 4"},
        Damage{"LastStep", [](LatentFile& f) { f.running->step = 4; }, "step 4 of 4"},
        Damage{"Video", [](LatentFile& f) { f.latents[Stream::Video] = kOther; }, "the video has shape [1, 2, 3]"},
        Damage{"History", [](LatentFile& f) { history(f, Stream::Video).model_output_0 = {}; }, "model_output_0"},
        Damage{"SoundHistory", [](LatentFile& f) { history(f, Stream::Sound).last_sample = kOther; },
               "last_sample has shape [1, 2, 3], expected [1, 7, 6]"},
        Damage{"NoSound", [](LatentFile& f) { f.latents.erase(Stream::Sound); }, "it should have sound"},
        Damage{"ACache",
               [](LatentFile& f) {
                 f.running->cache = R"({"computed": [0], "branches": [{"change": 0, "skips": 0, "steps": []}]})";
               },
               "step cache's state has 1 guidance branches, expected 0"},
        Damage{"NoCondition", [](LatentFile& f) { f.condition.clear(); }, "the condition has shape []"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace orrery
