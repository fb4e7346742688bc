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

// What is known about a tensor without reading it. `dtype` is the name in safetensors files: "BF16", "F32", …
struct TensorInfo {
  std::string dtype;
  std::vector<std::int64_t> shape;
};

// A range of one dimension.
struct Slice {
  std::int64_t dim = 0;
  Range range;
};

// Where tensors come from.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  // The names of all tensors, sorted.
  virtual std::vector<std::string> names() const = 0;
  // nullptr when there is no such tensor. Valid as long as the source.
  virtual const TensorInfo* find(const std::string& name) const = 0;
  // Fills `into` with the slice, converted. `into` has the tensor's shape, but slice.range.size along slice.dim; any
  // floating dtype, any device. On CUDA the last copies may still be queued on the current stream. `name` must exist
  // and the slice lie inside it. In float8_e4m3 `into` takes the stored numbers of a tensor that has a factor. Throws
  // InputError naming tensor and file when the stored dtype cannot be read.
  virtual void copy(const std::string& name, const Slice& slice, at::Tensor into) const = 0;
  // What the stored numbers of a tensor in float8_e4m3 are to be multiplied by; none of other tensors.
  virtual std::optional<float> factor(const std::string& /*name*/) const { return std::nullopt; }
  // Whether the source says itself which of its matrices are in 8 bits: the others are meant to stay as they are.
  virtual bool is_quantised() const { return false; }
  // What a module's inputs in float8_e4m3 are to be multiplied by, whose weight in 8 bits is `name`; none: nothing is
  // said.
  virtual std::optional<float> input_factor(const std::string& /*name*/) const { return std::nullopt; }
  // Whether input_factor() says anything of any weight. Reads none.
  virtual bool has_input_factors() const { return false; }
  // For messages: the file that holds the tensor, or the place where it was looked for.
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

// nullptr when the format has no such dtype.
const StoredType* find_stored_type(std::string_view name);

}  // namespace orrery
