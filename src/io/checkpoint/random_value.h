#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// The arithmetic of random weights, shared by the CPU code and the kernel: integers, then one rounding.
namespace orrery {

// The formula of one tensor's values: element i is mean + step · random_count(key, i).
struct RandomRule {
  std::uint64_t key = 0;  // hash of the tensor's name
  float mean = 0;
  float step = 0;  // at most 7 significant bits, see random_value()
};

// Maps a piece to the whole tensor: element i of the piece is element index(i) of the tensor.
struct PieceOrder {
  std::int64_t start = 0;
  std::int64_t run = 1;     // elements that are contiguous in both
  std::int64_t stride = 1;  // distance of the starts of runs in the whole tensor
  constexpr std::int64_t index(std::int64_t i) const { return i / run * stride + start + i % run; }
};

// The standard deviation of random_count(), a sum of four 16-bit numbers.
inline constexpr double kRandomDeviation = 37837.22719;

// A nearly normal integer around 0 of at most 17 bits and a sign: the sum of the four 16-bit fields of a 64-bit hash.
// The hash is element `index` of SplitMix64's sequence (Steele, Lea, Flood 2014).
constexpr std::int32_t random_count(std::uint64_t key, std::int64_t index) {
  std::uint64_t z = key + (static_cast<std::uint64_t>(index) + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  constexpr std::uint64_t kField = 0xFFFF;
  const std::uint64_t sum = (z & kField) + (z >> 16 & kField) + (z >> 32 & kField) + (z >> 48);
  return static_cast<std::int32_t>(sum) - 2 * static_cast<std::int32_t>(kField);
}

// The product of 17 and 7 bits is exact in a float's 24 bits. Only the sum is rounded, whether or not the compiler
// fuses the two operations, so that both devices get the same bits.
constexpr float random_value(const RandomRule& rule, std::int64_t index) {
  return rule.mean + rule.step * static_cast<float>(random_count(rule.key, index));
}

// Fills `count` elements at `out`, in memory of GPU `device`, by a kernel on that GPU's current stream. Throws Error
// when the launch fails, and in a program built without CUDA.
void fill_random_gpu(float* out, std::int64_t count, int device, const RandomRule& rule, const PieceOrder& order);
void fill_random_gpu(c10::BFloat16* out, std::int64_t count, int device, const RandomRule& rule,
                     const PieceOrder& order);

}  // namespace orrery
