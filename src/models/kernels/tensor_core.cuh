#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "models/kernels/gpu_pack.cuh"

// Products of small bfloat16 matrices by a warp, and copies into shared memory that go on meanwhile: PTX's mma,
// ldmatrix and cp.async, of compute capability 8.0 and later.
namespace orrery {

// 16 × 16 of the left factor, as a lane has it.
struct LeftTile {
  unsigned bits[4];
};

// 16 × 8 sums: lane l has columns l % 4 · 2 and the next of row l / 4, then the same of row l / 4 + 8.
struct SumTile {
  float of[4];
};

__device__ inline unsigned shared_address(const void* place) {
  return static_cast<unsigned>(__cvta_generic_to_shared(place));
}

// Lane l names the place of 8 neighbours of row l % 16: the first 8 columns if l < 16, else the last.
__device__ inline LeftTile left_tile(unsigned address) {
  LeftTile tile;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(tile.bits[0]), "=r"(tile.bits[1]), "=r"(tile.bits[2]), "=r"(tile.bits[3])
               : "r"(address)
               : "memory");
  return tile;
}

// sums += left · right. Of the right factor, 16 × 8, lane l has rows l % 4 · 2 and the next of column l / 4 in `top`,
// those 8 rows below in `bottom`.
__device__ inline void add_product(SumTile& sums, const LeftTile& left, unsigned top, unsigned bottom) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(sums.of[0]), "+f"(sums.of[1]), "+f"(sums.of[2]), "+f"(sums.of[3])
      : "r"(left.bits[0]), "r"(left.bits[1]), "r"(left.bits[2]), "r"(left.bits[3]), "r"(top), "r"(bottom));
}

// Begins to copy a pack into shared memory; zeros, and `from` is not read, where it is not `wanted`.
__device__ inline void copy_async(Pack* to, const Pack* from, bool wanted) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
               "r"(wanted ? 16U : 0U)
               : "memory");
}

// Waits for all copies that this thread began.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace orrery
