#pragma once

#include <cublasLt.h>

namespace orrery {

// The functions of cuBLASLt that are used, by their names there. Its library, of 500 MB, takes 200 MB of a process's
// memory where it is linked, so it is loaded when the first product on a GPU asks for it.
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

// Loaded once. Throws Error.
const BlasLt& blas_lt();

}  // namespace orrery
