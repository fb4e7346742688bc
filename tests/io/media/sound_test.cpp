#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <span>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/video_writer.h"
#include "media_files.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Samples = std::vector<float>;  // left and right interleaved

// Different sweeps on the left and the right, which correlate only at lag 0.
Samples sweeps(double seconds) {
  Samples samples;
  for (int i = 0; i < std::lround(seconds * kSoundRate); ++i) {
    const double t = double{1} * i / kSoundRate;
    for (const double slope : {900.0, 1700.0}) {
      samples.push_back(static_cast<float>(0.4 * std::sin(2 * std::numbers::pi * (150 + slope * t) * t)));
    }
  }
  return samples;
}

double correlation(const Samples& a, const Samples& b, std::size_t channel) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = channel; i < std::min(a.size(), b.size()); i += 2) {
    ab += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

class Sound : public MediaFiles {
 protected:
  static VideoFormat format(Fraction fps) {
    VideoFormat result;
    result.width = 64;
    result.height = 48;
    result.fps = fps;
    result.sound = true;
    return result;
  }

  void write(Fraction fps, int frames, const Samples& sound) const {
    VideoWriter writer(path_, format(fps));
    for (int i = 0; i < frames; ++i) writer.write(waves(64, 48, i).rgb);
    writer.write_sound(sound);
    writer.finish();
  }

  Samples decode() const {
    const std::string raw = output_of("ffmpeg -nostdin -v error -i " + path_.string() + " -map 0:a -f f32le -");
    Samples samples(raw.size() / sizeof(float));
    std::memcpy(samples.data(), raw.data(), raw.size());
    return samples;
  }

  static double duration(const Json& stream) { return std::stod(stream["duration"].get<std::string>()); }

  std::filesystem::path path_ = folder_ / "clip.mp4";
};

TEST_F(Sound, IsWhatItSays) {
  write({24, 1}, 33, sweeps(33 / 24.0));
  const Json info = probe(path_);
  ASSERT_EQ(info["streams"].size(), 2U);
  EXPECT_EQ(info["streams"][0]["codec_name"], "h264");
  EXPECT_EQ(info["streams"][0]["nb_read_frames"], "33");
  const Json& stream = info["streams"][1];
  EXPECT_EQ(stream["codec_name"], "aac");
  EXPECT_EQ(stream["profile"], "LC");
  EXPECT_EQ(stream["sample_rate"], "48000");
  EXPECT_EQ(stream["channel_layout"], "stereo");
}

TEST_F(Sound, LinesUpWithTheInput) {
  const Samples sound = sweeps(3);
  write({24, 1}, 72, sound);
  const Samples decoded = decode();
  for (const std::size_t channel : {0U, 1U}) EXPECT_GE(correlation(sound, decoded, channel), 0.99) << channel;
}

TEST_F(Sound, LastsAsLongAsThePictures) {
  for (const auto& [fps, frames] : {std::pair{Fraction{24, 1}, 33}, std::pair{Fraction{24000, 1001}, 25},
                                    std::pair{Fraction{30, 1}, 1}, std::pair{Fraction{1000, 1}, 7}}) {
    const double frame = double{1} * fps.denominator / fps.numerator;
    for (const double seconds : {0.0, frame * frames, 0.1, 3.0}) {
      write(fps, frames, sweeps(seconds));
      const Json info = probe(path_);
      EXPECT_NEAR(duration(info["streams"][0]), frame * frames, 1e-4);
      EXPECT_NEAR(duration(info["streams"][1]), frame * frames, 1e-4) << seconds << " seconds of sound";
    }
  }
}

TEST_F(Sound, WhatIsMissingIsSilent) {
  write({24, 1}, 48, sweeps(0.5));
  const Samples decoded = decode();
  const auto tail = std::span(decoded).subspan(static_cast<std::size_t>(0.6 * 2 * kSoundRate));
  EXPECT_GT(tail.size(), std::size_t{2 * kSoundRate});
  for (const float sample : tail) ASSERT_LT(std::abs(sample), 0.002F);
}

TEST_F(Sound, ComesInPiecesAtAnyTime) {
  const Samples sound = sweeps(1);
  write({24, 1}, 24, sound);
  const std::string whole = read_file(path_);
  VideoWriter writer(path_, format({24, 1}));
  const std::span<const float> all = sound;
  writer.write_sound(all.first(1000));
  for (int i = 0; i < 24; ++i) {
    writer.write(waves(64, 48, i).rgb);
    if (i == 7) writer.write_sound(all.subspan(1000, 30000));
  }
  writer.write_sound(all.subspan(31000));
  writer.finish();
  EXPECT_EQ(read_file(path_), whole);
}

TEST_F(Sound, IsInterleavedWithThePictures) {
  write({24, 1}, 24 * 12, sweeps(12));
  const std::string order = output_of("ffprobe -v error -show_entries packet=stream_index,pos -of csv=p=0 " +
                                      path_.string() + " | sort -t, -k2n | cut -d, -f1 | uniq | wc -l");
  EXPECT_GT(std::stoi(order), 12);
}

TEST_F(Sound, RefusesWrongUse) {
  const Samples sound(10);
  const Samples bad{0, std::numeric_limits<float>::quiet_NaN()};
  VideoWriter writer(path_, format({24, 1}));
  EXPECT_THAT([&] { writer.write_sound(std::span(sound).first(3)); },
              ThrowsMessage<Error>(HasSubstr("clip.mp4: 3 samples of sound do not divide into two channels")));
  EXPECT_THAT([&] { writer.write_sound(bad); }, ThrowsMessage<Error>(HasSubstr("not finite")));
  writer.write(waves(64, 48).rgb);
  writer.finish();
  EXPECT_THAT([&] { writer.write_sound(sound); }, ThrowsMessage<Error>(HasSubstr("no sound can follow")));
  VideoFormat silent = format({24, 1});
  silent.sound = false;
  VideoWriter other(folder_ / "silent.mp4", silent);
  EXPECT_THAT([&] { other.write_sound(sound); }, ThrowsMessage<Error>(HasSubstr("without a sound track")));
}

}  // namespace
}  // namespace orrery
