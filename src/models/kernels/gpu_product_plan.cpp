#include "models/kernels/gpu_product_plan.h"

#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "base/core/error.h"
#include "base/device/cuda_event.h"
#include "models/kernels/blas_lt.h"
#include "models/kernels/scaled_rows.h"

namespace orrery {
namespace {

// More workspace brought no gain at any size measured.
constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;
constexpr int kSuggestions = 8;
// For smaller products, a search costs more than it can gain.
constexpr double kWorthSearching = 1e10;  // operations
constexpr int kRounds = 3;
constexpr std::int64_t kComparedRows = 256;  // at each end of the result

void check_blas(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) fail(what, blas_lt().status_name(status));
}

cudaStream_t current_stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

// The process's only handle, never destroyed: handles of cuBLASLt cost milliseconds and hold no device memory.
cublasLtHandle_t handle() {
  static const cublasLtHandle_t kHandle = [] {
    cublasLtHandle_t made = nullptr;
    check_blas(blas_lt().create(&made), "start cuBLASLt");
    return made;
  }();
  return kHandle;
}

std::uint32_t alignment_of(const at::Tensor& x) {
  constexpr std::uintptr_t kMost = 256;
  const auto address = reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) |
                       static_cast<std::uintptr_t>(x.stride(0) * x.element_size()) | kMost;
  return static_cast<std::uint32_t>(address & (~address + 1));
}

template <class Value>
void set(cublasLtMatmulDescOpaque_t& work, cublasLtMatmulDescAttributes_t attribute, const Value& value) {
  check_blas(blas_lt().set_attribute(&work, attribute, &value, sizeof value), "describe a matrix product");
}

template <class Value>
void prefer(cublasLtMatmulPreferenceOpaque_t& wish, cublasLtMatmulPreferenceAttributes_t attribute,
            const Value& value) {
  check_blas(blas_lt().set_preference(&wish, attribute, &value, sizeof value),
             "describe what a matrix product may use");
}

void lay_out(cublasLtMatrixLayoutOpaque_t& layout, cudaDataType_t type, std::int64_t rows, std::int64_t columns,
             std::int64_t stride) {
  check_blas(blas_lt().init_layout(&layout, sizeof layout, type, static_cast<std::uint64_t>(rows),
                                   static_cast<std::uint64_t>(columns), stride),
             "describe a matrix");
}

}  // namespace

ProductShape shape_of(const at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  return {.device = y.get_device(),
          .float8 = x.scaled(),
          .rows = y.size(0),
          .in = x.data.size(1),
          .out = y.size(1),
          .x_stride = x.data.stride(0),
          .w_stride = w.data.stride(0),
          .y_stride = y.stride(0),
          .x_alignment = alignment_of(x.data),
          .w_alignment = alignment_of(w.data),
          .y_alignment = alignment_of(y)};
}

ProductPlan::ProductPlan(const ProductShape& shape) : shape_(shape) {
  check_blas(blas_lt().init_description(&work_, sizeof work_, CUBLAS_COMPUTE_32F, CUDA_R_32F),
             "describe a matrix product");
  set(work_, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  if (shape.float8) {
    constexpr cublasLtMatmulMatrixScale_t kRowScale = CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
    set(work_, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, kRowScale);
    set(work_, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, kRowScale);
    set(work_, CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t{1});
  }
  const cudaDataType_t type = shape.float8 ? CUDA_R_8F_E4M3 : CUDA_R_16BF;
  lay_out(w_, type, shape.in, shape.out, shape.w_stride);
  lay_out(x_, type, shape.in, shape.rows, shape.x_stride);
  lay_out(y_, CUDA_R_16BF, shape.out, shape.rows, shape.y_stride);
}

void ProductPlan::point_at_scales(const ScaledRows& x, const ScaledRows& w) {
  const void* const scales[] = {w.scale.const_data_ptr(), x.scale.const_data_ptr()};
  set(work_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scales[0]);
  set(work_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scales[1]);
}

std::vector<ProductPlan> ProductPlan::suggestions(const ScaledRows& x, const ScaledRows& w) const {
  cublasLtMatmulPreferenceOpaque_t wish{};
  check_blas(blas_lt().init_preference(&wish, sizeof wish), "describe what a matrix product may use");
  prefer(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspaceBytes);
  prefer(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, shape_.w_alignment);
  prefer(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, shape_.x_alignment);
  prefer(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, shape_.y_alignment);
  prefer(wish, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, shape_.y_alignment);
  std::vector<cublasLtMatmulHeuristicResult_t> found(kSuggestions);
  int count = 0;
  ProductPlan own = *this;
  if (shape_.float8) own.point_at_scales(x, w);
  check_blas(blas_lt().suggest(handle(), &own.work_, &own.w_, &own.x_, &own.y_, &own.y_, &wish, kSuggestions,
                               found.data(), &count),
             "find an algorithm for a matrix product");
  std::vector<ProductPlan> plans(static_cast<std::size_t>(count), *this);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans[i].algorithm_ = found[i].algo;
    plans[i].workspace_ = found[i].workspaceSize;
  }
  require(!plans.empty(), fmt::format("cuBLASLt knows no algorithm for a product of {0} x {1} with {2} x {1}",
                                      shape_.rows, shape_.in, shape_.out));
  return plans;
}

void ProductPlan::run(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  if (shape_.float8) point_at_scales(x, w);
  at::Tensor workspace;
  if (workspace_ > 0) workspace = at::empty({static_cast<std::int64_t>(workspace_)}, y.options().dtype(at::kByte));
  constexpr float kOne = 1, kZero = 0;
  void* const out = y.mutable_data_ptr();
  check_blas(blas_lt().multiply(handle(), &work_, &kOne, w.data.const_data_ptr(), &w_, x.data.const_data_ptr(), &x_,
                                &kZero, out, &y_, out, &y_, &algorithm_,
                                workspace_ > 0 ? workspace.mutable_data_ptr() : nullptr, workspace_, current_stream()),
             "multiply matrices");
}

namespace {

// The first and last rows of a result, enough to detect another order of summation.
at::Tensor ends_of(const at::Tensor& y) {
  const std::int64_t rows = std::min(y.size(0), kComparedRows);
  return at::cat({y.narrow(0, 0, rows), y.narrow(0, y.size(0) - rows, rows)});
}

class Search {
 public:
  Search(std::vector<ProductPlan> plans, at::Tensor& y, const ScaledRows& x, const ScaledRows& w)
      : plans_(std::move(plans)), y_(y), x_(x), w_(w) {}

  ProductPlan operator()() {
    keep_equal();
    std::vector<float> times(plans_.size());
    // Alternates between the plans, since a warm chip is slower than a cool one.
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < plans_.size(); ++i) times[i] += time(plans_[i]);
    }
    const auto best = std::min_element(times.begin(), times.end()) - times.begin();
    return plans_[static_cast<std::size_t>(best)];
  }

 private:
  // Removes the plans whose results differ from the first one's. Also warms up every plan.
  void keep_equal() {
    plans_.front().run(y_, x_, w_);
    const at::Tensor expected = ends_of(y_);
    const auto differs = [&](ProductPlan& plan) {
      y_.fill_(0);
      plan.run(y_, x_, w_);
      return !at::equal(ends_of(y_), expected);
    };
    plans_.erase(std::remove_if(plans_.begin() + 1, plans_.end(), differs), plans_.end());
  }

  float time(ProductPlan& plan) {
    CudaEvent begin(EventUse::Timing), end(EventUse::Timing);
    begin.record(current_stream());
    plan.run(y_, x_, w_);
    end.record(current_stream());
    return end.ms_since(begin);
  }

  std::vector<ProductPlan> plans_;
  at::Tensor& y_;
  const ScaledRows& x_;
  const ScaledRows& w_;
};

}  // namespace

ProductPlan fastest_plan(const ProductShape& shape, at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  std::vector<ProductPlan> plans = ProductPlan(shape).suggestions(x, w);
  const double operations =
      2.0 * static_cast<double>(shape.rows) * static_cast<double>(shape.in) * static_cast<double>(shape.out);
  if (plans.size() == 1 || operations < kWorthSearching) return plans.front();
  return Search(std::move(plans), y, x, w)();
}

void gpu_product(at::Tensor& y, const ScaledRows& x, const ScaledRows& w) {
  // Kept until the process ends: plans hold no device memory, and all layers of a size share one.
  static std::map<ProductShape, ProductPlan> plans;
  const ProductShape shape = shape_of(y, x, w);
  auto found = plans.find(shape);
  if (found == plans.end()) found = plans.emplace(shape, fastest_plan(shape, y, x, w)).first;
  found->second.run(y, x, w);
}

}  // namespace orrery
