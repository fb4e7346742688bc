// The media files of clips with sound, which `orrery decode` reproduces.
#include <gmock/gmock.h>

#include <cmath>
#include <iostream>
#include <map>
#include <memory>

#include "base/core/file.h"
#include "clips.h"
#include "media_tools.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::int64_t kLag = 1024;  // an encoder's delay, if it were not compensated [samples]

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
  return files;
}

// Pearson's correlation over both channels.
double correlation(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kDouble).flatten().sub(a.to(at::kDouble).mean());
  const at::Tensor y = b.to(at::kDouble).flatten().sub(b.to(at::kDouble).mean());
  return (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

// One run for all tests: the golden clip with sound, a clip without, and one with other texts and another rate.
class SoundingMedia : public Clips {
 protected:
  static void SetUpTestSuite() { made_ = std::make_unique<Made>(); }
  static void TearDownTestSuite() { made_.reset(); }

  struct Made : ClipFolder {
    Made() {
      draw(folder_ / "picture.png", 64, 64);
      run("out", {golden_line(golden), tiny_line("silent"), tiny_line("image-sound", odd)},
          {"--schedule", "double_shift", "--keep-frames"});
    }
    fs::path out() const { return folder_ / "out"; }

    Golden golden = Golden::load_case("tiny/t2av");
    Json odd{{"image", "picture.png"}, {"sound", true}, {"fps", 7.5}, {"seed", 9}, {"num_frames", 13}};
  };
  static std::unique_ptr<Made> made_;
};

std::unique_ptr<SoundingMedia::Made> SoundingMedia::made_;

TEST_F(SoundingMedia, TheWavFileIsTheReferencesWaveform) {
  const Golden& golden = made_->golden;
  const at::Tensor found = wav_samples(made_->out() / "frames/t2av/sound.wav");
  const std::int64_t samples = 9 * 48000 / 24;
  ASSERT_EQ(found.sizes(), (at::IntArrayRef{2, samples}));
  const double worst = relative(found, golden["waveform"].squeeze(0).narrow(1, 0, samples));
  std::cout << "worst: " << worst << "\n";
  EXPECT_LE(worst, 1e-3);
}

TEST_F(SoundingMedia, SoundAndPictureAreEquallyLong) {
  const std::map<std::string, double> fps{{"t2av", 24}, {"image-sound", 7.5}};
  for (const auto& [id, rate] : fps) {
    SCOPED_TRACE(id);
    const Json streams = probe(made_->out() / ("media/" + id + ".mp4"));
    ASSERT_EQ(streams.size(), 2);
    EXPECT_EQ(streams[0].at("codec_name"), "h264");
    EXPECT_EQ(streams[1].at("codec_name"), "aac");
    EXPECT_EQ(streams[1].at("sample_rate"), "48000");
    EXPECT_EQ(streams[1].at("channels"), 2);
    const auto seconds = [&](int stream) { return std::stod(streams[stream].at("duration").get<std::string>()); };
    EXPECT_LT(std::abs(seconds(0) - seconds(1)), 1 / rate);
  }
  EXPECT_EQ(probe(made_->out() / "media/silent.mp4").size(), 1);
  EXPECT_FALSE(fs::exists(made_->out() / "frames/silent/sound.wav"));
}

// Sound from random weights is noise, of which 192 kb/s lose much, so the WAV file is encoded before comparing.
TEST_F(SoundingMedia, TheVideosSoundIsTheWavFiles) {
  for (const char* id : {"t2av", "image-sound"}) {
    SCOPED_TRACE(id);
    const fs::path wav = made_->out() / "frames" / id / "sound.wav";
    const fs::path encoded = folder_ / (std::string(id) + ".m4a");
    encode_sound(wav, encoded);
    const at::Tensor expected = decoded_sound(encoded);
    const at::Tensor found = decoded_sound(made_->out() / "media" / (std::string(id) + ".mp4"));
    ASSERT_EQ(found.sizes(), expected.sizes());
    const double alike = correlation(found, expected);
    std::cout << id << ": correlation " << alike << "\n";
    EXPECT_GE(alike, 0.99);
    const at::Tensor samples = wav_samples(wav);
    const std::int64_t inner = samples.size(1) - 2 * kLag;
    const at::Tensor middle = samples.narrow(1, kLag, inner);
    const auto at_lag = [&](std::int64_t lag) { return correlation(found.narrow(1, kLag + lag, inner), middle); };
    for (const std::int64_t lag : {-kLag, std::int64_t{-1}, std::int64_t{1}, kLag}) EXPECT_GT(at_lag(0), at_lag(lag));
  }
}

TEST_F(SoundingMedia, DecodeMakesTheSameFilesAgain) {
  CommandLine line = orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / "again").string(),
                             "--device", "cpu", "--keep-frames"});
  for (const char* id : {"t2av", "silent", "image-sound"})
    line.push_back(made_->out() / "latents" / (std::string(id) + ".h5"));
  const Ending ending = run_program(line);
  ASSERT_EQ(ending.exit_code, 0) << ending.err;
  for (const char* folder : {"media", "frames"}) {
    const auto first = files_below(made_->out() / folder);
    const auto again = files_below(folder_ / "again" / folder);
    EXPECT_EQ(first.size(), folder == std::string("media") ? 3 : 9 + 9 + 13 + 2);
    ASSERT_EQ(again.size(), first.size());
    for (const auto& [name, content] : first) EXPECT_TRUE(again.at(name) == content) << name;
  }
}

TEST_F(SoundingMedia, DecodeGoesOnAfterAFileThatIsNone) {
  const fs::path none = folder_.write("none.h5", "not HDF5");
  const Ending ending = run_program(
      orrery({"decode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / "again").string(), "--device", "cpu",
              none.string(), (folder_ / "nowhere.h5").string(), (made_->out() / "latents/silent.h5").string()}));
  EXPECT_EQ(ending.exit_code, 1);
  EXPECT_THAT(ending.err, HasSubstr("none.h5: "));
  EXPECT_THAT(ending.err, HasSubstr("nowhere.h5: "));
  EXPECT_TRUE(read_file(folder_ / "again/media/silent.mp4") == read_file(made_->out() / "media/silent.mp4"));
}

}  // namespace
}  // namespace orrery
