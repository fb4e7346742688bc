// A picture of any format that read_image takes.
#include "fuzz.h"
#include "io/media/made_from.h"
#include "io/media/media_reader.h"
#include "mend_png.h"

using namespace orrery;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, unsigned seed) {
  constexpr unsigned kAsItIs = 8;  // one input in so many keeps wrong checksums
  std::string input = fuzz::mutated(std::string(fuzz::bytes(data, size)), limit);
  if (seed % kAsItIs != 0) fuzz::mend_png(input);
  return fuzz::give_back(input, data, limit);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::filesystem::path file = folder.write("picture.tga", fuzz::bytes(data, size));
  made_from(file);
  const std::string problem = image_problem(file);
  const bool accepted = fuzz::accepts(file.string(), [&] {
    const RgbImage image = read_image(file);
    fuzz::check(image.width > 0 && image.height > 0, "a picture without pixels");
    const auto pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    fuzz::check(image.rgb.size() == 3 * pixels, "pixels that do not fit the size");
  });
  fuzz::check(!accepted || problem.empty(), "is read, though a check before the run says: " + problem);
  return 0;
}
