// cuBLASLt's library, on a machine that need not have a GPU.
#include "models/kernels/blas_lt.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

// What describes products works without a GPU, so a wrong function or type shows.
TEST(BlasLt, DescribesAProduct) {
  const BlasLt& blas = blas_lt();
  EXPECT_EQ(&blas, &blas_lt());
  EXPECT_STREQ(blas.status_name(CUBLAS_STATUS_INVALID_VALUE), "CUBLAS_STATUS_INVALID_VALUE");

  cublasLtMatmulDescOpaque_t work{};
  ASSERT_EQ(blas.init_description(&work, sizeof work, CUBLAS_COMPUTE_32F, CUDA_R_32F), CUBLAS_STATUS_SUCCESS);
  const cublasOperation_t transposed = CUBLAS_OP_T;
  EXPECT_EQ(blas.set_attribute(&work, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(blas.set_attribute(&work, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, 1), CUBLAS_STATUS_INVALID_VALUE);

  cublasLtMatrixLayoutOpaque_t layout{};
  EXPECT_EQ(blas.init_layout(&layout, sizeof layout, CUDA_R_16BF, 64, 32, 64), CUBLAS_STATUS_SUCCESS);
  cublasLtMatmulPreferenceOpaque_t wish{};
  EXPECT_EQ(blas.init_preference(&wish, sizeof wish), CUBLAS_STATUS_SUCCESS);
  const std::size_t bytes = 1 << 20;
  EXPECT_EQ(blas.set_preference(&wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes),
            CUBLAS_STATUS_SUCCESS);
}

}  // namespace
}  // namespace orrery
