#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace orrery {

// A picture of 8-bit full-range RGB, rows from the top.
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;  // height × width × 3
  friend bool operator==(const RgbImage&, const RgbImage&) = default;
};

// The bytes of an 8-bit RGB PNG file with these chunks behind its header (png_mark(), png_text()); `rgb` is height ×
// width × 3. Same arguments, same bytes. Throws Error: impossible or wrong size, or no PNG encoder.
std::string encode_png(int width, int height, std::span<const std::uint8_t> rgb, const std::string& chunks);

// Writes an 8-bit RGB PNG file; `rgb` is height × width × 3. `latents`: the checksum that made_from() finds; "" for
// none. Same arguments, same bytes. The file appears whole or not at all. Throws Error: impossible or wrong size, no
// PNG encoder, or the disk's reason.
void write_png(const std::filesystem::path& path, int width, int height, std::span<const std::uint8_t> rgb,
               const std::string& latents = "");

// Pixels of a picture.
struct SheetSize {
  int width = 0;
  int height = 0;
};

// The size of the contact sheet of a video of `frames` frames of width × height pixels.
SheetSize contact_sheet_size(int width, int height, std::int64_t frames);

// Up to twelve frames of a video, evenly spaced from the first to the last, in one picture: four a row, in order, each
// made smaller by a whole factor until it is at most 320 pixels wide.
class ContactSheet {
 public:
  // Of frames of width × height pixels; all positive.
  ContactSheet(int width, int height, std::int64_t frames);

  // Adds the video's next frame, height × width × 3. Throws Error for another size or one frame too many.
  void add(std::span<const std::uint8_t> rgb);
  // What was added so far; the rest is black.
  const RgbImage& picture() const { return sheet_; }

 private:
  void place(std::span<const std::uint8_t> rgb, int tile);

  int width_;
  int height_;
  int factor_;                       // pixels a side that become one
  std::vector<std::int64_t> shown_;  // indexes of the frames, increasing
  std::int64_t next_ = 0;            // index of the next frame
  std::int64_t frames_;
  RgbImage sheet_;
};

}  // namespace orrery
