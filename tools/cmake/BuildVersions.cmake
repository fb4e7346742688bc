# orrery_build_versions(TARGET): headers for `orrery --version`, in a folder that TARGET's sources include as "app/cli/…":
# build_versions.h with what configuring found, git_revision.h brought up to date by each build. Foreign headers stay in
# their own folders this way.

# The value of a C macro that a header defines as a number or a word; "" when the file or the macro is missing.
function(orrery_macro_value result file macro)
  set(${result} "" PARENT_SCOPE)
  if(EXISTS "${file}")
    file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*define[ \t]+${macro}[ \t]+[^ \t]")
    if("${lines}" MATCHES "${macro}[ \t]+\"?([^ \t\";]+)")
      set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(orrery_library_versions)
  set(torch "unknown")
  if(EXISTS ${TORCH_INCLUDE_DIR}/../version.py)  # the Python wheel
    file(STRINGS ${TORCH_INCLUDE_DIR}/../version.py line REGEX "^__version__")
    string(REGEX REPLACE ".*'(.*)'.*" "\\1" torch "${line}")
  elseif(EXISTS ${TORCH_INCLUDE_DIR}/../build-version)  # the plain archive
    file(STRINGS ${TORCH_INCLUDE_DIR}/../build-version torch LIMIT_COUNT 1)
  endif()
  set(ORRERY_TORCH_VERSION "${torch}" PARENT_SCOPE)

  set(mpi "MPI ${MPI_CXX_VERSION}")
  foreach(dir IN LISTS MPI_CXX_INCLUDE_DIRS)
    orrery_macro_value(major ${dir}/mpi.h OMPI_MAJOR_VERSION)
    orrery_macro_value(minor ${dir}/mpi.h OMPI_MINOR_VERSION)
    orrery_macro_value(release ${dir}/mpi.h OMPI_RELEASE_VERSION)
    if(NOT major STREQUAL "")
      set(mpi "Open MPI ${major}.${minor}.${release}")
      break()
    endif()
  endforeach()
  set(ORRERY_MPI_VERSION "${mpi}" PARENT_SCOPE)

  set(cuda "none")
  set(nccl "none")
  if(ORRERY_WITH_CUDA)
    set(cuda "${CUDAToolkit_VERSION}")
    orrery_macro_value(major ${NCCL_INCLUDE_DIR}/nccl.h NCCL_MAJOR)
    orrery_macro_value(minor ${NCCL_INCLUDE_DIR}/nccl.h NCCL_MINOR)
    orrery_macro_value(patch ${NCCL_INCLUDE_DIR}/nccl.h NCCL_PATCH)
    set(nccl "${major}.${minor}.${patch}")
  endif()
  set(ORRERY_CUDA_VERSION "${cuda}" PARENT_SCOPE)
  set(ORRERY_NCCL_VERSION "${nccl}" PARENT_SCOPE)
  set(ORRERY_FFMPEG_VERSION "libavcodec ${FFMPEG_libavcodec_VERSION}, libavformat ${FFMPEG_libavformat_VERSION}"
      PARENT_SCOPE)
endfunction()

function(orrery_build_versions target)
  orrery_library_versions()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
  configure_file(build_versions.h.in ${generated}/app/cli/build_versions.h @ONLY)
  find_package(Git QUIET)
  add_custom_target(orrery_git_revision
    COMMAND ${CMAKE_COMMAND} -DGIT=${GIT_EXECUTABLE} -DSOURCE=${PROJECT_SOURCE_DIR} -DHEADER=${generated}/app/cli/git_revision.h
            -P ${PROJECT_SOURCE_DIR}/tools/cmake/GitRevision.cmake
    BYPRODUCTS ${generated}/app/cli/git_revision.h
    COMMENT "" VERBATIM)
  add_dependencies(${target} orrery_git_revision)
  target_include_directories(${target} PRIVATE ${generated})
endfunction()
