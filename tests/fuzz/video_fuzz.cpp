// A video: its frames as a continued clip takes them, and its sound.
#include "fuzz.h"
#include "io/media/media_reader.h"
#include "io/media/sound_files.h"

using namespace orrery;

namespace {

// Of a longer video nothing new is learnt.
constexpr int kMostFrames = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::filesystem::path file = folder.write("clip.mp4", fuzz::bytes(data, size));
  const std::string problem = video_problem(file);
  const bool accepted = fuzz::accepts(file.string(), [&] {
    VideoReader reader(file);
    RgbImage frame;
    for (int i = 0; i < kMostFrames && reader.next(frame); ++i) {
      fuzz::check(frame.width == reader.width() && frame.height == reader.height(), "a frame of another size");
    }
  });
  fuzz::check(!accepted || problem.empty(), "is read, though a check before the run says: " + problem);
  fuzz::accepts(file.string(), [&] { read_sound(file); });
  return 0;
}
