#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/shard.h"

namespace orrery {

// What a source knows about a tensor without reading it. `dtype` is the safetensors name: "BF16", "F32", …
struct TensorInfo {
  std::string dtype;
  std::vector<std::int64_t> shape;
};

// A cut through one dimension.
struct Slice {
  std::int64_t dim = 0;
  Range range;
};

// Where tensors come from.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  // Every tensor, sorted.
  virtual std::vector<std::string> names() const = 0;
  // nullptr when there is no such tensor. Valid as long as the source.
  virtual const TensorInfo* find(const std::string& name) const = 0;
  // Fills `into` (the tensor's shape, but slice.range.size along slice.dim; any floating dtype, any device) with that
  // piece, converted. On CUDA the last copies may still be queued on the current stream. `name` must exist and the
  // slice lie inside it. Throws InputError naming tensor and file when the stored dtype cannot be read.
  virtual void copy(const std::string& name, const Slice& slice, at::Tensor into) const = 0;
  // The file that holds the tensor, or where it was looked for: for messages.
  virtual std::string where(const std::string& name) const = 0;
  // Short and stable: tells in a latent file which weights made it.
  virtual std::string fingerprint() const = 0;
  // The files that hold the tensors; none when they are made.
  virtual std::vector<std::filesystem::path> files() const { return {}; }
};

}  // namespace orrery
