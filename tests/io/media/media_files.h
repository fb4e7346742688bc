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

// The standard output of a shell command. Fails the test when the command fails.
std::string output_of(const std::string& command);

// ffprobe's description of a file's streams and format.
Json probe(const std::filesystem::path& path);

// Smooth waves of colour, with another phase for each `time`.
RgbImage waves(int width, int height, int time = 0);

double psnr(const RgbImage& a, const RgbImage& b);

// Gives each test its own folder.
class MediaFiles : public testing::Test {
 protected:
  // Writes `raw` pixels of `pix_fmt` to the file `name` by ffmpeg; `options` are for its encoder.
  std::filesystem::path make(const std::string& name, int width, int height, const std::string& pix_fmt,
                             const std::string& raw, const std::string& options = "") const;
  std::filesystem::path make(const std::string& name, const RgbImage& image, const std::string& options = "") const;
  // A file's first frame as ffmpeg reads it.
  RgbImage judge(const std::filesystem::path& path, int width, int height) const;

  TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

}  // namespace orrery
