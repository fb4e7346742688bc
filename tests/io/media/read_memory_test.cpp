// The peak memory of reading a picture or a sound. For a picture it is at most four times the decoded pixels, plus a
// constant; that includes the file, which for noise is as large as the pixels, and the resulting 8-bit picture.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/media/media_reader.h"
#include "io/media/sound_files.h"
#include "media_files.h"
#include "support/heap_peak.h"

namespace orrery {
namespace {

constexpr std::int64_t kFixedBytes = std::int64_t{8} << 20;  // decoders, converters and their tables
constexpr std::int64_t kShortestRow = 64;                    // FFmpeg's smallest row [bytes]

class ReadMemory : public MediaFiles {
 protected:
  // `pixel_bytes`: bytes of a decoded pixel.
  static void expect_bounded(const std::filesystem::path& path, std::int64_t pixel_bytes = 3) {
    SCOPED_TRACE(path.filename());
    const HeapPeak peak;
    const RgbImage image = read_image(path);
    const std::int64_t decoded = image.height * std::max(kShortestRow, pixel_bytes * image.width);
    std::printf("%s: %.1f MB for %.1f MB\n", path.filename().c_str(), 1e-6 * static_cast<double>(peak.bytes()),
                1e-6 * static_cast<double>(decoded));
    EXPECT_LE(peak.bytes(), kFixedBytes + 4 * decoded);
  }
};

TEST_F(ReadMemory, OfLongAndThinPictures) {
  expect_bounded(make("tall.png", 1, 60000, "rgb24", std::string(180'000, '\x40'), ""));
  expect_bounded(make("wide.png", 60000, 1, "rgb24", std::string(180'000, '\x40'), ""));
}

TEST_F(ReadMemory, OfPicturesOfAllFormats) {
  constexpr int kSide = 1500;
  std::string noise(std::size_t{8} * kSide * kSide, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string rgb = noise.substr(0, std::size_t{3} * kSide * kSide);
  for (const char* name : {"a.png", "a.bmp", "a.tga", "a.ppm", "raw.tiff", "a.jpg"}) {
    expect_bounded(make(name, kSide, kSide, "rgb24", rgb, ""));
  }
  expect_bounded(make("deep.png", kSide, kSide, "rgba64le", noise, ""), 8);
}

// A sound is read in packets of some kilobytes. If each packet reallocated all samples, the allocations would add up to
// hundreds of times the sound.
TEST_F(ReadMemory, OfASoundGrowsWithItsLength) {
  write_wav(folder_ / "a.wav", std::vector<float>(1'000'000, 0.5F), 2, 48000);
  const HeapPeak peak;
  const std::optional<Waveform> wave = read_sound(folder_ / "a.wav");
  const auto decoded = static_cast<std::int64_t>(wave->samples.size() * sizeof(float));
  std::printf("a.wav: %.1f MB held, %.1f MB allocated for %.1f MB\n", 1e-6 * static_cast<double>(peak.bytes()),
              1e-6 * static_cast<double>(peak.allocated()), 1e-6 * static_cast<double>(decoded));
  EXPECT_LE(peak.bytes(), kFixedBytes + 4 * decoded);
  EXPECT_LE(peak.allocated(), kFixedBytes + 16 * decoded);
}

// An animation whose header declares a text of 2.1 GB.
TEST_F(ReadMemory, OfADeclaredSizeIsBounded) {
  const auto chunk = [](std::uint32_t size, const std::string& name, const std::string& content) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift);
    return text + name + content + std::string(4, '\0');
  };
  const std::string header("\0\0\0\20\0\0\0\20\10\2\0\0\0", 13), control("\0\0\0\6\0\0\0\1", 8);
  write_file(folder_ / "animation.mp4", "\x89PNG\r\n\x1a\n" + chunk(13, "IHDR", header) + chunk(8, "acTL", control) +
                                            chunk(3, "IDAT", "abc") + chunk(0x7f000000, "tEXt", "no more"));
  const HeapPeak peak;
  EXPECT_THROW(read_sound(folder_ / "animation.mp4"), InputError);
  EXPECT_LE(peak.bytes(), kFixedBytes);
}

}  // namespace
}  // namespace orrery
