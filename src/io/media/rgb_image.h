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

// Encodes an 8-bit RGB PNG file with `chunks` (png_mark(), png_text()) after its header; `rgb` is height × width × 3.
// The same arguments give the same bytes. Throws Error for an impossible or wrong size, or when there is no PNG
// encoder.
std::string encode_png(int width, int height, std::span<const std::uint8_t> rgb, const std::string& chunks);

// Writes an 8-bit RGB PNG file; `rgb` is height × width × 3. `latents` is the checksum that made_from() finds, "" for
// none. The same arguments give the same bytes. The file appears whole or not at all. Throws Error for an impossible or
// wrong size, without a PNG encoder, or when writing fails.
void write_png(const std::filesystem::path& path, int width, int height, std::span<const std::uint8_t> rgb,
               const std::string& latents = "");

// Size of a contact sheet [pixels].
struct SheetSize {
  int width = 0;
  int height = 0;
};

// The size of the contact sheet for `frames` frames of width × height pixels.
SheetSize contact_sheet_size(int width, int height, std::int64_t frames);

// One picture with up to twelve frames of a video, evenly spaced from the first to the last: four in a row, in order,
// each reduced by a whole factor to at most 320 pixels of width.
class ContactSheet {
 public:
  // For `frames` frames of width × height pixels. All arguments must be positive.
  ContactSheet(int width, int height, std::int64_t frames);

  // Adds the video's next frame, height × width × 3. Throws Error for another size or more than `frames` frames.
  void add(std::span<const std::uint8_t> rgb);
  // The frames added so far; the rest is black.
  const RgbImage& picture() const { return sheet_; }

 private:
  void place(std::span<const std::uint8_t> rgb, int tile);

  int width_;
  int height_;
  int factor_;                       // reduction factor of each side
  std::vector<std::int64_t> shown_;  // indexes of the frames, increasing
  std::int64_t next_ = 0;            // index of the next frame
  std::int64_t frames_;
  RgbImage sheet_;
};

}  // namespace orrery
