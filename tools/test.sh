#!/usr/bin/env bash
# Sets the machine up, builds with warnings as errors, checks the style, runs every test that needs no GPU, and each fuzzer on
# a fixed number of inputs, which are the same on every machine. Arguments go to ctest, for example tools/test.sh -R manifest;
# fuzzers do not run then. ORRERY_NO_SKIPS=1: fails when a test is skipped because this machine cannot run it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Prints what the tests on other Linux distributions need and this machine lacks.
missing_for_portable() {
  [ "$(id -u)" -eq 0 ] || echo "root"
  command -v debootstrap >/dev/null || echo "debootstrap"
  [ -e "${ORRERY_CACHE:-$HOME/.cache/orrery}/torch-2.11.0" ] || echo "LibTorch from tools/setup.sh"
  unshare --mount true 2>/dev/null || echo "mount namespaces"
}

# skipped_in FILE: prints the tests that were skipped, from ctest's output. tests/README.md lists those that may be.
skipped_in() { sed -n 's/.*Test *#[0-9]*: *\([^ ]*\) .*\*\*\*Skipped.*/\1/p' "$1" | sort | paste -sd' '; }

tools/setup.sh
cmake -G Ninja -S . -B build -DORRERY_WERROR=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
rm -f build-configure.log
cmake --build build
tools/lint.sh

gpu_tests=$(ctest --test-dir build -N -L gpu | sed -n 's/^Total Tests: //p')
echo "tests: not run here, since they need a GPU: ${gpu_tests} (label gpu)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -LE 'gpu|portable' "$@" | tee "$log"
skipped=$(skipped_in "$log")
if [ -n "$skipped" ]; then
  echo "tests: skipped here: $skipped"
  [ -z "${ORRERY_NO_SKIPS:-}" ] || exit 1
fi

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
tools/fuzz.sh --fixed || fuzzed=$?
if [ $fuzzed -eq 2 ]; then # no clang, as the fuzzer's message says
  fuzzed=0
fi
exit $fuzzed
