#include "io/media/sound_reader.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/video_writer.h"
#include "io/media/wav_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class SoundReader : public MediaFiles {
 protected:
  // What ffmpeg makes of the sound.
  static std::vector<float> judged(const std::filesystem::path& path) {
    const std::string raw = output_of("ffmpeg -nostdin -v error -i " + path.string() + " -map 0:a -f f32le -");
    std::vector<float> samples(raw.size() / sizeof(float));
    std::memcpy(samples.data(), raw.data(), raw.size());
    return samples;
  }
  static std::vector<float> tones(int count) {
    std::vector<float> samples;
    for (int i = 0; i < count; ++i) {
      samples.push_back(static_cast<float>(0.4 * std::sin(0.05 * i)));
      samples.push_back(static_cast<float>(0.3 * std::sin(0.08 * i)));
    }
    return samples;
  }
  std::filesystem::path video(bool sound) const {
    VideoFormat format;
    format.width = 64;
    format.height = 48;
    format.sound = sound;
    VideoWriter writer(folder_ / "clip.mp4", format);
    for (int i = 0; i < 24; ++i) writer.write(waves(64, 48, i).rgb);
    if (sound) writer.write_sound(tones(kSoundRate));
    writer.finish();
    return folder_ / "clip.mp4";
  }
};

TEST_F(SoundReader, GivesWhatOthersHear) {
  const std::filesystem::path path = video(true);
  const auto wave = read_sound(path);
  ASSERT_TRUE(wave);
  EXPECT_EQ(wave->rate, 48000);
  EXPECT_EQ(wave->channels, 2);
  EXPECT_EQ(wave->length(), 47 * 1024) << "up to the end of the codec's last frame";
  EXPECT_TRUE(wave->samples == judged(path));
}

TEST_F(SoundReader, GivesFloatingPointExactly) {
  const std::vector<float> samples{0, 1, -1, 0.1F, -1e-20F, 1.5F};
  write_wav(folder_ / "a.wav", samples, 2, 16000);
  const auto wave = read_sound(folder_ / "a.wav");
  EXPECT_EQ(wave->samples, samples);
  EXPECT_EQ(wave->rate, 16000);
}

TEST_F(SoundReader, ScalesIntegers) {
  write_wav(folder_ / "a.wav", tones(1000), 2, 48000);
  const std::string wav = (folder_ / "a.wav").string();
  for (const char* codec : {"pcm_s16le", "pcm_s32le", "pcm_f64le"}) {
    const std::filesystem::path path = folder_ / (std::string(codec) + ".wav");
    output_of("ffmpeg -nostdin -v error -i " + wav + " -c:a " + codec + " " + path.string());
    const std::vector<float> found = read_sound(path)->samples, expected = judged(path);
    ASSERT_EQ(found.size(), expected.size()) << codec;
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-7) << codec << ", " << i;
  }
}

TEST_F(SoundReader, SaysWhatIsNotThere) {
  EXPECT_FALSE(read_sound(video(false)));
  const std::filesystem::path text = folder_ / "a.mp4";
  write_file(text, "no media at all");
  EXPECT_THAT([&] { read_sound(text); }, ThrowsMessage<InputError>(HasSubstr("a.mp4")));
  EXPECT_THAT([&] { read_sound(folder_ / "b.mp4"); }, ThrowsMessage<InputError>(HasSubstr("no such file")));
}

}  // namespace
}  // namespace orrery
