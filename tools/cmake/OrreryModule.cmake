# orrery_flags: warnings, sanitizers and the language level of everything here.
# orrery_module(NAME SOURCES … LINKS …): the library of the folder; a module that links orrery_torch shares the precompiled header.
# Its sources are compiled several at a time (ORRERY_UNITY), so names in unnamed namespaces differ within a folder.
# orrery_test(NAME SOURCES … LINKS … [RANKS n…] LABELS …): a GoogleTest program, run once, or once per rank count under mpirun;
# one thread each, since ctest runs several at a time. One that links orrery_torch draws the same numbers in every run. Ranks
# of one host need no network, for which Open MPI would look for a fifth of a second at every start.
add_library(orrery_flags INTERFACE)
target_compile_features(orrery_flags INTERFACE cxx_std_20)
target_compile_options(orrery_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wno-psabi>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${ORRERY_WERROR}>>:-Werror>)
target_link_options(orrery_flags INTERFACE -Wl,--as-needed)
if(ORRERY_SANITIZE)
  target_compile_options(orrery_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${ORRERY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer>)
  target_compile_definitions(orrery_flags INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(orrery_flags INTERFACE -fsanitize=${ORRERY_SANITIZE})
endif()
if(ORRERY_FUZZ)  # clang 14 lacks what libstdc++'s own <source_location> asks for
  target_include_directories(orrery_flags SYSTEM BEFORE INTERFACE ${PROJECT_SOURCE_DIR}/tools/lint)
endif()
target_include_directories(orrery_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
find_package(Threads REQUIRED)
target_link_libraries(orrery_flags INTERFACE Threads::Threads)

file(WRITE ${PROJECT_BINARY_DIR}/torch_pch.cpp.in "")
configure_file(${PROJECT_BINARY_DIR}/torch_pch.cpp.in ${PROJECT_BINARY_DIR}/torch_pch.cpp COPYONLY)
add_library(orrery_torch_pch STATIC ${PROJECT_BINARY_DIR}/torch_pch.cpp)
target_link_libraries(orrery_torch_pch PRIVATE orrery_flags orrery_torch)
target_precompile_headers(orrery_torch_pch PRIVATE <ATen/ATen.h> <map> <memory> <optional> <string> <vector>)

function(orrery_use_pch target links)
  if("orrery_torch" IN_LIST links)
    target_precompile_headers(${target} REUSE_FROM orrery_torch_pch)
  endif()
endfunction()

function(orrery_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(orrery_${name} STATIC ${arg_SOURCES})
  target_link_libraries(orrery_${name} PUBLIC orrery_flags ${arg_LINKS})
  set_target_properties(orrery_${name} PROPERTIES UNITY_BUILD ${ORRERY_UNITY} UNITY_BUILD_BATCH_SIZE 12)
  if(ORRERY_UNITY)  # an included source looks like a header to this warning
    target_compile_options(orrery_${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
  endif()
  orrery_use_pch(orrery_${name} "${arg_LINKS}")
endfunction()

set(ORRERY_MPIRUN "mpirun;--oversubscribe;--allow-run-as-root;--bind-to;none" CACHE STRING "Launcher of the tests with ranks")

set(orrery_test_environment OMP_NUM_THREADS=1 OMPI_MCA_pml=ob1)
if(ORRERY_SANITIZE)
  # g++ 12's runtime mistakes where glibc 2.36 keeps thread-local storage of libraries that are loaded late, and would end
  # in its own search for leaks.
  list(APPEND orrery_test_environment ASAN_OPTIONS=intercept_tls_get_addr=0
    LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0)
endif()

# Ends what hangs, and nothing else: the longest test takes a minute of a free machine.
set(ORRERY_TEST_TIMEOUT 1800 CACHE STRING "Seconds after which a test counts as hanging")

# What GoogleTest prints of a case that skips itself: a failure, or ctest would count a program as passed that ran nothing.
set(ORRERY_SKIPPED "\\[  SKIPPED \\]")

# Tells these sources of the calling folder where the reference data was unpacked: them alone, since clones of the
# repository share what ccache keeps of sources that are compiled without a path of one clone.
function(orrery_test_data)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_DEFINITIONS ORRERY_TEST_DATA="${PROJECT_BINARY_DIR}/tests/data")
endfunction()

function(orrery_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;RANKS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} orrery_flags)
  # Tests wait for what they test, not for themselves: a third less to compile.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)
  set(pch orrery_test_pch)
  if("orrery_torch" IN_LIST arg_LINKS)
    set(pch orrery_torch_test_pch)
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/seeds.cpp)
  endif()
  target_precompile_headers(${name} REUSE_FROM ${pch})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  if(NOT arg_RANKS)
    target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${ORRERY_TEST_TIMEOUT}
      FAIL_REGULAR_EXPRESSION "${ORRERY_SKIPPED}"
      ENVIRONMENT "${orrery_test_environment}")
    return()
  endif()
  target_link_libraries(${name} PRIVATE GTest::gmock orrery_mpi_test_main)
  foreach(ranks IN LISTS arg_RANKS)
    set(processors 2)
    if(ranks EQUAL 1)
      set(processors 1)
    endif()
    add_test(NAME ${name}.np${ranks} COMMAND ${ORRERY_MPIRUN} -n ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(${name}.np${ranks} PROPERTIES LABELS "${arg_LABELS};np${ranks}" TIMEOUT ${ORRERY_TEST_TIMEOUT}
      PROCESSORS ${processors} FAIL_REGULAR_EXPRESSION "${ORRERY_SKIPPED}"
      ENVIRONMENT "${orrery_test_environment}")
  endforeach()
endfunction()

# The same program on GPUs, one a rank, or shared where there are fewer: label gpu, which tools/test.sh leaves out. It fails
# without a GPU.
function(orrery_gpu_test name)
  if(ORRERY_WITH_CUDA)
    cmake_parse_arguments(arg "" "" "SOURCES;LINKS;RANKS" ${ARGN})
    orrery_test(${name} SOURCES ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/gpu_device.cpp
      LINKS ${arg_LINKS} orrery_parallel orrery_torch_kernels RANKS ${arg_RANKS} LABELS gpu)
    foreach(ranks IN LISTS arg_RANKS)
      set_property(TEST ${name}.np${ranks} APPEND PROPERTY ENVIRONMENT ORRERY_SHARE_GPUS=1)
    endforeach()
  endif()
endfunction()
