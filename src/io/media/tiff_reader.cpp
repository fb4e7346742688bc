#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/core/error.h"
#include "io/media/frame_pixels.h"
#include "io/media/media_input.h"
#include "io/media/still.h"

namespace orrery {
namespace {

struct CloseTiff {
  void operator()(TIFF* tiff) const noexcept { TIFFClose(tiff); }
};
struct FreeOptions {
  void operator()(TIFFOpenOptions* options) const noexcept { TIFFOpenOptionsFree(options); }
};
struct EndImage {
  void operator()(TIFFRGBAImage* image) const noexcept { TIFFRGBAImageEnd(image); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

std::string text_of(const char* format, va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  return text.data();
}

// The first error that libtiff reported.
struct Complaint {
  std::string text;
  bool fatal = false;  // an error, although libtiff continues
};

int keep_error(TIFF*, void* to, const char*, const char* format, va_list arguments) {
  std::string& text = static_cast<Complaint*>(to)->text;
  if (text.empty()) text = text_of(format, arguments);
  return 1;
}

// Treats warnings of libjpeg as errors, since it only warns of an embedded JPEG that is cut short. libtiff's own
// warnings are harmless, for example of unknown tags.
int keep_warning(TIFF*, void* to, const char* module, const char* format, va_list arguments) {
  if (module == nullptr || std::string_view(module) != "JPEGLib") return 1;
  static_cast<Complaint*>(to)->fatal = true;
  return keep_error(nullptr, to, module, format, arguments);
}

// A file's bytes, which libtiff reads as a memory-mapped file: for other files, libtiff 4.5 refuses uncompressed tiles
// whose size is not a multiple of 1024 bytes.
struct FileBytes {
  const std::string& bytes;
  std::uint64_t at = 0;

  static FileBytes& of(thandle_t file) { return *static_cast<FileBytes*>(file); }
};

tmsize_t read_bytes(thandle_t file, void* to, tmsize_t count) {
  FileBytes& from = FileBytes::of(file);
  const std::uint64_t left = from.bytes.size() - std::min<std::uint64_t>(from.at, from.bytes.size());
  const std::uint64_t taken = std::min(left, static_cast<std::uint64_t>(count));
  std::memcpy(to, from.bytes.data() + (from.bytes.size() - left), taken);
  from.at += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek_bytes(thandle_t file, toff_t offset, int whence) {
  FileBytes& from = FileBytes::of(file);
  const std::uint64_t origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? from.at : from.bytes.size();
  return from.at = origin + offset;
}

toff_t size_of_bytes(thandle_t file) { return FileBytes::of(file).bytes.size(); }

int map_bytes(thandle_t file, void** base, toff_t* size) {
  *base = const_cast<char*>(FileBytes::of(file).bytes.data());
  *size = size_of_bytes(file);
  return 1;
}

void unmap_nothing(thandle_t, void*, toff_t) {}
int close_nothing(thandle_t) { return 0; }

// `file` and `complaint` must outlive the result.
TiffFile open_tiff(FileBytes& file, Complaint& complaint) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1} << 30;  // at a time
  const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, &complaint);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keep_warning, &complaint);
  TiffFile tiff(TIFFClientOpenExt("TIFF", "r", &file, read_bytes, write_nothing, seek_bytes, close_nothing,
                                  size_of_bytes, map_bytes, unmap_nothing, options.get()));
  require_input(tiff != nullptr, "damaged or cut short: " + complaint.text);
  return tiff;
}

void require_no_thumbnail(TIFF* tiff) {
  std::uint32_t kind = 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &kind);
  require_input((kind & FILETYPE_REDUCEDIMAGE) == 0,
                "its first picture is a thumbnail, as in a camera's raw file: save the picture itself as PNG");
}

// Decodes the pixels: red, green, blue, alpha from the lowest byte, premultiplied; rows from the top.
std::vector<std::uint32_t> pixels_of(TIFF* tiff, Complaint& complaint) {
  std::array<char, 1024> reason{};
  TIFFRGBAImage image{};
  constexpr int kStopAtErrors = 1;
  const int begun = TIFFRGBAImageBegin(&image, tiff, kStopAtErrors, reason.data());
  require_input(begun != 0,
                "this kind of TIFF is not read: " + std::string(reason.data()) + complaint.text + "; save it as PNG");
  const std::unique_ptr<TIFFRGBAImage, EndImage> end(&image);
  require_pixels(image.width, image.height);
  image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;  // as stored; shown_still() applies the orientation
  std::vector<std::uint32_t> pixels(std::size_t{image.width} * image.height);
  const int read = TIFFRGBAImageGet(&image, pixels.data(), image.width, image.height);
  require_input(read != 0 && !complaint.fatal, "damaged or cut short: " + complaint.text);
  return pixels;
}

// Blends the pixels with white.
ffmpeg::Frame frame_of(const std::vector<std::uint32_t>& pixels, int width, int height) {
  ffmpeg::Frame frame = make_picture(width, height, AV_PIX_FMT_RGB24);
  const std::uint32_t* pixel = pixels.data();
  for (int y = 0; y < height; ++y) {
    std::uint8_t* out = frame->data[0] + std::ptrdiff_t{y} * frame->linesize[0];
    for (int x = 0; x < width; ++x, ++pixel) {
      const std::uint32_t white = 255 - TIFFGetA(*pixel);
      for (const std::uint32_t value : {TIFFGetR(*pixel), TIFFGetG(*pixel), TIFFGetB(*pixel)}) {
        *out++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, value + white));
      }
    }
  }
  return frame;
}

// The pixel shape, given by resolutions without a unit. Viewers ignore resolutions with a unit.
AVRational pixel_shape(TIFF* tiff) {
  std::uint16_t unit = RESUNIT_INCH;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  float across = 0, down = 0;
  const bool known = unit == RESUNIT_NONE && TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &across) == 1 &&
                     TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &down) == 1 && across > 0 && down > 0;
  return known ? av_d2q(static_cast<double>(down) / static_cast<double>(across), 1000) : AVRational{1, 1};
}

// The colour profile; empty for L*a*b* pixels, which libtiff has converted to sRGB.
std::string profile_of(TIFF* tiff) {
  std::uint16_t photometric = 0;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 1 && photometric == PHOTOMETRIC_CIELAB) return "";
  std::uint32_t size = 0;
  void* data = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &data) != 1) return "";
  return {static_cast<const char*>(data), size};
}

}  // namespace

Still read_tiff(const std::string& bytes) {
  Complaint complaint;
  FileBytes file{bytes};
  const TiffFile tiff = open_tiff(file, complaint);
  require_no_thumbnail(tiff.get());
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  std::uint16_t orientation = 1;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  Still still;
  still.orientation = orientation;
  still.icc = profile_of(tiff.get());
  const std::vector<std::uint32_t> pixels = pixels_of(tiff.get(), complaint);
  still.frame = frame_of(pixels, static_cast<int>(width), static_cast<int>(height));
  still.frame->sample_aspect_ratio = pixel_shape(tiff.get());
  return still;
}

}  // namespace orrery
