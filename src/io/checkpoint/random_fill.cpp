#include "io/checkpoint/random_fill.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "io/checkpoint/random_fill_gpu.h"

namespace orrery {
namespace {

constexpr std::int64_t kGrain = 1 << 15;  // elements that are worth a thread

template <class T>
void fill_cpu(T* out, std::int64_t count, const RandomRule& rule, const PieceOrder& order) {
  at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t size = std::min(order.run - begin % order.run, end - begin);
      const std::int64_t first = order.index(begin);
      for (std::int64_t i = 0; i < size; ++i) out[begin + i] = static_cast<T>(random_value(rule, first + i));
      begin += size;
    }
  });
}

template <class T>
void fill_as(at::Tensor& into, const RandomRule& rule, const PieceOrder& order) {
  T* const out = into.data_ptr<T>();
  if (into.is_cuda()) {
    fill_random_gpu(out, into.numel(), into.get_device(), rule, order);
  } else {
    fill_cpu(out, into.numel(), rule, order);
  }
}

}  // namespace

void fill_random(at::Tensor into, const RandomRule& rule, const PieceOrder& order) {
  if (into.is_meta() || into.numel() == 0) return;
  if (into.is_contiguous() && into.scalar_type() == at::kFloat) {
    fill_as<float>(into, rule, order);
  } else if (into.is_contiguous() && into.scalar_type() == at::kBFloat16) {
    fill_as<at::BFloat16>(into, rule, order);
  } else {
    at::Tensor whole = at::empty(into.sizes(), into.options().dtype(at::kFloat));
    fill_as<float>(whole, rule, order);
    into.copy_(whole);
  }
}

}  // namespace orrery
