#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// What the .cu files of the video VAE offer to the ATen side, as gpu_launch.h says.
namespace orrery {

using c10::BFloat16;

// Frames of pixels, whose channels are neighbours. Strides are in elements, multiples of 8.
struct PixelView {
  BFloat16* data;
  std::int64_t frame;
  std::int64_t row;
  std::int64_t column;
};

// The product of all four is at most kMostElements.
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
  PixelView y[2];        // of the left and of the right columns; is read only
  const BFloat16* bias;  // null: none
  PixelView x;           // is read only
  PixelView out;         // both columns in turn
  PixelCount size;       // of one y
  unsigned time;         // frames that a frame of x becomes
  unsigned skipped;      // of them, of the first frame of x
  unsigned row;          // of the 2 × 2 pixels that a pixel of x becomes
  unsigned repeats;      // of each channel of x
};

void launch(const RepeatedSumLaunch& l, int device);

struct NarrowConvLaunch {
  PixelView x;             // is read only; two frames, rows and columns more than `size`
  const BFloat16* weight;  // as narrow_weight has it
  const BFloat16* bias;    // of 12 outputs
  BFloat16* out;           // (frames, rows, columns, 12)
  PixelCount size;         // of out, but for x's channels, a multiple of 16; frames one of kNarrowConvFrames
};

inline constexpr unsigned kNarrowConvFrames = 4;

void launch(const NarrowConvLaunch& l, int device);
// Whether `device` can: it has the instructions and the shared memory.
bool runs_narrow_conv(int device);

}  // namespace orrery
