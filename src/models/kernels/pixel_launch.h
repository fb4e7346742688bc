#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// The interface to the .cu files of the video VAE, by the rules in gpu_launch.h.
namespace orrery {

using c10::BFloat16;

// Frames of pixels, channels last. Strides are in elements and multiples of 8.
struct PixelView {
  BFloat16* data;
  std::int64_t frame;
  std::int64_t row;
  std::int64_t column;
};

// Sizes, whose product is at most kMostElements.
struct PixelCount {
  unsigned frames;
  unsigned rows;
  unsigned columns;
  unsigned channels;  // a multiple of 8
};

inline constexpr std::int64_t kMostElements = std::int64_t{1} << 34;  // packs of 8 are counted in 31 bits

// At most 65535 frames, and as many rows.
struct ChannelNormSiluLaunch {
  PixelView x;           // is read only
  const BFloat16* bias;  // null: none
  const float* gain;
  PixelView out;
  PixelCount size;  // at most kMostNormChannels
};

inline constexpr unsigned kMostNormChannels = 2048;

void launch(const ChannelNormSiluLaunch& l, int device);

struct BiasedSumLaunch {
  PixelView x;           // in place
  const BFloat16* bias;  // null: none
  PixelView residual;    // is read only
  PixelCount size;
};

void launch(const BiasedSumLaunch& l, int device);

// At most 65535 frames, and as many rows.
struct RepeatedSumLaunch {
  PixelView y[2];        // left and right columns; is read only
  const BFloat16* bias;  // null: none
  PixelView x;           // is read only
  PixelView out;         // left and right columns alternate
  PixelCount size;       // of each y
  unsigned time;         // output frames for each frame of x
  unsigned skipped;      // output frames of the first frame of x that are left out
  unsigned row;          // row in the 2 × 2 output pixels of a pixel of x
  unsigned repeats;      // repeats of each channel of x
};

void launch(const RepeatedSumLaunch& l, int device);

struct NarrowConvLaunch {
  PixelView x;             // is read only; larger than `size` by two frames, rows and columns
  const BFloat16* weight;  // as narrow_weight() returns it
  const BFloat16* bias;    // (12)
  BFloat16* out;           // (frames, rows, columns, 12)
  PixelCount size;         // out's, with x's channels: a multiple of 16; frames a multiple of 4
};

inline constexpr unsigned kNarrowConvFrames = 4;

void launch(const NarrowConvLaunch& l, int device);
// Whether `device` has the instructions and the shared memory for NarrowConvLaunch.
bool runs_narrow_conv(int device);

}  // namespace orrery
