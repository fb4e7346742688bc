#!/usr/bin/env bash
# Builds Orrery's model on a GPU host and runs the tests that need GPUs, in one call; ends with a short table.
#   tools/gpu_check.sh --pack    on a Debian machine with packages: fetches what bare GPU hosts lack into .gpu/
#   tools/gpu_check.sh           on the GPU host, in a copy of the tree that has .gpu/
# A bare GPU host here means: NVIDIA driver, CUDA toolkit, Open MPI, cmake, ninja and Python's torch 2.11, but none of the
# header libraries. --pack brings nlohmann-json, spdlog, fmt, xxHash and GoogleTest as Debian packages (1.4 MB), unpacked beside
# the build, never installed. Folders that need FFmpeg, Boost, ICU or HDF5 are not built.
#   BUILD   build folder (default: build-gpu)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(nlohmann-json3-dev libspdlog-dev libspdlog1.10 libfmt-dev libfmt9 libxxhash-dev libxxhash0 libgtest-dev libgmock-dev)
folders="core;parallel;checkpoint;sampler;nn;cosmos3;wan;audio"
build=${BUILD:-build-gpu}

if [ "${1:-}" = --pack ]; then
  mkdir -p .gpu
  (cd .gpu && apt-get download "${packages[@]}")
  echo "gpu_check: $(du -sh .gpu | cut -f1) in .gpu: copy the tree with it to the GPU host"
  exit
fi

command -v nvidia-smi >/dev/null || { echo "gpu_check: no nvidia-smi: this host has no NVIDIA driver" >&2; exit 2; }
gpus=$(nvidia-smi -L | wc -l)
deps=$PWD/$build/deps
mkdir -p "$deps"
for package in .gpu/*.deb; do
  if [ -e "$package" ]; then dpkg -x "$package" "$deps"; fi
done
torch=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')
# Some hosts' compilers link the C++ library statically, which LibTorch's own copy does not survive.
cxx_library=$(g++ -print-file-name=libstdc++.so.6)

PKG_CONFIG_SYSROOT_DIR=$deps PKG_CONFIG_PATH=$deps/usr/lib/x86_64-linux-gnu/pkgconfig:$deps/usr/share/pkgconfig \
  cmake -G Ninja -S . -B "$build" -DORRERY_CUDA=ON -DORRERY_FOLDERS="$folders" -DORRERY_TEST_FOLDERS="parallel;checkpoint;cosmos3" \
  -DCMAKE_CXX_STANDARD_LIBRARIES="$cxx_library" -DCMAKE_PREFIX_PATH="$torch;$deps/usr" >"$build/configure.log" 2>&1 ||
  { tail -40 "$build/configure.log"; exit 1; }
cmake --build "$build" >"$build/build.log" 2>&1 || { grep -E 'error|FAILED|undefined' -A5 "$build/build.log" | head -60; exit 1; }

# A test with more ranks than GPUs cannot pass here.
exclude=()
if [ "$gpus" -lt 2 ]; then exclude=(-LE np2); fi
status=0
ctest --test-dir "$build" -L gpu "${exclude[@]}" --output-on-failure --output-junit gpu.xml || status=1

echo
echo "gpu_check: $gpus x $(nvidia-smi --query-gpu=name --format=csv,noheader | head -1), driver $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -1)"
sed -n 's/.*<testcase name="\([^"]*\)".* time="\([^"]*\)" status="\([^"]*\)".*/  \1  \2 s  \3/p' "$build/gpu.xml"
exit $status
