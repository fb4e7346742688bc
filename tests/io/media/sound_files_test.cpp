#include "io/media/sound_files.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/video_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class SoundReader : public MediaFiles {
 protected:
  // The sound as ffmpeg decodes it.
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

class Wav : public MediaFiles {
 protected:
  std::vector<float> decode() const {
    const std::string raw = output_of("ffmpeg -nostdin -v error -i " + path_.string() + " -f f32le -");
    std::vector<float> samples(raw.size() / sizeof(float));
    std::memcpy(samples.data(), raw.data(), raw.size());
    return samples;
  }

  std::filesystem::path path_ = folder_ / "a.wav";
};

TEST_F(Wav, ComesBackExactly) {
  const std::vector<float> samples = {0, 1, -1, 0.1F, -1e-20F, 1.5F, 0.333F, -0.75F, 1e-8F, 0.5F, -2.0F, 0.25F};
  for (const int channels : {1, 2, 6}) {
    write_wav(path_, samples, channels, 48000);
    EXPECT_EQ(decode(), samples) << channels;
    const Json stream = probe(path_)["streams"][0];
    EXPECT_EQ(stream["codec_name"], "pcm_f32le");
    EXPECT_EQ(stream["channels"], channels);
    EXPECT_EQ(stream["sample_rate"], "48000");
    EXPECT_EQ(stream["duration_ts"], 12 / channels);
  }
}

TEST_F(Wav, MayBeEmpty) {
  write_wav(path_, {}, 2, 44100);
  EXPECT_EQ(std::filesystem::file_size(path_), 58U);
}

TEST_F(Wav, RefusesWhatIsNoSound) {
  const std::vector<float> samples(5);
  EXPECT_THAT([&] { write_wav(path_, samples, 2, 48000); },
              ThrowsMessage<Error>(HasSubstr("5 samples do not divide into 2")));
  EXPECT_THAT([&] { write_wav(path_, samples, 0, 48000); }, ThrowsMessage<Error>(HasSubstr("0 channels at 48000 Hz")));
  EXPECT_THAT([&] { write_wav(path_, samples, 1, 0); }, ThrowsMessage<Error>(HasSubstr("1 channels at 0 Hz")));
  EXPECT_THAT([&] { write_wav(folder_ / "no" / "a.wav", samples, 1, 8000); },
              ThrowsMessage<Error>(HasSubstr("no/a.wav")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace

}  // namespace orrery
