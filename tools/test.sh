#!/usr/bin/env bash
# Set-up, build with warnings as errors, style checks, and every test that a machine without a GPU can run.
# Arguments go to ctest, for example: tools/test.sh -R manifest
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
cmake -G Ninja -S . -B build -DORRERY_WERROR=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build build
tools/lint.sh

gpu_tests=$(ctest --test-dir build -N -L gpu | sed -n 's/^Total Tests: //p')
echo "tests: not run here, since they need a GPU: ${gpu_tests} (label gpu)"
ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -LE gpu "$@"
