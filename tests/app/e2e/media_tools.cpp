#include "media_tools.h"

#include <cstring>

#include "base/core/error.h"
#include "base/core/file.h"
#include "support/process.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::string output_of(const CommandLine& command) {
  Ending ending = run_program(command);
  require(ending.exit_code == 0, command.front() + ": " + ending.err);
  return std::move(ending.out);
}

at::Tensor stereo(std::string_view bytes) {
  const auto pairs = static_cast<std::int64_t>(bytes.size() / (2 * sizeof(float)));
  at::Tensor samples = at::empty({pairs, 2}, at::kFloat);
  std::memcpy(samples.mutable_data_ptr(), bytes.data(), samples.nbytes());
  return samples.transpose(0, 1).contiguous();
}

}  // namespace

void draw(const fs::path& file, int width, int height, int frames) {
  const std::string size = std::to_string(width) + ":" + std::to_string(height);
  const std::string pixels = file.extension() == ".mp4" ? "yuv420p" : "rgb24";
  output_of({"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=rate=24", "-vf", "scale=" + size + ",setsar=1",
             "-frames:v", std::to_string(frames), "-pix_fmt", pixels, file.string()});
}

Json probe(const fs::path& file) {
  return Json::parse(output_of({"ffprobe", "-v", "error", "-show_streams", "-of", "json", file.string()}))
      .at("streams");
}

void encode_sound(const fs::path& source, const fs::path& target) {
  output_of({"ffmpeg", "-v", "error", "-i", source.string(), "-c:a", "aac", "-b:a", "192k", "-flags:a", "+bitexact",
             target.string()});
}

at::Tensor decoded_sound(const fs::path& file) {
  return stereo(
      output_of({"ffmpeg", "-v", "error", "-i", file.string(), "-vn", "-ac", "2", "-ar", "48000", "-f", "f32le", "-"}));
}

at::Tensor wav_samples(const fs::path& file) {
  const std::string content = read_file(file);
  const std::size_t tag = content.find("data");
  require(tag != std::string::npos, file.string() + " has no samples");
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, content.data() + tag + 4, sizeof bytes);
  return stereo(std::string_view(content).substr(tag + 8, bytes));
}

}  // namespace orrery
