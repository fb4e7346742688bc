#include "base/parallel/operand.h"

#include <ATen/WrapDimUtils.h>

#include "base/core/error.h"

namespace orrery {

void require_operand(const at::Tensor& x, at::Device device) {
  require(x.defined(), "a collective was given an undefined tensor");
  require(x.device() == device, "a collective on " + device.str() + " was given a tensor on " + x.device().str());
  require(x.is_contiguous(), "a collective was given a tensor that is not contiguous");
}

at::Tensor join_stacked(const at::Tensor& stacked, std::int64_t dim) {
  const std::int64_t wrapped = at::maybe_wrap_dim(dim, stacked.dim() - 1);
  return stacked.movedim(0, wrapped).flatten(wrapped, wrapped + 1).contiguous();
}

at::Tensor empty_stack(const at::Tensor& x, int ranks) {
  require(x.dim() > 0, "all_gather was given a scalar, which has no dimension to join along");
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.insert(shape.begin(), ranks);
  return at::empty(shape, x.options());
}

std::vector<at::Tensor> empty_for_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows) {
  std::vector<at::Tensor> all{x};
  std::vector<std::int64_t> shape = x.sizes().vec();
  for (std::size_t rank = 1; rank < rows.size(); ++rank) {
    shape[0] = rows[rank];
    all.push_back(at::empty(shape, x.options()));
  }
  return all;
}

}  // namespace orrery
