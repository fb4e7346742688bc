#include "nn/norm.h"

#include <string>

namespace orrery {

RmsNorm::RmsNorm(const Weights& w, std::string_view name, std::int64_t size, double eps)
    : weight_(w.take(std::string(name) + ".weight", {size})), eps_(eps) {}

at::Tensor RmsNorm::operator()(const at::Tensor& x) const { return at::rms_norm(x, {weight_.size(0)}, weight_, eps_); }

}  // namespace orrery
