#pragma once

#include <cublasLt.h>

namespace orrery {

// The functions of cuBLASLt that this program uses. The library (500 MB) would take 200 MB of a process's memory if it
// were linked, so it is loaded at the first product on a GPU.
struct BlasLt {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtGetStatusName) status_name;
  decltype(&cublasLtMatmulDescInit_internal) init_description;
  decltype(&cublasLtMatmulDescSetAttribute) set_attribute;
  decltype(&cublasLtMatrixLayoutInit_internal) init_layout;
  decltype(&cublasLtMatmulPreferenceInit_internal) init_preference;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference;
  decltype(&cublasLtMatmulAlgoGetHeuristic) suggest;
  decltype(&cublasLtMatmul) multiply;
};

// Loads the library at the first call. Throws Error.
const BlasLt& blas_lt();

}  // namespace orrery
