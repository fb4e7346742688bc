#include "models/kernels/blas_lt.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

#include "base/core/error.h"

namespace orrery {
namespace {

// The library's name, by which LibTorch's kernels have already loaded it.
std::string library_name() { return fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR); }

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr) fail("find " + std::string(name) + " in " + library_name(), ::dlerror());
}

BlasLt load() {
  void* const library = ::dlopen(library_name().c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) fail("load " + library_name(), ::dlerror());
  BlasLt blas{};
  find(library, "cublasLtCreate", blas.create);
  find(library, "cublasLtGetStatusName", blas.status_name);
  find(library, "cublasLtMatmulDescInit_internal", blas.init_description);
  find(library, "cublasLtMatmulDescSetAttribute", blas.set_attribute);
  find(library, "cublasLtMatrixLayoutInit_internal", blas.init_layout);
  find(library, "cublasLtMatmulPreferenceInit_internal", blas.init_preference);
  find(library, "cublasLtMatmulPreferenceSetAttribute", blas.set_preference);
  find(library, "cublasLtMatmulAlgoGetHeuristic", blas.suggest);
  find(library, "cublasLtMatmul", blas.multiply);
  return blas;
}

}  // namespace

const BlasLt& blas_lt() {
  static const BlasLt kBlas = load();
  return kBlas;
}

}  // namespace orrery
