#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace orrery {

// Throws Error unless `x` is contiguous and lives on `device`, as Collectives asks.
void require_operand(const at::Tensor& x, at::Device device);

// stacked (ranks, shape of x...) -> the ranks' tensors joined along `dim` of x; contiguous.
at::Tensor join_stacked(const at::Tensor& stacked, std::int64_t dim);

// Room for one tensor like `x` from each of `ranks` ranks: (ranks, shape of x...).
at::Tensor empty_stack(const at::Tensor& x, int ranks);

// `x` of this rank, then room for the tensors of the ranks 1, 2, ..., which differ from it in the size of dimension 0
// only.
std::vector<at::Tensor> empty_for_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows);

}  // namespace orrery
