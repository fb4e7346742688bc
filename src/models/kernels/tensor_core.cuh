#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "models/kernels/gpu_pack.cuh"

// Products of small bfloat16 matrices by a warp, and asynchronous copies into shared memory: PTX's mma, ldmatrix and
// cp.async, for compute capability 8.0 and later.
namespace orrery {

// A lane's part of a 16 × 16 tile of the left factor.
struct LeftTile {
  unsigned bits[4];
};

// A lane's part of 16 × 8 sums: lane l has columns c = l % 4 · 2 and c + 1 of row l / 4, then of row l / 4 + 8.
struct SumTile {
  float of[4];
};

__device__ inline unsigned shared_address(const void* place) {
  return static_cast<unsigned>(__cvta_generic_to_shared(place));
}

// Loads a tile. `address` of lane l is that of 8 contiguous elements in row l % 16: columns 0 to 7 if l < 16, else
// columns 8 to 15.
__device__ inline LeftTile left_tile(unsigned address) {
  LeftTile tile;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(tile.bits[0]), "=r"(tile.bits[1]), "=r"(tile.bits[2]), "=r"(tile.bits[3])
               : "r"(address)
               : "memory");
  return tile;
}

// sums += left · right. The right factor is 16 × 8: lane l has rows r = l % 4 · 2 and r + 1 of column l / 4 in `top`,
// and rows r + 8 and r + 9 in `bottom`.
__device__ inline void add_product(SumTile& sums, const LeftTile& left, unsigned top, unsigned bottom) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(sums.of[0]), "+f"(sums.of[1]), "+f"(sums.of[2]), "+f"(sums.of[3])
      : "r"(left.bits[0]), "r"(left.bits[1]), "r"(left.bits[2]), "r"(left.bits[3]), "r"(top), "r"(bottom));
}

// Starts an asynchronous copy of a pack into shared memory. Writes zeros and does not read `from` unless `wanted`.
__device__ inline void copy_async(Pack* to, const Pack* from, bool wanted) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
               "r"(wanted ? 16U : 0U)
               : "memory");
}

// Waits for all copies that this thread started.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace orrery
