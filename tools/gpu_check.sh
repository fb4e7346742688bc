#!/usr/bin/env bash
# Checks Orrery on a GPU host in a few minutes: runs the tests that need GPUs, a memory check of our kernels and the
# benchmarks, and prints a short table. Works with one GPU, which ranks then share, or several.
#   tools/gpu_check.sh --pack    on Debian with the CUDA toolkit, after tools/setup.sh: makes .gpu/orrery.tar.xz, the archive of
#                                tools/bundle.sh with the tests
#   tools/gpu_check.sh           on the GPU host: uses .gpu/orrery.tar.xz if it exists, else builds from source
# A bare GPU host has the NVIDIA driver, CUDA 13, Open MPI 4.1, cmake's ctest and Python's torch 2.11.
#   OUT     folder for bench.jsonl and the logs (default: build-gpu/results)
#   SIZES   sizes to benchmark, as SIZE:FRAMES (default: "256p:189 480p:93 720p:189")
#   MODEL   model to benchmark (default: nano)
set -euo pipefail
cd "$(dirname "$0")/.."
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# The absolute path, since an mpirun that is started by its path puts other folders first on its programs' PATH.
PYTHON=$(command -v python3)
export PYTHON
export ORRERY_SOURCE=$PWD  # for tests that read the tree's own files

say() { printf '\ngpu_check: %s\n' "$*"; }
die() { printf 'gpu_check: %s\n' "$*" >&2; exit 2; }

if [ "${1:-}" = --pack ]; then
  tools/bundle.sh --tests
  mkdir -p .gpu
  cp build-bundle/orrery-*-linux-x86_64.tar.xz .gpu/orrery.tar.xz
  say "copy the tree with .gpu to the GPU host"
  exit
fi
[ $# -eq 0 ] || die "unknown argument $1"

command -v nvidia-smi >/dev/null || die "no nvidia-smi: this host has no NVIDIA driver"
gpus=$(nvidia-smi -L | wc -l)
[ "$gpus" -gt 0 ] || die "nvidia-smi lists no GPU"
build=$PWD/build-gpu
out=${OUT:-$build/results}
mkdir -p "$build" "$out"
status=0

use_bundle() {
  mkdir -p "$build/orrery"
  tar xf .gpu/orrery.tar.xz -C "$build/orrery" --strip-components 1
  tests=$build/orrery/tests
  programs=$tests
  on_host=("$build/orrery/libexec/run-test")
  orrery=$build/orrery/bin/orrery
  make_test_data
}

# Unpacks the tests' data, as the build does for tests that run where they were built, and draws some checkpoints' weights.
make_test_data() {
  local archive folder
  mkdir -p "$tests/data"
  for archive in tests/data/*.tar.xz; do tar xf "$archive" -C "$tests/data"; done
  for folder in "$tests"/data/*/checkpoint/*/; do
    folder=${folder%/}
    [ -e "$folder/SHA256SUMS" ] || continue
    "${on_host[@]}" "$tests/make_golden_weights" "$folder"
    (cd "$folder" && sha256sum --quiet --check SHA256SUMS) || die "LibTorch draws other weights here than those of $folder"
  done
}

build_here() {
  cmake -G Ninja -S . -B "$build" -DORRERY_CUDA=ON >"$out/configure.log" 2>&1 || { tail -40 "$out/configure.log"; exit 1; }
  cmake --build "$build" >"$out/build.log" 2>&1 || { grep -E 'error|FAILED|undefined' -A5 "$out/build.log" | head -60; exit 1; }
  tests=$build
  programs=$build/tests/bin
  on_host=()
  orrery=$build/bin/orrery
}

run_tests() {
  ctest --test-dir "$tests" -L gpu --output-on-failure --output-junit "$out/gpu.xml" >"$out/ctest.log" 2>&1 ||
    { status=1; grep -vE '^ *(Start|Test project)' "$out/ctest.log" | tail -60; }
}

# Runs compute-sanitizer on the test programs of our own kernels.
check_memory() {
  local program
  command -v compute-sanitizer >/dev/null || { echo "compute-sanitizer is not here: kernels not checked"; return; }
  for program in "$programs"/*kernel*_gpu_test "$programs"/random_fill_gpu_test; do
    [ -x "$program" ] || continue
    if ORRERY_TEST_DATA=$tests/data compute-sanitizer --tool memcheck --target-processes all --error-exitcode 9 \
      "${on_host[@]}" "$program" >"$out/$(basename "$program").memcheck" 2>&1; then
      echo "  $(basename "$program")  memcheck clean"
    else
      echo "  $(basename "$program")  memcheck FAILED"
      tail -20 "$out/$(basename "$program").memcheck"
      status=1
    fi
  done
}

# bench RANKS OPTIONS…: runs one benchmark and appends its lines to bench.jsonl.
bench() {
  local ranks=$1
  shift
  mpirun --bind-to none -n "$ranks" "$orrery" bench --model "${MODEL:-nano}" --device cuda --json "$@" \
    >>"$out/bench.jsonl" 2>"$out/bench.log" || { status=1; echo "bench $* failed:"; tail -5 "$out/bench.log"; }
}

run_benchmarks() {
  local size
  : >"$out/bench.jsonl"
  for size in ${SIZES:-256p:189 480p:93 720p:189}; do
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what ceilings,step,vae,sound,load --kernels 12
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what step --attention-kernel cudnn
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what ceilings,step --gemm fp8
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what ceilings,step --attention fp8
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what ceilings,step --gemm fp8 --attention fp8
    bench 1 --size "${size%:*}" --frames "${size#*:}" --what shares
    if [ "$gpus" -ge 2 ]; then
      bench 2 --size "${size%:*}" --frames "${size#*:}" --what step,collectives --cfg 2
      bench 2 --size "${size%:*}" --frames "${size#*:}" --what step,collectives --tp 2
      bench 2 --size "${size%:*}" --frames "${size#*:}" --what step,collectives --sp 2
    fi
  done
}

if [ -e .gpu/orrery.tar.xz ]; then use_bundle; else build_here; fi
run_tests
say "memory"
check_memory
run_benchmarks
say "$gpus x $(nvidia-smi --query-gpu=name --format=csv,noheader | head -1), driver $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -1)"
sed -n 's/.*<testcase name="\([^"]*\)".* time="\([^"]*\)" status="\([^"]*\)".*/  \1  \2 s  \3/p' "$out/gpu.xml" |
  awk -v gpus="$gpus" '{ ranks = $1; sub(/.*\.np/, "", ranks); print $0 (ranks + 0 > gpus ? ", ranks share a GPU: no NCCL" : "") }'
python3 tools/bench_table.py "$out/bench.jsonl"
exit $status
