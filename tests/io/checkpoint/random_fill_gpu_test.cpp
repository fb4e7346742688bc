#include <gtest/gtest.h>

#include "io/checkpoint/random_checkpoint.h"

namespace orrery {
namespace {

struct Piece {
  std::int64_t count;
  PieceOrder order;
};

// Whole tensors, slices of rows, and slices of columns with runs shorter and longer than a 16-byte store.
const std::vector<Piece> kPieces = {
    {1, {0, 1, 1}},         {7, {5, 7, 7}},       {4096, {0, 4096, 4096}},   {1000003, {3, 1000003, 1000003}},
    {3 * 1001, {2, 3, 17}}, {5 * 777, {0, 5, 5}}, {64 * 129, {64, 64, 512}}, {1 << 22, {1LL << 40, 1 << 22, 1 << 22}}};

// Filled at `offset` elements from an aligned address, with a margin that must stay unchanged.
at::Tensor filled(at::Device device, at::ScalarType dtype, std::int64_t offset, const Piece& piece, std::uint64_t key) {
  constexpr std::int64_t kMargin = 16;
  at::Tensor whole = at::full({offset + piece.count + kMargin}, 9, at::TensorOptions(device).dtype(dtype));
  fill_random(whole.narrow(0, offset, piece.count), {key, 1, 0.0625F}, piece.order);
  return whole.to(at::kCPU);
}

TEST(RandomFillGpu, EqualsTheCpuBitForBit) {
  std::uint64_t key = 1;
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const Piece& piece : kPieces) {
      for (const std::int64_t offset : {0, 1, 2, 3, 5, 7, 8}) {
        key = key * 6364136223846793005U + 1442695040888963407U;
        const at::Tensor cpu = filled(at::kCPU, dtype, offset, piece, key);
        const at::Tensor gpu = filled(at::kCUDA, dtype, offset, piece, key);
        ASSERT_TRUE(at::equal(cpu, gpu)) << dtype << ", " << piece.count << " elements at offset " << offset;
      }
    }
  }
}

TEST(RandomFillGpu, SlicesOfACheckpointEqualTheCpus) {
  const RandomCheckpoint checkpoint("random:test", {{"w", {{40, 48, 3, 3}, 0, 0.02}}});
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    for (const Slice& slice : {Slice{0, {0, 40}}, Slice{0, {7, 13}}, Slice{1, {6, 6}}, Slice{1, {47, 1}}}) {
      std::vector<std::int64_t> shape{40, 48, 3, 3};
      shape[static_cast<std::size_t>(slice.dim)] = slice.range.size;
      const at::Tensor cpu = at::empty(shape, dtype);
      const at::Tensor gpu = at::empty(shape, at::TensorOptions(at::kCUDA).dtype(dtype));
      checkpoint.copy("w", slice, cpu);
      checkpoint.copy("w", slice, gpu);
      EXPECT_TRUE(at::equal(cpu, gpu.to(at::kCPU))) << dtype << " along " << slice.dim << " from " << slice.range.begin;
    }
  }
}

}  // namespace
}  // namespace orrery
