#include "nn/rope.h"

namespace orrery {

at::Tensor apply_rope(const at::Tensor& x, const RopeTable& rope) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor rotated = at::cat({x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)}, -1);
  return at::addcmul(x * rope.cos, rotated, rope.sin);
}

}  // namespace orrery
