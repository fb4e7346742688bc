#include "io/media/wav_writer.h"

#include <gmock/gmock.h>

#include <cstring>

#include "base/core/error.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

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
