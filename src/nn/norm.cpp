#include "nn/norm.h"

#include <string>

#include "kernels/add_rms_norm.h"

namespace orrery {

RmsNorm::RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps)
    : weight_(w.take(std::string(name) + ".weight", {size})), eps_(eps) {}

at::Tensor RmsNorm::operator()(at::Tensor& x, const at::Tensor& delta) const {
  return add_rms_norm(x, delta, weight_, eps_);
}

}  // namespace orrery
