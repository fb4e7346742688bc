#include "media_files.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/core/file.h"

namespace orrery {

namespace fs = std::filesystem;

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

Json probe(const fs::path& path) {
  return Json::parse(output_of("ffprobe -v error -count_frames -show_streams -show_format -of json " + path.string()));
}

RgbImage waves(int width, int height, int time) {
  RgbImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.04 * x + 0.05 * y * (c - 1) + 0.1 * time + c);
        image.rgb.push_back(static_cast<std::uint8_t>(std::lround(127.5 + 100 * wave)));
      }
    }
  }
  return image;
}

double psnr(const RgbImage& a, const RgbImage& b) {
  if (a.width != b.width || a.height != b.height) return -1;
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::pow(double{1} * a.rgb[i] - b.rgb[i], 2);
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.rgb.size()) / sum);
}

fs::path MediaFiles::make(const std::string& name, int width, int height, const std::string& pix_fmt,
                          const std::string& raw, const std::string& options) const {
  const fs::path source = folder_ / "raw";
  fs::path path = folder_ / name;
  write_file(source, raw);
  output_of("ffmpeg -nostdin -v error -y -f rawvideo -pix_fmt " + pix_fmt + " -s " + std::to_string(width) + "x" +
            std::to_string(height) + " -i " + source.string() + " " + options + " " + path.string());
  fs::remove(source);
  return path;
}

fs::path MediaFiles::make(const std::string& name, const RgbImage& image, const std::string& options) const {
  return make(name, image.width, image.height, "rgb24", {image.rgb.begin(), image.rgb.end()}, options);
}

RgbImage MediaFiles::judge(const fs::path& path, int width, int height) const {
  // Planes: for packed RGB swscale does not interpolate the chroma of 4:2:0 between rows.
  const std::string raw = output_of("ffmpeg -nostdin -v error -i " + path.string() +
                                    " -frames:v 1 -sws_flags bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"
                                    " -f rawvideo -pix_fmt gbrp -");
  RgbImage image{width, height, {}};
  const std::size_t pixels = raw.size() / 3;
  for (std::size_t i = 0; i < pixels; ++i) {
    for (const std::size_t plane : {2, 0, 1}) image.rgb.push_back(static_cast<std::uint8_t>(raw[plane * pixels + i]));
  }
  return image;
}

}  // namespace orrery
