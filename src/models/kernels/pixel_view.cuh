#pragma once

#include "models/kernels/gpu_pack.cuh"
#include "models/kernels/pixel_launch.h"

namespace orrery {

// Indexes of a pixel. All indexes here have 32 bits, since 64-bit divisions would cost as much as the memory traffic.
struct PixelPlace {
  unsigned frame;
  unsigned row;
  unsigned column;
};

// The position of pixel number `index`, columns fastest.
__device__ inline PixelPlace pixel_at(unsigned index, const PixelCount& size) {
  const unsigned line = index / size.columns;
  return {line / size.rows, line % size.rows, index % size.columns};
}

// The channels of a pixel.
__device__ inline BFloat16* channels_at(const PixelView& view, const PixelPlace& place) {
  return view.data + place.frame * view.frame + place.row * view.row + place.column * view.column;
}
__device__ inline Pack* packs_at(const PixelView& view, const PixelPlace& place) {
  return reinterpret_cast<Pack*>(channels_at(view, place));
}

inline unsigned pixels(const PixelCount& size) { return size.frames * size.rows * size.columns; }
inline unsigned packs(const PixelCount& size) { return pixels(size) * (size.channels / kPackWidth); }

}  // namespace orrery
