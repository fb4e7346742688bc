#include "base/device/launch.h"
#include "models/kernels/gpu_launch.h"
#include "models/kernels/gpu_pack.cuh"

namespace orrery {
namespace {

constexpr int kThreads = 128;

struct Arguments {
  float* latent;
  Pack* tokens;
  int octets;  // groups of 8 channels
  int frames;
  int height;
  int width;
};

// One pixel of the padded latent. The latent holds one number of it in each channel plane, the token `octets`
// contiguous packs. Neighbouring threads have neighbouring pixels of a row.
struct Pixel {
  std::int64_t in_latent;  // index of channel 0
  std::int64_t in_tokens;  // in packs
  bool is_there;           // false: padding
};

__device__ Pixel pixel_of(const Arguments& a, std::int64_t index) {
  const int columns = (a.width + 1) / 2;
  const int rows = (a.height + 1) / 2;
  const int x = static_cast<int>(index % (2 * columns));
  const std::int64_t line = index / (2 * columns);
  const int y = static_cast<int>(line % (2 * rows));
  const std::int64_t frame = line / (2 * rows);
  const std::int64_t token = (frame * rows + y / 2) * columns + x / 2;
  const int part = y % 2 * 2 + x % 2;
  return {(frame * a.height + y) * a.width + x, (token * 4 + part) * a.octets, y < a.height && x < a.width};
}

__device__ std::int64_t pixels(const Arguments& a) {
  return std::int64_t{4} * a.frames * ((a.height + 1) / 2) * ((a.width + 1) / 2);
}

__global__ void patchify_kernel(const Arguments a) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= pixels(a)) return;
  const Pixel pixel = pixel_of(a, index);
  const std::int64_t plane = static_cast<std::int64_t>(a.frames) * a.height * a.width;
  for (int octet = 0; octet < a.octets; ++octet) {
    Floats channels{};
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) {
      if (pixel.is_there) channels.v[i] = a.latent[pixel.in_latent + (octet * kPackWidth + i) * plane];
    }
    a.tokens[pixel.in_tokens + octet] = pack(channels);
  }
}

__global__ void unpatchify_kernel(const Arguments a) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= pixels(a)) return;
  const Pixel pixel = pixel_of(a, index);
  if (!pixel.is_there) return;
  const std::int64_t plane = static_cast<std::int64_t>(a.frames) * a.height * a.width;
#pragma unroll 2
  for (int octet = 0; octet < a.octets; ++octet) {
    const Floats channels = unpack(a.tokens[pixel.in_tokens + octet]);
#pragma unroll
    for (int i = 0; i < kPackWidth; ++i) {
      a.latent[pixel.in_latent + (octet * kPackWidth + i) * plane] = channels.v[i];
    }
  }
}

using Kernel = void (*)(Arguments);

void start(Kernel kernel, const PatchesLaunch& l, int device) {
  const Arguments arguments{l.latent,
                            reinterpret_cast<Pack*>(l.tokens),
                            static_cast<int>(l.channels / kPackWidth),
                            static_cast<int>(l.frames),
                            static_cast<int>(l.height),
                            static_cast<int>(l.width)};
  const std::int64_t pixels = 4 * l.frames * ((l.height + 1) / 2) * ((l.width + 1) / 2);
  launch_on(device, "cut a latent into patches on a GPU", [&](cudaStream_t stream) {
    kernel<<<static_cast<unsigned>((pixels + kThreads - 1) / kThreads), kThreads, 0, stream>>>(arguments);
  });
}

}  // namespace

void launch(const PatchifyLaunch& l, int device) { start(patchify_kernel, l.patches, device); }
void launch(const UnpatchifyLaunch& l, int device) { start(unpatchify_kernel, l.patches, device); }

}  // namespace orrery
