#include "models/nn/norm.h"

#include <string>

namespace orrery {

RmsNorm::RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps)
    : weight_(w.take(std::string(name) + ".weight", {size})), eps_(eps) {}

ScaledRows RmsNorm::operator()(at::Tensor& x, const Delta& delta, RowFormat format) const {
  return add_rms_norm(x, delta, weight_, eps_, format);
}

}  // namespace orrery
