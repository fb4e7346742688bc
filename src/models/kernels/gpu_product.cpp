#include "models/kernels/gpu_product.h"

#include <map>

#include "models/kernels/gpu_product_plan.h"

namespace orrery {

void gpu_product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  // As long as the process: a plan holds no memory of a device, and every layer of a size shares one.
  static std::map<ProductShape, ProductPlan> plans;
  const ProductShape shape = shape_of(y, x, w);
  auto found = plans.find(shape);
  if (found == plans.end()) found = plans.emplace(shape, fastest_plan(shape, y, x, w)).first;
  found->second.run(y, x, w);
}

}  // namespace orrery
