#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/json.h"
#include "io/media/rgb_image.h"
#include "support/temporary_folder.h"

namespace orrery {

// What a shell command prints; fails the test when the command does.
std::string output_of(const std::string& command);

// What ffprobe says of a file's streams and format.
Json probe(const std::filesystem::path& path);

// Slow waves of colour, another phase for each `time`.
RgbImage waves(int width, int height, int time = 0);

double psnr(const RgbImage& a, const RgbImage& b);

// Tests in a folder of their own.
class MediaFiles : public testing::Test {
 protected:
  // Has ffmpeg write `raw` pixels of `pix_fmt` into the file `name`; `options` are for its encoder.
  std::filesystem::path make(const std::string& name, int width, int height, const std::string& pix_fmt,
                             const std::string& raw, const std::string& options = "") const;
  std::filesystem::path make(const std::string& name, const RgbImage& image, const std::string& options = "") const;
  // ffmpeg's own reading of a file's first frame.
  RgbImage judge(const std::filesystem::path& path, int width, int height) const;

  TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

}  // namespace orrery
