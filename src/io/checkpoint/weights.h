#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/shard.h"

namespace orrery {

// How a tensor is split over a tensor-parallel group.
enum class Split {
  None,     // every rank has the whole tensor
  Rows,     // dimension 0 is cut: column-parallel layers, whose outputs are rows of the weight
  Columns,  // dimension 1 is cut: row-parallel layers
};

class WeightSource;

// One part of a fused matrix.
struct WeightPart {
  std::string name;
  std::int64_t rows;  // rows of the whole tensor, before the split
};

// A matrix with a factor for each row: element (i, j) is data(i, j) · factors(i).
struct FactoredRows {
  at::Tensor data;     // (rows, width) float8_e4m3fn
  at::Tensor factors;  // (rows) float32
  float inputs = 0;    // factor of the inputs in float8_e4m3; 0: the source has none
};

// A checkpoint seen from a scope: `weights / "layers" / 3` takes names that start with "layers.3.". Copies are cheap
// and share one record of the tensors taken. Every take checks the name and the whole tensor's shape, copies this
// rank's piece only, and converts it to the dtype and device of the set; each error is an InputError that names tensor
// and file.
class Weights {
 public:
  Weights(std::shared_ptr<WeightSource> source, Shard tp, at::Device device, at::ScalarType dtype);

  Weights operator/(std::string_view scope) const;
  Weights operator/(std::int64_t index) const;

  // The tensor `name` under this scope, whose whole shape must be `shape`.
  at::Tensor take(std::string_view name, at::IntArrayRef shape, Split split = Split::None) const;
  // Takes the tensor in float32, whatever the dtype of the set, for computations that MODEL.md makes in float32. Not
  // split.
  at::Tensor take_float32(std::string_view name, at::IntArrayRef shape) const;
  // Takes matrices of `columns` columns and stacks them: (sum of rows / tp, columns). Each part is split by rows on its
  // own, so that a rank holds its heads of q, then of k, then of v.
  at::Tensor take_stacked(const std::vector<WeightPart>& parts, std::int64_t columns) const;
  // take() and take_stacked() for matrices that are stored in float8_e4m3 with a factor each: returns them as stored.
  // Returns none, and takes nothing, when one of them is stored in another way. Stacked matrices share their inputs, so
  // the largest input factor counts, or none (0) when one of them has none.
  std::optional<FactoredRows> take_float8(std::string_view name, at::IntArrayRef shape, Split split) const;
  std::optional<FactoredRows> take_stacked_float8(const std::vector<WeightPart>& parts, std::int64_t columns) const;
  bool is_quantised() const;
  bool has(std::string_view name) const;
  // Marks the tensors whose names in this scope start with `prefix` as not needed, so that they are not reported as
  // unread.
  void ignore(std::string_view prefix) const;
  // Throws InputError naming the first few tensors of the source that were neither taken nor ignored.
  void require_all_read() const;

  // Bytes of all tensors taken so far, in the dtypes in which they were taken.
  std::int64_t bytes() const;
  Shard tp() const;
  at::Device device() const;
  at::ScalarType dtype() const;

 private:
  struct Shared;
  at::Tensor take_as(std::string_view name, at::IntArrayRef shape, Split split, at::ScalarType dtype) const;
  at::Tensor take_stacked_as(const std::vector<WeightPart>& parts, std::int64_t columns, at::ScalarType dtype) const;
  std::optional<float> factor(const std::string& name) const;
  float input_factor(const std::string& name) const;
  at::Tensor filled(std::int64_t rows, float value) const;

  std::shared_ptr<Shared> shared_;
  std::string scope_;
};

}  // namespace orrery
