#!/usr/bin/env bash
# Set-up, build with warnings as errors, style checks, every test that a machine without a GPU can run, and 20 CPU seconds of
# each fuzzer, on the same inputs each time. Arguments go to ctest, for example: tools/test.sh -R manifest; then nothing is
# fuzzed.
set -euo pipefail
cd "$(dirname "$0")/.."

# What the tests of other Linuxes need, if it is missing here.
missing_for_portable() {
  [ "$(id -u)" -eq 0 ] || echo "root"
  command -v debootstrap >/dev/null || echo "debootstrap"
  [ -e "${ORRERY_CACHE:-$HOME/.cache/orrery}/torch-2.11.0" ] || echo "LibTorch from tools/setup.sh"
  unshare --mount true 2>/dev/null || echo "mount namespaces"
}

tools/setup.sh
cmake -G Ninja -S . -B build -DORRERY_WERROR=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build build
tools/lint.sh

gpu_tests=$(ctest --test-dir build -N -L gpu | sed -n 's/^Total Tests: //p')
echo "tests: not run here, since they need a GPU: ${gpu_tests} (label gpu)"
ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -LE 'gpu|portable' "$@"

missing=$(missing_for_portable | paste -sd, | sed 's/,/, /g')
if [ -n "$missing" ]; then
  echo "tests: not run here, since they need $missing: those of the archive on other Linuxes (label portable)"
elif [ $# -eq 0 ]; then
  if tests/portable/roots.sh; then
    ctest --test-dir build --output-on-failure -j "$(nproc)" -L portable
  else
    echo "tests: not run here, since their Linuxes could not be had (above): those of the archive (label portable)"
  fi
fi

[ $# -eq 0 ] || exit 0
fuzzed=0
ORRERY_FUZZ_SEED=1 tools/fuzz.sh 20 || fuzzed=$?
if [ $fuzzed -eq 2 ]; then # no clang: it said so
  fuzzed=0
fi
exit $fuzzed
