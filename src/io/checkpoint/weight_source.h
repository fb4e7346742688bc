#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/shard.h"

namespace orrery {

// A tensor's dtype and shape, known without reading it. `dtype` is named as in safetensors files: "BF16", "F32", …
struct TensorInfo {
  std::string dtype;
  std::vector<std::int64_t> shape;
};

// A slice along one dimension.
struct Slice {
  std::int64_t dim = 0;
  Range range;
};

// A source of tensors: safetensors files, or a generator.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  // The names of all tensors, sorted.
  virtual std::vector<std::string> names() const = 0;
  // Null when there is no such tensor. The result is valid as long as the source.
  virtual const TensorInfo* find(const std::string& name) const = 0;
  // Fills `into` with the slice, converted to its dtype. `into` has the tensor's shape, but slice.range.size along
  // slice.dim; any floating dtype, any device. On CUDA the last copies may still be queued on the current stream.
  // `name` must exist and contain the slice. When `into` is float8_e4m3, it gets the stored numbers of a tensor that
  // has a factor. Throws InputError naming tensor and file when the stored dtype cannot be read.
  virtual void copy(const std::string& name, const Slice& slice, at::Tensor into) const = 0;
  // The factor by which the stored numbers of a float8_e4m3 tensor are multiplied; none for other tensors.
  virtual std::optional<float> factor(const std::string& /*name*/) const { return std::nullopt; }
  // Whether the source itself says which of its matrices are in 8 bits; the others are then meant to keep their dtype.
  virtual bool is_quantised() const { return false; }
  // The factor of the float8_e4m3 inputs of the module whose 8-bit weight is `name`; none when the source has none.
  virtual std::optional<float> input_factor(const std::string& /*name*/) const { return std::nullopt; }
  // Whether input_factor() has a value for any weight. Reads no tensor.
  virtual bool has_input_factors() const { return false; }
  // For messages: the file that holds the tensor, or where it was searched for.
  virtual std::string where(const std::string& name) const = 0;
  // A short, stable text by which a latent file names the weights that made it.
  virtual std::string fingerprint() const = 0;
  // The files that hold the tensors; empty when the tensors are generated.
  virtual std::vector<std::filesystem::path> files() const { return {}; }
};

// A dtype of the safetensors format. Weights are read from the floating types of 16 and 32
// bits, and from float8_e4m3 with a factor (ShardedCheckpoint).
struct StoredType {
  std::string_view name;
  int bits;
  std::optional<at::ScalarType> loads_as;
};

// Null when the format has no such dtype.
const StoredType* find_stored_type(std::string_view name);

}  // namespace orrery
