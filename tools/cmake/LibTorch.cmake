# Finds LibTorch and defines
#   orrery_torch        headers and CPU libraries
#   orrery_torch_cuda   the CUDA libraries and NCCL, kept by the linker (their kernels register when loaded)
# Looked for in Torch_DIR, CMAKE_PREFIX_PATH and the cache that tools/setup.sh fills. The libraries are imported by hand:
# LibTorch's own package file refuses a CUDA build of LibTorch on a machine without the CUDA toolkit, and a laptop user of
# the CPU path has none.
set(ORRERY_CACHE "$ENV{ORRERY_CACHE}")
if(NOT ORRERY_CACHE)
  set(ORRERY_CACHE "$ENV{HOME}/.cache/orrery")
endif()

set(torch_hints)
foreach(dir IN LISTS Torch_DIR CMAKE_PREFIX_PATH)
  list(APPEND torch_hints ${dir} ${dir}/../.. ${dir}/../../..)
endforeach()
if(DEFINED ENV{Torch_DIR})
  list(APPEND torch_hints $ENV{Torch_DIR}/../../..)
endif()
foreach(dir $ENV{CMAKE_PREFIX_PATH})
  list(APPEND torch_hints ${dir} ${dir}/../..)
endforeach()
list(APPEND torch_hints ${ORRERY_CACHE}/torch-2.11.0/torch)

find_path(TORCH_INCLUDE_DIR ATen/ATen.h HINTS ${torch_hints} PATH_SUFFIXES include)
find_library(TORCH_CPU_LIBRARY torch_cpu HINTS ${TORCH_INCLUDE_DIR}/../lib)
find_library(TORCH_C10_LIBRARY c10 HINTS ${TORCH_INCLUDE_DIR}/../lib)
if(NOT TORCH_INCLUDE_DIR OR NOT TORCH_CPU_LIBRARY OR NOT TORCH_C10_LIBRARY)
  message(FATAL_ERROR "LibTorch was not found: run tools/setup.sh, or set Torch_DIR to a LibTorch's share/cmake/Torch")
endif()
message(STATUS "Orrery: LibTorch at ${TORCH_INCLUDE_DIR}")

add_library(orrery_torch INTERFACE)
# Beside its headers lie those of an fmt whose functions its libraries do not export: the fmt that is linked comes first.
get_target_property(fmt_include_dirs fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
find_path(FMT_INCLUDE_DIR fmt/format.h HINTS ${fmt_include_dirs})
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/linked_fmt)
file(CREATE_LINK ${FMT_INCLUDE_DIR}/fmt ${PROJECT_BINARY_DIR}/linked_fmt/fmt SYMBOLIC)
target_include_directories(orrery_torch SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/linked_fmt ${TORCH_INCLUDE_DIR})
target_link_libraries(orrery_torch INTERFACE ${TORCH_CPU_LIBRARY} ${TORCH_C10_LIBRARY})
target_link_options(orrery_torch INTERFACE -Wl,--allow-shlib-undefined)

if(ORRERY_WITH_CUDA)
  set(wheel_nvidia ${TORCH_INCLUDE_DIR}/../../nvidia)
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${wheel_nvidia}/nccl/include ${CUDAToolkit_INCLUDE_DIRS} NO_DEFAULT_PATH)
  find_path(NCCL_INCLUDE_DIR nccl.h)
  find_library(NCCL_LIBRARY NAMES libnccl.so.2 nccl HINTS ${wheel_nvidia}/nccl/lib NO_DEFAULT_PATH)
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${CUDAToolkit_LIBRARY_DIR})
  find_library(CUDART_LIBRARY NAMES libcudart.so.13 HINTS ${wheel_nvidia}/cu13/lib NO_DEFAULT_PATH)
  find_library(CUDART_LIBRARY NAMES cudart HINTS ${CUDAToolkit_LIBRARY_DIR})
  find_library(TORCH_CUDA_LIBRARY torch_cuda HINTS ${TORCH_INCLUDE_DIR}/../lib)
  find_library(TORCH_C10_CUDA_LIBRARY c10_cuda HINTS ${TORCH_INCLUDE_DIR}/../lib)
  if(NOT NCCL_INCLUDE_DIR OR NOT NCCL_LIBRARY OR NOT TORCH_CUDA_LIBRARY OR NOT CUDART_LIBRARY)
    message(FATAL_ERROR "CUDA is on, but NCCL (${NCCL_LIBRARY}), libcudart (${CUDART_LIBRARY}) or "
                        "LibTorch's CUDA library (${TORCH_CUDA_LIBRARY}) was not found: configure with -DORRERY_CUDA=OFF "
                        "for a CPU-only program")
  endif()
  add_library(orrery_torch_cuda INTERFACE)
  target_include_directories(orrery_torch_cuda SYSTEM INTERFACE ${NCCL_INCLUDE_DIR} ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(orrery_torch_cuda INTERFACE orrery_torch ${TORCH_C10_CUDA_LIBRARY} ${NCCL_LIBRARY} ${CUDART_LIBRARY})
  target_compile_definitions(orrery_torch_cuda INTERFACE ORRERY_WITH_CUDA=1)

  # Links the kernels for good: without this the linker drops a library that no symbol asks for. For tests that need a
  # GPU; the program loads them where it finds one (load_gpu_kernels() of src/base/device/gpu.h).
  add_library(orrery_torch_kernels INTERFACE)
  target_link_libraries(orrery_torch_kernels INTERFACE -Wl,--push-state,--no-as-needed ${TORCH_CUDA_LIBRARY} -Wl,--pop-state)
endif()
